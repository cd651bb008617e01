//! Quirks of the RTM API, told by the frames that a socket sends.

use super::plain;

super::cases! {
    rtm_install "rtm-install" on plain {
        "after-bind" => "installed",
        "at-once" => "installed, saved",
    }
    rtm_installed "rtm-installed" on plain {
        "sent" => "installed",
        "withheld" => "",
    }
    rtm_deadline "rtm-deadline" on plain {
        "10s" => "authenticate by 10s",
        "2s" => "authenticate by 2s",
    }
    rtm_refusal "rtm-refusal" on plain {
        "told" => "42[\"unauthorized\",{\"message\":\"invalid_credentials\"}] 41",
        "closed" => "",
    }
    rtm_refusal_message "rtm-refusal-message" on plain {
        "invalid_credentials" => "42[\"unauthorized\",{\"message\":\"invalid_credentials\"}] 41",
        "unauthorized" => "42[\"unauthorized\",{\"message\":\"unauthorized\"}] 41",
        "not_allowed" => "42[\"unauthorized\",{\"message\":\"not_allowed\"}] 41",
    }
    rtm_ping_interval "rtm-ping-interval" on plain {
        "25s" => "ping after 25s, given up after 45s",
        "5s" => "ping after 5s, given up after 25s",
    }
    rtm_ping_timeout "rtm-ping-timeout" on plain {
        "20s" => "ping after 25s, given up after 45s",
        "5s" => "ping after 25s, given up after 30s",
    }
}

mod scenes {
    use std::time::Duration;

    use bytes::Bytes;
    use crisp_mock_server::duration;
    use crisp_mock_server::rtm::Step;
    use http::Request;
    use serde_json::{Value, json};

    use crate::emulator::{Emulator, message};

    /// A socket that is open and in the namespace.
    fn open(crisp: &mut Emulator) -> String {
        let request = Request::get("/p/68/?EIO=4&transport=websocket")
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==");
        let request = request.body(Bytes::new()).unwrap();
        let sid = crisp.space.handle(Duration::ZERO, &request).socket.expect("it opens");
        step(crisp, &sid, Duration::ZERO, Some("40"));
        sid
    }

    fn step(crisp: &mut Emulator, sid: &str, outside: Duration, frame: Option<&str>) -> Step {
        crisp.space.socket(outside, sid, frame).expect("it is open")
    }

    /// What the socket answers to a key.
    fn authenticate(crisp: &mut Emulator, sid: &str, key: &str) -> String {
        let payload = json!({
            "username": crisp.space.accounts().plugin.identifier, "password": key,
            "tier": "plugin", "events": ["plugin:settings:saved", "plugin:subscription:updated"],
        });
        let frame = format!("42{}", json!(["authentication", payload]));
        step(crisp, sid, Duration::ZERO, Some(&frame)).frames.join(" ")
    }

    fn live(crisp: &mut Emulator) -> String {
        let sid = open(crisp);
        let key = crisp.space.accounts().plugin.key.clone();
        assert_eq!(authenticate(crisp, &sid, &key), "42[\"authenticated\",true]");
        sid
    }

    /// What a socket hears of a website that is installed and saved.
    fn heard_of_an_install(crisp: &mut Emulator) -> String {
        let sid = live(crisp);
        crisp.install("w9");
        crisp.save("w9", message("Hi"));
        let frames = step(crisp, &sid, Duration::ZERO, None).frames;
        let names = frames.iter().map(|frame| {
            let event: Value = serde_json::from_str(&frame[2..]).unwrap();
            if event[0] == "plugin:settings:saved" { "saved" } else { "installed" }
        });
        names.collect::<Vec<_>>().join(", ")
    }

    pub fn rtm_install(crisp: &mut Emulator) -> String {
        heard_of_an_install(crisp)
    }

    pub fn rtm_installed(crisp: &mut Emulator) -> String {
        heard_of_an_install(crisp)
    }

    pub fn rtm_deadline(crisp: &mut Emulator) -> String {
        let sid = open(crisp);
        let due = step(crisp, &sid, Duration::ZERO, None).due.unwrap();
        assert!(step(crisp, &sid, due - Duration::from_millis(1), None).end.is_none());
        assert!(step(crisp, &sid, due, None).end.is_some());
        format!("authenticate by {}", duration::format(due))
    }

    pub fn rtm_refusal(crisp: &mut Emulator) -> String {
        let sid = open(crisp);
        let said = authenticate(crisp, &sid, "wrong");
        assert!(step(crisp, &sid, Duration::ZERO, None).end.is_some(), "it is disconnected");
        said
    }

    pub fn rtm_refusal_message(crisp: &mut Emulator) -> String {
        rtm_refusal(crisp)
    }

    pub fn rtm_ping_interval(crisp: &mut Emulator) -> String {
        let sid = live(crisp);
        let ping = step(crisp, &sid, Duration::ZERO, None).due.unwrap();
        let pinged = step(crisp, &sid, ping, None);
        assert_eq!(pinged.frames, ["2"]);
        let given_up = pinged.due.unwrap();
        assert!(step(crisp, &sid, given_up, None).end.is_some());
        let [ping, given_up] = [ping, given_up].map(duration::format);
        format!("ping after {ping}, given up after {given_up}")
    }

    pub fn rtm_ping_timeout(crisp: &mut Emulator) -> String {
        rtm_ping_interval(crisp)
    }
}
