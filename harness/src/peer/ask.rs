//! What a client is asked: the requests of the client protocol, version 1.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use strum::IntoEnumIterator as _;

use super::{Access, Capabilities, Greeting};
use crate::scenario::Client;
use crate::words::{How, Setting};

/// What a client is asked.
#[derive(Debug, Clone, Serialize, strum::IntoStaticStr)]
#[serde(tag = "op", rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub(super) enum Ask<'a> {
    Hello {
        protocol: u32,
    },
    Start {
        rest_host: &'a str,
        rest_url: &'a str,
        identifier: &'a str,
        key: &'a str,
        tier: &'a str,
        plugin_id: &'a str,
        poll_ms: u64,
        #[serde(flatten)]
        settings: Map<String, Value>,
        /// Only for a client whose clock is moved by hand.
        #[serde(skip_serializing_if = "Option::is_none")]
        now: Option<Timestamp>,
    },
    Read,
    Save {
        website_id: WebsiteId,
        settings: Value,
        how: How,
    },
    Advance {
        ms: u64,
        now: Timestamp,
    },
    Reset,
    Stop,
}

#[derive(Serialize)]
struct Numbered<'a> {
    id: u64,
    #[serde(flatten)]
    ask: &'a Ask<'a>,
}

impl<'a> Ask<'a> {
    pub(super) const HELLO: Self = Self::Hello { protocol: 1 };

    pub(super) fn start(access: &'a Access, capabilities: Capabilities) -> Self {
        Self::Start {
            rest_host: &access.rest_host,
            rest_url: &access.rest_url,
            identifier: &access.identifier,
            key: &access.key,
            tier: &access.tier,
            plugin_id: &access.plugin_id,
            poll_ms: millis(access.poll_every),
            settings: settings(&access.client),
            now: capabilities.manual_clock.then_some(access.now),
        }
    }

    pub(super) fn save(website_id: WebsiteId, settings: &str, how: How) -> Self {
        Self::Save { website_id, settings: serde_json::from_str(settings).unwrap_or_default(), how }
    }

    pub(super) fn advance(by: Duration, now: Timestamp) -> Self {
        Self::Advance { ms: millis(by), now }
    }

    /// Its name in the protocol.
    pub(super) fn op(&self) -> &'static str {
        self.into()
    }

    /// The message as one line.
    pub(super) fn line(&self, id: u64) -> String {
        // Nothing in it can fail to be written.
        serde_json::to_string(&Numbered { id, ask: self }).unwrap_or_default()
    }

    /// How long its reply may take. A save has the client's own time-outs, with several attempts, and
    /// a good while for a client that does not say.
    pub(super) fn limit(&self, timeout: Duration, greeting: &Greeting) -> Duration {
        const ATTEMPTS: u32 = 4;
        if !matches!(self, Self::Save { .. }) {
            return timeout;
        }
        let own = greeting.timeout.unwrap_or_default();
        own.saturating_mul(ATTEMPTS).saturating_add(timeout).max(timeout.saturating_mul(6))
    }
}

/// What the scenario wants of the client's own settings.
fn settings(client: &Client) -> Map<String, Value> {
    let time = |time: Option<Duration>| time.map(|time| Value::from(millis(time)));
    let settings = Setting::iter().filter_map(|setting| {
        let value = match setting {
            Setting::Overlap => time(client.overlap),
            Setting::RelistEvery => time(client.relist_every),
            Setting::LongestGap => time(client.longest_gap),
            Setting::RequestTimeout => time(client.request_timeout),
            Setting::Quota => client.quota.map(Value::from),
        };
        Some((setting.member().to_owned(), value?))
    });
    settings.collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_scenario_sets_for_the_client_goes_out_in_start_and_nothing_else_does() {
        let told = |client: &Client| Value::Object(settings(client)).to_string();
        assert_eq!(told(&Client::default()), "{}");
        let client = Client {
            relist_every: Some(Duration::from_secs(300)),
            overlap: Some(Duration::from_secs(5)),
            longest_gap: Some(Duration::from_secs(60)),
            request_timeout: Some(Duration::from_secs(10)),
            quota: Some(500),
            seed: Some(7),
            clock: Some(90_000),
            poll_every: Some(Duration::from_secs(20)),
        };
        let wanted = serde_json::json!({
            "overlap_ms": 5_000,
            "relist_ms": 300_000,
            "longest_gap_ms": 60_000,
            "timeout_ms": 10_000,
            "quota": 500,
        });
        assert_eq!(serde_json::from_str::<Value>(&told(&client)).unwrap(), wanted);
    }
}
