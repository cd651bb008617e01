//! A real store that the replicas of a trial share.

use jiff::Timestamp;
use serde::de::IgnoredAny;

use super::driver::Driver;
use crate::cache::ReplicasByHand;
use crate::stores::Reader;
use crate::{Cache, Config, Store};

/// A store, and how many replicas share it in a trial. With more than one they are killed, paused and cut off from the store
/// between requests, and the wall clock of one is behind.
#[derive(Clone, Debug)]
pub struct SharedStore {
    /// The store. Each start uses it under a name of its own, which is removed afterwards.
    pub store: Store,
    /// How many replicas, at least one.
    pub replicas: usize,
}

/// What was started: the cache that is read, what moves it, and a reader of the store.
type Started = (Cache<IgnoredAny>, Driver<IgnoredAny>, Option<Reader>);

impl SharedStore {
    pub(super) async fn start(
        &self,
        name: &str,
        config: Config,
        now: Timestamp,
    ) -> Result<Started, String> {
        let store = self.store.clone().with_tokens(true);
        let reader = store.reader(name).await?;
        let count = self.replicas.max(1);
        let started = ReplicasByHand::start(config, store, (name.to_owned(), count), now);
        let (cache, by_hand) = started.map_err(|error| error.to_string())?;
        Ok((cache, Driver::Replicas(Box::new(by_hand)), Some(reader)))
    }
}
