//! A scenario scaled to real time: what is scaled, what is not, and what cannot be run.

use std::num::NonZeroU64;
use std::time::Duration;

use crisp_mock_server::fault::{Delay, Effect, Fault, Rate, Window};
use crisp_mock_server::form::Span;
use crisp_mock_server::options::Blueprint;

use super::Tempo;
use crate::scenario::{Client, Deed, Scenario, Side};
use crate::world::Prepared;

/// A scenario that takes longer than this is not worth the wait.
const LONGEST: Duration = Duration::from_secs(60);

/// Why a scenario cannot be run in real time, if it cannot.
pub(super) fn obstacle(prepared: &Prepared, tempo: Tempo) -> Option<String> {
    let scenario = &*prepared.scenario;
    let steps_the_client = scenario
        .when
        .iter()
        .any(|step| matches!(step.deed, Deed::Clock { side: Side::Client, .. }))
        || scenario
            .faults
            .faults
            .iter()
            .any(|fault| matches!(fault.effect, Effect::Clock(Side::Client)));
    if steps_the_client {
        return Some("in real time the client's clock cannot be moved from outside".to_owned());
    }
    let horizon = scenario.server.quirks.0.iter().find(|(name, _)| name == "horizon");
    if let Some((_, value)) = horizon {
        let why = format!("the server forgets after `{value}`, which no run in real time outlasts");
        return Some(why);
    }
    let quirks = &scenario.server.quirks.0;
    if let Some((_, value)) = quirks.iter().find(|(name, _)| name == "edge-limit") {
        let why = format!("an edge that lets `{value}` through does so by its own seconds");
        return Some(why);
    }
    if scenario.server.quota.is_some() || scenario.client.quota.is_some() {
        return Some("a daily quota is not spent in minutes".to_owned());
    }
    let takes = tempo.real(prepared.planned);
    if takes > LONGEST {
        let takes = Duration::from_secs(takes.as_secs());
        let takes = crisp_mock_server::duration::format(takes);
        return Some(format!("it would take {takes} in real time"));
    }
    None
}

/// The server of a scenario, with the scenario's own times, windows, delays and lags in real time.
/// Horizons, the lives of caches and granularities stay as they are.
pub(super) fn blueprint(prepared: &Prepared, tempo: Tempo) -> Blueprint {
    let mut blueprint = (*prepared.blueprint).clone();
    blueprint.options.now = None;
    blueprint.options.clock = None;
    for lag in [&mut blueprint.quirks.since_lag.0, &mut blueprint.quirks.list_lag.0] {
        *lag = tempo.real(*lag);
    }
    for fault in &mut blueprint.faults.faults {
        scale(fault, tempo);
    }
    blueprint
}

fn scale(fault: &mut Fault, tempo: Tempo) {
    if let Some(window) = &mut fault.window {
        *window = Window {
            from: tempo.real(window.from),
            until: window.until.map(|until| tempo.real(until)),
        };
    }
    match &mut fault.effect {
        Effect::Delay(Delay::Fixed(delay)) => *delay = tempo.real(*delay),
        Effect::Delay(Delay::Uniform { uniform }) => {
            *uniform = uniform.map(|span| Span(tempo.real(span.0)));
        }
        Effect::Drip(Rate(bytes)) => {
            // Less time for the same bytes.
            let second = tempo.real(Duration::from_secs(1)).as_secs_f64().max(1e-9);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a float that is too large becomes the largest number"
            )]
            let faster = (bytes.get() as f64 / second) as u64;
            *bytes = NonZeroU64::new(faster).unwrap_or(*bytes);
        }
        Effect::Stale(age) => *age = tempo.real(*age),
        _ => {}
    }
    // On the wire these are whole seconds.
    fault.retry_after = fault.retry_after.map(|wait| whole_seconds(tempo.real(wait)));
}

fn whole_seconds(time: Duration) -> Duration {
    let nanos = u64::from(time.subsec_nanos() > 0);
    Duration::from_secs(time.as_secs() + nanos)
}

/// How the client is to be set up, in real time. Its patience is not made shorter by much: see
/// [`OwnDriver`](super::OwnDriver).
pub(super) fn client(scenario: &Scenario, tempo: Tempo) -> Client {
    let real = |time: Option<Duration>| time.map(|time| tempo.real(time));
    let client = &scenario.client;
    Client {
        poll_every: Some(tempo.poll()),
        overlap: client.overlap,
        relist_every: real(client.relist_every),
        longest_gap: real(client.longest_gap),
        request_timeout: real(client.request_timeout),
        quota: None,
        seed: client.seed,
        clock: client.clock,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::longest_retry_after;

    fn prepared(text: &str) -> Prepared {
        Prepared::new(Scenario::parse("a.yaml", text).unwrap().into()).unwrap()
    }

    fn scaled(text: &str) -> Blueprint {
        let prepared = prepared(text);
        let tempo = Tempo::of(&prepared.scenario, Duration::from_millis(200));
        blueprint(&prepared, tempo)
    }

    #[test]
    fn windows_delays_and_lags_are_scaled_and_cache_lives_are_not() {
        let blueprint = scaled(
            "name: a\nserver: { quirks: { since-lag: 6s, get-cache: \"kept:5s\" } }\nfaults:\n  \
             - { window: 30s..60s, at: since, delay: 6s }\n  - { at: list, drip: 100B/s }\n",
        );
        let [delay, drip] = &blueprint.faults.faults[..] else {
            panic!("two faults");
        };
        let millis = Duration::from_millis;
        let window = delay.window.unwrap();
        assert_eq!((window.from, window.until), (millis(100), Some(millis(200))));
        assert_eq!(delay.effect, Effect::Delay(Delay::Fixed(millis(20))));
        assert_eq!(drip.effect.key(), "drip");
        assert_eq!(drip.to_value()["drip"], "30kB/s");
        assert_eq!(blueprint.quirks.since_lag.0, millis(20));
        let cache = crisp_mock_server::quirks::GetCache::Kept(Duration::from_secs(5));
        assert_eq!(blueprint.quirks.get_cache, cache);
    }

    #[test]
    fn retry_after_is_whole_seconds_rounded_up() {
        let blueprint =
            scaled("name: a\nfaults:\n  - { at: since, throttle: 429, retry_after: 20s }\n");
        assert_eq!(longest_retry_after(&blueprint), Duration::from_secs(1));
    }

    #[test]
    fn what_cannot_be_said_in_real_time_is_said_to_be_so() {
        let cannot = |text: &str| {
            let prepared = prepared(text);
            obstacle(&prepared, Tempo::of(&prepared.scenario, Duration::from_millis(200)))
        };
        let save =
            "start: { generated: 1 }\nwhen:\n  - { at: 30s, save: { w1: { message: b } } }\n";
        assert_eq!(cannot(&format!("name: a\n{save}")), None);
        let clock = "name: a\nwhen:\n  - { at: 20s, clock: { client: +2m } }\n";
        assert!(cannot(clock).unwrap().contains("clock"));
        let horizon =
            format!("name: a\nserver: {{ quirks: {{ horizon: \"refuse:10m\" }} }}\n{save}");
        assert!(cannot(&horizon).unwrap().contains("refuse:10m"));
        let late = save.replace("30s", "30h");
        assert_eq!(cannot(&format!("name: a\n{late}")).unwrap(), "it would take 6m in real time");
    }
}
