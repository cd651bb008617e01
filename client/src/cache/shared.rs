//! What the driver's task writes and readers read, without locks.

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::time::Instant;

use super::entry::View;
use crate::machine::Status;

/// The reading side of the cache.
#[derive(Debug)]
pub(super) struct Shared<T> {
    pub(super) view: ArcSwap<View<T>>,
    pub(super) status: ArcSwapOption<(Status, Instant)>,
}

impl<T> Shared<T> {
    pub(super) fn new(view: View<T>) -> Self {
        Self { view: ArcSwap::from_pointee(view), status: ArcSwapOption::empty() }
    }

    /// The last status, with its age grown by the time since.
    pub(super) fn status(&self, now: Instant) -> Option<Status> {
        let last = self.status.load();
        let (status, at) = last.as_deref()?;
        Some(status.clone().after(now.saturating_duration_since(*at)))
    }
}
