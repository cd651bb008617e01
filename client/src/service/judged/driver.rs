//! What moves by the judge's clock: one machine, or replicas with a store.

use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::cache::{ByHand, ReplicasByHand};

pub(super) enum Driver<T> {
    Alone(Box<ByHand<T>>),
    Replicas(Box<ReplicasByHand<T>>),
}

/// Asks either form the same.
macro_rules! either {
    ($driver:expr, $it:ident => $asked:expr) => {
        match $driver {
            Driver::Alone($it) => $asked,
            Driver::Replicas($it) => $asked,
        }
    };
}

impl<T: DeserializeOwned + Send + Sync + 'static> Driver<T> {
    pub(super) fn advance(&mut self, by: Duration, now: Timestamp) {
        either!(self, it => it.advance(by, now));
    }

    /// Waits until nothing is left to do but timers and answers of the API to wait for.
    pub(super) async fn rest(&mut self) -> Result<(), String> {
        match self {
            Self::Alone(_) => Ok(()),
            Self::Replicas(replicas) => replicas.rest().await,
        }
    }

    pub(super) fn take_all(&mut self) -> bool {
        either!(self, it => it.take_all())
    }

    pub(super) async fn landed(&mut self) {
        either!(self, it => it.landed().await);
    }

    pub(super) fn next_wake(&self) -> Option<Duration> {
        either!(self, it => it.next_wake())
    }

    pub(super) fn in_flight(&self) -> usize {
        either!(self, it => it.in_flight())
    }

    pub(super) fn tell(&self) {
        either!(self, it => it.tell());
    }
}
