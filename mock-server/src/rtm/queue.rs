//! The events that one socket has yet to get: their numbers alone, the events stay in the outbox.

use std::collections::VecDeque;
use std::time::Duration;

/// What becomes of one event on its way to one socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// It is sent.
    Send {
        /// How often.
        times: usize,
        /// How long it is held back, in elapsed time.
        hold: Duration,
        /// Then it waits for the next event to be sent, so long at most.
        after_next: Option<Duration>,
    },
    /// It never arrives.
    Drop,
    /// The connection ends in its place, by an RST or by a close.
    End {
        /// By an RST.
        by_reset: bool,
    },
}

impl Default for Handling {
    /// Sent once and at once.
    fn default() -> Self {
        Self::Send { times: 1, hold: Duration::ZERO, after_next: None }
    }
}

/// One event that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) seq: u64,
    pub(super) handling: Handling,
    /// Elapsed time at which it may go.
    not_before: Duration,
    /// It waits for the next event, until then at most.
    after_next: Option<Duration>,
}

impl Waiting {
    /// When it goes, unless another event goes before.
    fn due(&self) -> Duration {
        self.after_next.unwrap_or(self.not_before)
    }
}

/// The events that one socket has yet to get, in the order in which they happened.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue(VecDeque<Waiting>);

impl Queue {
    /// Adds the next event.
    pub(super) fn push(&mut self, seq: u64, handling: Handling, elapsed: Duration) {
        let (hold, after_next) = match handling {
            Handling::Send { hold, after_next, .. } => (hold, after_next),
            Handling::Drop | Handling::End { .. } => (Duration::ZERO, None),
        };
        let not_before = elapsed.saturating_add(hold);
        let after_next = after_next.map(|most| not_before.saturating_add(most));
        self.0.push_back(Waiting { seq, handling, not_before, after_next });
    }

    /// Takes the first that is due.
    pub(super) fn next(&mut self, elapsed: Duration) -> Option<Waiting> {
        let place = self.0.iter().position(|waiting| elapsed >= waiting.due())?;
        let next = self.0.remove(place)?;
        if matches!(next.handling, Handling::Send { .. }) {
            // It is the next event for all that happened before it.
            for earlier in self.0.iter_mut().filter(|earlier| earlier.seq < next.seq) {
                earlier.after_next = None;
            }
        }
        Some(next)
    }

    /// The number of the oldest event that waits.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.0.iter().map(|waiting| waiting.seq).min()
    }

    /// When the next is due; a time that has passed means at once.
    pub(super) fn due(&self, elapsed: Duration) -> Option<Duration> {
        // Most often the first is due, and the others need not be looked at.
        let first = self.0.front()?;
        if first.due() <= elapsed {
            return Some(first.due());
        }
        self.0.iter().map(Waiting::due).min()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn taken(queue: &mut Queue, elapsed: Duration) -> Vec<u64> {
        std::iter::from_fn(|| queue.next(elapsed)).map(|waiting| waiting.seq).collect()
    }

    #[test]
    fn an_event_that_is_delayed_lets_others_pass() {
        let mut queue = Queue::default();
        let delayed = Handling::Send { times: 1, hold: 5 * SECOND, after_next: None };
        queue.push(1, delayed, SECOND);
        queue.push(2, Handling::default(), SECOND);
        assert_eq!(taken(&mut queue, SECOND), [2]);
        assert_eq!(queue.due(SECOND), Some(6 * SECOND));
        assert_eq!(taken(&mut queue, 5 * SECOND), Vec::<u64>::new());
        assert_eq!(taken(&mut queue, 6 * SECOND), [1]);
    }

    #[test]
    fn an_event_out_of_order_follows_the_next_that_is_sent_or_its_longest_wait() {
        let mut queue = Queue::default();
        let held = Handling::Send { times: 1, hold: Duration::ZERO, after_next: Some(30 * SECOND) };
        queue.push(1, held, Duration::ZERO);
        queue.push(2, Handling::Drop, Duration::ZERO);
        assert_eq!(taken(&mut queue, Duration::ZERO), [2], "what is dropped overtakes nothing");
        queue.push(3, Handling::default(), SECOND);
        assert_eq!(taken(&mut queue, SECOND), [3, 1]);
        queue.push(4, held, SECOND);
        assert_eq!(queue.due(SECOND), Some(31 * SECOND));
        assert_eq!(taken(&mut queue, 31 * SECOND), [4]);
    }
}
