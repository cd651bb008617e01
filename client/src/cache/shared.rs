//! What the machine's thread writes and readers read, without locks.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::time::Instant;

use super::entry::View;
use crate::machine::Status;

/// Sets from this size on are freed beside the one who drops the last handle: a million websites
/// take half a second.
const BIG: usize = 10_000;

/// The reading side of the cache.
#[derive(Debug)]
pub(super) struct Shared<T> {
    pub(super) view: ArcSwap<View<T>>,
    pub(super) status: ArcSwapOption<(Status, Instant)>,
    free: fn(Arc<View<T>>),
}

impl<T: Send + Sync + 'static> Shared<T> {
    pub(super) fn new() -> Self {
        Self { view: ArcSwap::default(), status: ArcSwapOption::empty(), free: free_aside }
    }
}

impl<T> Shared<T> {
    /// The last status, with its age grown by the time since.
    pub(super) fn status(&self, now: Instant) -> Option<Status> {
        let last = self.status.load();
        let (status, at) = last.as_deref()?;
        Some(status.clone().after(now.saturating_duration_since(*at)))
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        let view = self.view.swap(Arc::default());
        if view.len() >= BIG {
            (self.free)(view);
        }
    }
}

fn free_aside<T: Send + Sync + 'static>(view: Arc<View<T>>) {
    let thread = std::thread::Builder::new().name("crisp-sync-free".to_owned());
    // Where no thread can be had, the closure is dropped here, and the view with it.
    let _ = thread.spawn(move || drop(view));
}
