//! When a server was used last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::system_clock;

/// The requests that a server is answering, and when the last answer was complete.
#[derive(Debug, Default)]
pub struct Activity {
    under_way: AtomicUsize,
    /// Milliseconds of the outside's elapsed time.
    last: AtomicU64,
}

/// A request that is being answered; dropped when its answer was sent, or could not be.
#[derive(Debug)]
pub struct UnderWay(Arc<Activity>);

impl Activity {
    /// A server that begins now.
    #[must_use]
    pub fn start() -> Arc<Self> {
        let activity = Self::default();
        activity.note();
        Arc::new(activity)
    }

    /// A request came in.
    #[must_use]
    pub fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(self))
    }

    /// Whether any request is being answered.
    #[must_use]
    pub fn is_answering(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
    }

    /// For how long nothing was asked, and no answer was due.
    #[must_use]
    pub fn idle_for(&self) -> Duration {
        if self.is_answering() {
            return Duration::ZERO;
        }
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        system_clock::elapsed().saturating_sub(last)
    }

    fn note(&self) {
        self.last.store(system_clock::in_millis(system_clock::elapsed()), Ordering::Relaxed);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.note();
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
