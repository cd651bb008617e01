//! When to poll because of an event.

use std::time::Duration;

/// So many polls may come sooner than the usual interval allows, before events have to wait for it.
const BURST: u32 = 30;

/// The newest event that polls have not confirmed yet, and what may be spent on events.
///
/// An event may be ahead of what the API shows (hazard E5). So a poll is sent at once, another after
/// `settle`, and then polls at the usual interval until one was sent `overlap` after the event: the
/// longest that a change may take to appear. Events never cost more than polling at the usual
/// interval would, [`BURST`] polls aside.
#[derive(Debug)]
pub(in crate::machine) struct Hints {
    settle: Duration,
    overlap: Duration,
    newest: Option<Hint>,
    /// Polls are paid for until then, at the usual interval.
    paid: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Hint {
    at: Duration,
    /// The last request that was sent before it came.
    after: u64,
    /// When the newest good poll was sent of those that were sent after it came.
    confirmed: Option<Duration>,
}

impl Hints {
    pub(super) fn new(settle: Duration, overlap: Duration) -> Self {
        Self { settle, overlap, newest: None, paid: Duration::ZERO }
    }

    /// Something may have changed; `after` is the number of the last request that was sent.
    pub(in crate::machine) fn heard(&mut self, now: Duration, after: u64) {
        self.newest = Some(Hint { at: now, after, confirmed: None });
    }

    /// A poll is sent.
    pub(in crate::machine) fn polls(&mut self, now: Duration, usual: Duration) {
        // Retries of an outage are no debt that events have to wait for longer than one interval.
        let most = now.saturating_add(usual.saturating_mul(BURST + 1));
        self.paid = self.paid.max(now).saturating_add(usual).min(most);
    }

    /// The request of this number, a differential that was sent then, was good.
    pub(in crate::machine) fn polled(&mut self, number: u64, sent: Duration) {
        let Some(hint) = self.newest.as_mut().filter(|hint| number > hint.after) else { return };
        hint.confirmed = Some(sent);
        if sent >= hint.at.saturating_add(self.overlap) {
            self.newest = None;
        }
    }

    /// When a poll is due because of an event, by the usual interval.
    pub(in crate::machine) fn due(&self, usual: impl FnOnce() -> Duration) -> Option<Duration> {
        let hint = self.newest?;
        let usual = usual();
        let settled = hint.at.saturating_add(self.settle);
        let due = match hint.confirmed {
            None => hint.at,
            Some(sent) if sent < settled => settled,
            Some(sent) => sent.saturating_add(usual),
        };
        Some(due.max(self.paid.saturating_sub(usual.saturating_mul(BURST))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = secs(60);

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Polls as they fall due until this time; when they were sent.
    fn sent(hints: &mut Hints, from: u64, until: u64) -> Vec<u64> {
        let mut sent = Vec::new();
        let mut number = 100;
        for now in from..until {
            while hints.due(|| USUAL).is_some_and(|due| due <= secs(now)) {
                number += 1;
                hints.polls(secs(now), USUAL);
                hints.polled(number, secs(now));
                sent.push(now);
            }
        }
        sent
    }

    #[test]
    fn an_event_is_polled_for_at_once_after_the_settling_and_past_the_overlap() {
        let mut hints = Hints::new(secs(5), secs(120));
        assert_eq!(hints.due(|| USUAL), None);
        hints.heard(secs(1000), 7);
        assert_eq!(sent(&mut hints, 1000, 5000), [1000, 1005, 1065, 1125]);
    }

    #[test]
    fn a_poll_that_was_sent_before_the_event_confirms_nothing() {
        let mut hints = Hints::new(secs(5), secs(120));
        hints.heard(secs(1000), 7);
        hints.polled(7, secs(1000));
        assert_eq!(hints.due(|| USUAL), Some(secs(1000)));
        hints.polled(8, secs(1000));
        assert_eq!(hints.due(|| USUAL), Some(secs(1005)));
    }

    #[test]
    fn events_without_end_cost_a_burst_and_then_what_the_usual_interval_costs() {
        let mut hints = Hints::new(secs(5), secs(120));
        let mut polls = 0;
        for second in 0..3600 {
            hints.heard(secs(second), 0);
            polls += sent(&mut hints, second, second + 1).len();
        }
        assert!((80..=92).contains(&polls), "{polls}");
    }
}
