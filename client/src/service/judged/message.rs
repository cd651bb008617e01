//! The messages of the client protocol.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::replicas::Disturbance;
use crate::{BaseUrl, Config, Credentials, Quota, WebsiteId};

#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub(super) id: u64,
    #[serde(flatten)]
    pub(super) ask: Ask,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(super) enum Ask {
    Hello {},
    Start(Box<Start>),
    Read {},
    Save {
        website_id: WebsiteId,
        settings: Value,
        how: How,
    },
    Advance {
        ms: u64,
        now: Timestamp,
    },
    Reset {},
    Stop {},
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum How {
    Put,
    Patch,
}

/// Where the API is, and how the scenario wants the client to be set up.
#[derive(Debug, Deserialize)]
pub(super) struct Start {
    rest_url: String,
    identifier: String,
    key: String,
    plugin_id: Option<String>,
    poll_ms: u64,
    pub(super) now: Timestamp,
    overlap_ms: Option<u64>,
    relist_ms: Option<u64>,
    longest_gap_ms: Option<u64>,
    timeout_ms: Option<u64>,
    quota: Option<u32>,
}

impl Start {
    pub(super) fn config(&self) -> Result<Config, String> {
        let mut config = Config::new(Credentials::new(&*self.identifier, &*self.key));
        config.base = BaseUrl::new(&self.rest_url).map_err(|error| error.to_string())?;
        let plugin = self.plugin_id.as_deref().map(str::parse).transpose();
        config.plugin_id = plugin.map_err(|error: crate::InvalidId| error.to_string())?;
        config.poll_every = Duration::from_millis(self.poll_ms);
        // Without a quota in the scenario nothing is to be stretched by one.
        config.quota = self.quota.map_or(Quota::Unlimited, Quota::Known);
        for (setting, given) in [
            (&mut config.overlap, self.overlap_ms),
            (&mut config.relist_every, self.relist_ms),
            (&mut config.longest_gap, self.longest_gap_ms),
            (&mut config.request_timeout, self.timeout_ms),
        ] {
            if let Some(given) = given {
                *setting = Duration::from_millis(given);
            }
        }
        Ok(config)
    }
}

/// The reply to `hello`, of one machine or of several replicas that are disturbed.
pub(super) fn greeting(disturbed: bool) -> Value {
    let config = Config::new(Credentials::new("", ""));
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let pause = if disturbed { Disturbance::LONGEST_PAUSE } else { Duration::ZERO };
    json!({
        "name": "crisp-sync serve",
        "version": env!("CARGO_PKG_VERSION"),
        "capabilities": ["save", "tokens", "status", "manual_clock", "reset"],
        "timeout_ms": millis(config.request_timeout + pause),
        "backoff_max_ms": millis(config.refused.cap),
        "relist_ms": millis(config.relist_every),
        "overlap_ms": millis(config.overlap),
        "takes": ["overlap_ms", "relist_ms", "longest_gap_ms", "timeout_ms", "quota"],
    })
}
