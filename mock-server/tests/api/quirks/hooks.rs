//! How web hooks are tried again, and when a hook is given up.

use crate::emulator::Emulator;
use crisp_mock_server::hooks::{Ended, Outcome};
use crisp_mock_server::id::WebsiteId;
use std::time::Duration;

super::cases! {
    hook_retries "hook-retries" on hooked {
        "10s,1m" => "0s, 10s, 70s",
        "off" => "0s",
        "1s,5s" => "0s, 1s, 6s",
    }

    hook_suspension "hook-suspension" on hooked {
        "off" => "failed, failed, failed, failed",
        "after:1" => "failed, suspended, suspended, suspended",
        "after:3" => "failed, failed, failed, suspended",
    }

    subscription_target "subscription-target" on hooked {
        "website" => "website",
        "plugin" => "plugin",
        "subscription" => "subscription",
    }
}

/// Three websites, a web hook and one quirk.
fn hooked(name: &str, value: &str) -> Emulator {
    let hook = "http://127.0.0.1:1/".parse().unwrap();
    let quirks = crate::emulator::quirks(&[(name, value)]);
    Emulator::with(crisp_mock_server::options::WorldOptions {
        hook: vec![hook],
        quirks,
        ..crate::emulator::options()
    })
}

/// Every attempt fails until nothing is due any more: when each was made.
fn fail_all(crisp: &mut Emulator) -> Vec<Duration> {
    let mut times = Vec::new();
    while let Some(due) = crisp.space.hooks.next_due() {
        let now = crisp.moment().elapsed;
        crisp.space.clock.advance(due.saturating_sub(now));
        for sending in crisp.space.hooks_due(Duration::ZERO) {
            times.push(crisp.moment().elapsed);
            let outcome = Outcome::Answered(500);
            let ended = Ended { outcome, took_ms: 0, answer: String::new() };
            crisp.space.hook_answered(sending.id, ended, Duration::ZERO);
        }
    }
    times
}

mod scenes {
    use super::*;

    pub fn hook_retries(crisp: &mut Emulator) -> String {
        event(crisp);
        let start = crisp.moment().elapsed;
        let times = fail_all(crisp).into_iter().map(|at| format!("{}s", (at - start).as_secs()));
        times.collect::<Vec<_>>().join(", ")
    }

    pub fn hook_suspension(crisp: &mut Emulator) -> String {
        for _ in 0..4 {
            event(crisp);
            fail_all(crisp);
        }
        let states = crisp.space.hooks.deliveries().map(|delivery| delivery.state.to_string());
        states.collect::<Vec<_>>().join(", ")
    }

    pub fn subscription_target(crisp: &mut Emulator) -> String {
        let now = crisp.moment();
        crisp.space.world.uninstall(now, WebsiteId::numbered(1)).unwrap();
        crisp.space.take_in_events(now);
        let delivery = crisp.space.hooks.deliveries().next_back().unwrap();
        let body: serde_json::Value = serde_json::from_slice(&delivery.signed.body).unwrap();
        assert_eq!(body["event"], "plugin:subscription:updated");
        body["data"]["target"].as_str().unwrap().to_owned()
    }

    /// The plugin dispatches an event.
    fn event(crisp: &mut Emulator) {
        let path = crisp.of("w1", "/event");
        let body = serde_json::json!({"name": "a", "data": {}});
        let reply = crisp.ask(crisp_mock_server::api::Tier::Plugin, "POST", &path, Some(body));
        assert_eq!(reply.status, 202);
    }
}
