//! What the parts of one connection tell each other: its exchange, its body and its wire.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use super::order::Departure;

/// How a connection is to end, other than by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Verdict {
    /// By itself.
    None = 0,
    /// With a FIN.
    Close = 1,
    /// With an RST.
    Reset = 2,
}

/// All of a connection's parts run in one task, so no ordering between the fields is needed; they
/// are atomic only because the task may move between threads.
#[derive(Default)]
pub(super) struct Line {
    verdict: AtomicU8,
    /// Requests whose head was complete.
    requests: AtomicU64,
    /// An exchange has begun and its answer has not been flushed.
    busy: AtomicBool,
    /// The answer's body has been handed over whole, or as much of it as will be.
    body_done: AtomicBool,
    /// The body ended early on purpose: the connection ends once it is flushed.
    body_cut: AtomicBool,
    cut_flushed: AtomicBool,
    /// Whom to tell when the answer is out.
    has_departure: AtomicBool,
    departure: Mutex<Option<Departure>>,
}

impl Line {
    /// A request's head is complete.
    pub(super) fn begin(&self) {
        self.requests.fetch_add(1, Relaxed);
        self.body_done.store(false, Relaxed);
        self.busy.store(true, Relaxed);
    }

    pub(super) fn condemn(&self, verdict: Verdict) {
        self.verdict.store(verdict as u8, Relaxed);
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self.verdict.load(Relaxed) {
            0 => Verdict::None,
            1 => Verdict::Close,
            _ => Verdict::Reset,
        }
    }

    /// Others wait until the answer that follows is out.
    pub(super) fn tell(&self, departure: Departure) {
        *self.departure.lock().unwrap_or_else(PoisonError::into_inner) = Some(departure);
        self.has_departure.store(true, Relaxed);
    }

    pub(super) fn body_is_done(&self) {
        self.body_done.store(true, Relaxed);
    }

    pub(super) fn body_is_cut(&self) {
        self.body_cut.store(true, Relaxed);
    }

    /// All bytes handed over so far are with the kernel.
    pub(super) fn flushed(&self) {
        if self.body_cut.load(Relaxed) {
            self.cut_flushed.store(true, Relaxed);
            self.depart();
        } else if self.body_done.swap(false, Relaxed) {
            self.busy.store(false, Relaxed);
            self.depart();
        }
    }

    fn depart(&self) {
        if self.has_departure.swap(false, Relaxed) {
            let mut departure = self.departure.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(departure) = departure.take() {
                departure.announce();
            }
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy.load(Relaxed)
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut_flushed.load(Relaxed)
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }
}
