//! A real store that the replicas of a trial share.

use std::time::Duration;

use jiff::Timestamp;
use serde::de::IgnoredAny;

use super::driver::Driver;
use crate::cache::{Among, ReplicasByHand};
use crate::replicas::Disturbance;
use crate::stores::Reader;
use crate::{Cache, Config, Credentials, Store};

/// A store, and how many replicas share it in a trial. With more than one they are killed, paused and cut off from the store
/// between requests, and the wall clock of one is behind.
#[derive(Clone, Debug)]
pub struct SharedStore {
    /// The store. Each start uses it under a name of its own, which is removed afterwards.
    pub store: Store,
    /// How many replicas, at least one.
    pub replicas: usize,
    /// Whether one is disturbed while it waits for an answer of the API, too: that costs the time-out of the request.
    pub within_requests: bool,
}

/// What was started: the cache that is read, what moves it, and a reader of the store.
type Started = (Cache<IgnoredAny>, Driver<IgnoredAny>, Option<Reader>);

impl SharedStore {
    /// How much longer than its time-out a request may take, by what happens to replicas.
    pub(super) fn lost_to_a_request(&self) -> Duration {
        match (self.replicas > 1, self.within_requests) {
            (false, _) => Duration::ZERO,
            (true, false) => Disturbance::LONGEST_PAUSE,
            // The replica that sent it died, and another one sends it again after its time-out.
            (true, true) => {
                let timeout = Config::new(Credentials::new("", "")).request_timeout;
                timeout + Disturbance::LONGEST_PAUSE * 2
            }
        }
    }

    pub(super) async fn start(
        &self,
        name: &str,
        config: Config,
        now: Timestamp,
    ) -> Result<Started, String> {
        let store = self.store.clone().with_tokens(true);
        let reader = store.reader(name).await?;
        let among = Among { count: self.replicas.max(1), within_requests: self.within_requests };
        let started = ReplicasByHand::start(config, store, (name.to_owned(), among), now);
        let (cache, by_hand) = started.map_err(|error| error.to_string())?;
        Ok((cache, Driver::Replicas(Box::new(by_hand)), Some(reader)))
    }
}
