//! Calls that wait until the journal has a request that they ask for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::journal::{Entry, Filter};

/// The waiting calls of a space. A request is compared with their filters outside the space's
/// lock, and wakes only those that it matches: what one call costs does not grow with the journal,
/// and hardly with the number of calls.
#[derive(Debug, Default)]
pub(super) struct WaitingCalls {
    calls: Mutex<Vec<Arc<Call>>>,
    /// How many there are, to be read without the lock.
    count: AtomicUsize,
}

#[derive(Debug)]
struct Call {
    filter: Filter,
    matched: Notify,
}

/// A call that waits; dropping it ends that.
#[derive(Debug)]
pub struct WaitingCall<'a> {
    all: &'a WaitingCalls,
    call: Arc<Call>,
}

impl WaitingCalls {
    /// Lets a call wait for a request from now on.
    pub(super) fn wait_for(&self, filter: Filter) -> WaitingCall<'_> {
        let call = Arc::new(Call { filter, matched: Notify::new() });
        let mut calls = self.calls.lock();
        calls.push(Arc::clone(&call));
        self.count.store(calls.len(), Ordering::SeqCst);
        WaitingCall { all: self, call }
    }

    /// How many wait. A call that begins to wait at the same time reads the journal afterwards.
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Wakes those that ask for this request.
    pub(super) fn wake(&self, entry: &Entry) {
        let calls = self.calls.lock();
        for call in calls.iter().filter(|call| call.filter.matches(entry)) {
            call.matched.notify_one();
        }
    }
}

impl WaitingCall<'_> {
    /// Completes when a request came that it asks for, since the last time or since it began to wait.
    pub async fn matched(&self) {
        self.call.matched.notified().await;
    }
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        let mut calls = self.all.calls.lock();
        calls.retain(|call| !Arc::ptr_eq(call, &self.call));
        self.all.count.store(calls.len(), Ordering::SeqCst);
    }
}
