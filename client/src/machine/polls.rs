//! When polls are due, and how the last ones went.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// When polls are due, and how the last ones went.
#[derive(Debug)]
pub(super) struct Polls {
    /// When the next one is due, its lane's wait left out.
    pub(super) due: Duration,
    /// When the last good one was sent.
    pub(super) good: Option<Duration>,
    /// Whether one was good since the last list was put in place.
    pub(super) since_load: bool,
    /// Answers in a row that came out of a cache.
    pub(super) cached: u32,
    /// The last request that had been sent when another poll was asked for.
    asked: Option<u64>,
}

impl Polls {
    pub(super) fn new(now: Duration) -> Self {
        Self { due: now, good: None, since_load: false, cached: 0, asked: None }
    }

    /// Something may have changed that only a poll sent after this request, the last so far, shows.
    pub(super) fn ask(&mut self, now: Duration, last: u64) {
        self.due = self.due.min(now);
        self.asked = Some(last);
    }

    /// A good poll was answered: when the next one is due. One that was under way when another was
    /// asked for is not that one.
    pub(super) fn answered(&mut self, number: u64, now: Duration, next: Duration) {
        self.due = self.due.max(next);
        if self.asked.take().is_some_and(|last| number <= last) {
            self.due = now;
        }
    }

    /// Whether a refused date may be one that has become too old. Right after a list it is not, and
    /// another list would be refused its next date just so; the time named has to pass between two.
    pub(super) fn may_be_too_old(&self, between_lists: Duration, now: Duration) -> bool {
        let waited = |good| now.saturating_sub(good) >= between_lists;
        self.since_load || self.good.is_some_and(waited)
    }

    /// An answer came out of a cache.
    pub(super) fn was_cached(&mut self) {
        self.cached = self.cached.saturating_add(1);
    }

    /// The date to ask from instead of this one: for every answer out of a cache in a row a
    /// millisecond earlier, so that the address is one that the cache has not seen (hazard C8).
    pub(super) fn not_yet_cached(&self, date: Timestamp) -> Timestamp {
        let less = SignedDuration::from_millis(i64::from(self.cached.min(1000)));
        date.checked_sub(less).unwrap_or(date)
    }
}
