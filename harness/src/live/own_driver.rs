//! `crisp-sync` as plugins run it: its real driver on real sockets, in this process.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use crisp_sync::machine::{Freshness, SaveOutcome};
use crisp_sync::{BaseUrl, Cache, Config, Credentials, Quota, Settings, Waits};
use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;
use strum::IntoEnumIterator as _;

use crate::peer::{
    Access, Advanced, Answer, Capabilities, Greeting, Launcher, Peer, PeerError, Reading, SaveOrder,
};
use crate::scenario::{SaveEnd, Setting, Standing};
use crate::subject::{Held, How, ReportedStatus};

/// Starts caches of `crisp-sync`.
///
/// All its waits go as much faster as its polls do. What is compared with dates stays as it is:
/// the overlap has to outlast a second's granularity in any time. So do its patience with an
/// answer and with a save, for which ten polls are the least: a machine may be slow.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnDriver;

impl Launcher for OwnDriver {
    fn launch<'a>(&'a self, access: &'a Access) -> Answer<'a, Box<dyn Peer>> {
        Box::pin(async move {
            let config = config(access)?;
            let greeting = Greeting {
                name: "crisp-sync".to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                capabilities: Capabilities {
                    save: true,
                    own_page: false,
                    tokens: true,
                    status: true,
                    manual_clock: false,
                    reset: false,
                },
                timeout: Some(config.request_timeout),
                backoff_max: Some(config.refused.cap),
                relist: Some(config.relist_every),
                overlap: Some(config.overlap),
                takes: Setting::iter().collect(),
            };
            let peer = OwnCache { greeting, cache: Mutex::new(None) };
            Ok(Box::new(peer) as Box<dyn Peer>)
        })
    }

    fn view(&self, settings: Option<&str>) -> Option<String> {
        Some(settings.unwrap_or("{}").to_owned())
    }

    fn view_in_words(&self) -> Option<String> {
        None
    }
}

fn config(access: &Access) -> Result<Config, PeerError> {
    let never = |error: &dyn std::fmt::Display| PeerError::NeverStarted(error.to_string());
    let credentials = Credentials::new(&*access.identifier, &*access.key);
    let mut config = Config::new(credentials);
    config.base = BaseUrl::new(&access.rest_url).map_err(|error| never(&error))?;
    // The quotas of a day say nothing about minutes.
    config.quota = Quota::Unlimited;
    let usual = config.poll_every;
    let faster = |time: Duration| {
        let share = access.poll_every.as_secs_f64() / usual.as_secs_f64();
        time.mul_f64(share.clamp(0.0, 1.0))
    };
    for waits in [&mut config.retry, &mut config.throttled, &mut config.refused] {
        *waits = Waits { base: faster(waits.base), cap: faster(waits.cap) };
    }
    let options = &access.client;
    let least = access.poll_every * 10;
    config.settle = faster(config.settle);
    config.relist_every = options.relist_every.unwrap_or(faster(config.relist_every));
    config.longest_gap = options.longest_gap.unwrap_or(faster(config.longest_gap));
    config.save_patience = faster(config.save_patience).max(least);
    if let Some(timeout) = options.request_timeout {
        config.request_timeout = timeout.max(least);
    }
    if let Some(overlap) = options.overlap {
        config.overlap = overlap;
    }
    config.seed = options.seed.unwrap_or(0) + 1;
    config.poll_every = access.poll_every;
    config.longest_poll = access.poll_every;
    Ok(config)
}

struct OwnCache {
    greeting: Greeting,
    cache: Mutex<Option<Cache<Value>>>,
}

impl OwnCache {
    fn cache(&self) -> Result<Cache<Value>, PeerError> {
        let none = || PeerError::NeverStarted("it was not told where to start".to_owned());
        self.cache.lock().clone().ok_or_else(none)
    }
}

impl Peer for OwnCache {
    fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    fn start<'a>(&'a self, access: &'a Access) -> Answer<'a, ()> {
        Box::pin(async move {
            let cache = Cache::start(config(access)?)
                .map_err(|error| PeerError::NeverStarted(error.to_string()))?;
            *self.cache.lock() = Some(cache);
            Ok(())
        })
    }

    fn read(&self) -> Answer<'_, Reading> {
        Box::pin(async move { Ok(reading(&self.cache()?)) })
    }

    fn save<'a>(&'a self, order: SaveOrder<'a>) -> Answer<'a, SaveEnd> {
        let SaveOrder { website, settings, how, .. } = order;
        Box::pin(async move {
            let cache = self.cache()?;
            let settings = Settings::from_json(settings)
                .map_err(|error| PeerError::Refused(error.to_string()))?;
            let id = crisp_sync::WebsiteId::from_bytes(*website.as_uuid().as_bytes());
            let outcome = match how {
                How::Put => cache.save(id, &settings).await,
                How::Patch => cache.update(id, &settings).await,
            };
            Ok(match outcome {
                SaveOutcome::Done => SaveEnd::Done,
                SaveOutcome::Refused(_) => SaveEnd::Refused,
                SaveOutcome::Unknown { .. } => SaveEnd::Unknown,
            })
        })
    }

    fn advance(&self, _: Duration, _: Timestamp) -> Answer<'_, Advanced> {
        Box::pin(async { Err(PeerError::Refused("its clock is the machine's".to_owned())) })
    }

    fn reset(&self) -> Answer<'_, ()> {
        Box::pin(async { Err(PeerError::Refused("it is started anew instead".to_owned())) })
    }

    fn stop(&self) -> Answer<'_, ()> {
        // The last handle ends the task at once; `Cache::stop` would wait for saves under way.
        Box::pin(async {
            self.cache.lock().take();
            Ok(())
        })
    }

    fn log(&self) -> Vec<String> {
        Vec::new()
    }
}

fn reading(cache: &Cache<Value>) -> Reading {
    // Readiness first: a set that is looked at later can only be more complete.
    let ready = cache.is_ready();
    let view = cache.view();
    let websites = view.iter().map(|entry| {
        let website = entry.website();
        let held = Held {
            settings: website.settings.as_json().to_owned(),
            token: website.token.as_deref().map(str::to_owned),
        };
        let id: WebsiteId = uuid::Uuid::from_bytes(*website.id.as_bytes()).into();
        (id, held)
    });
    let status = cache.status().map(|status| match status.freshness {
        Freshness::Loading => (Standing::Loading, None),
        Freshness::Fresh { age } => (Standing::Fresh, Some(age)),
        Freshness::Stale { age } => (Standing::Stale, age),
    });
    Reading {
        ready,
        websites: websites.collect(),
        status: status.map(|(standing, age)| ReportedStatus { standing, age }),
    }
}
