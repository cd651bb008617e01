//! From when on the next poll asks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::Config;
use crate::machine::Moment;

/// One request and its whole answer, as moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The request's number; later requests have higher ones.
    pub number: u64,
    /// When it was sent.
    pub sent: Moment,
    /// When its answer was whole.
    pub received: Moment,
    /// The answer's `Date`, by the server's clock, in whole seconds.
    pub date: Option<Timestamp>,
    /// Whether a cache in front of the API gave the answer.
    pub cached: bool,
}

impl Exchange {
    /// How long it took.
    pub fn took(&self) -> Duration {
        self.received.elapsed.saturating_sub(self.sent.elapsed)
    }
}

/// **Unstable.** Decides the `date_since` of the polls (research rules 1, 4, 5, 7).
pub trait Cursor: Send {
    /// A date from which a poll misses nothing that this exchange did not show.
    fn behind(&self, exchange: &Exchange) -> Timestamp;

    /// What the next poll asks from; `None` before the first good answer.
    fn ask(&self) -> Option<Timestamp>;

    /// A poll was good and wholly applied: move on.
    fn advance(&mut self, poll: &Exchange);

    /// A poll failed. The cursor has to stay where it is.
    fn failed(&mut self, poll: &Exchange);

    /// Whether the last good poll is so long ago that the server may have forgotten removals.
    fn outlived(&self, now: Moment) -> bool;

    /// Whether the server's clock moved against ours since the last good poll by more than the
    /// overlap can cover, in either direction.
    fn jumped(&self, poll: &Exchange) -> bool;

    /// Goes on from where an earlier process stopped.
    fn resume(&mut self, ask: Timestamp, now: Moment);
}

/// The reference: server time at the sending of the last good poll, minus the overlap.
#[derive(Clone, Debug)]
pub struct ServerCursor {
    overlap: Duration,
    longest_gap: Duration,
    ask: Option<Timestamp>,
    /// When the last good poll was sent; the moment of resuming after a warm start.
    good: Option<Duration>,
    /// The last good poll that had a `Date`.
    dated: Option<(Timestamp, Exchange)>,
}

impl ServerCursor {
    /// A cursor that has seen nothing yet.
    pub fn new(config: &Config) -> Self {
        let Config {
            overlap,
            longest_gap,
            ..
        } = *config;
        Self {
            overlap,
            longest_gap,
            ask: None,
            good: None,
            dated: None,
        }
    }

    /// The server's clock at the sending of this request, as the last dated answer has it.
    fn expected(&self, exchange: &Exchange) -> Option<Timestamp> {
        let (date, anchor) = self.dated?;
        Some(later(
            date,
            exchange.sent.elapsed.saturating_sub(anchor.sent.elapsed),
        ))
    }
}

impl Cursor for ServerCursor {
    fn behind(&self, exchange: &Exchange) -> Timestamp {
        // `Date` may be as late as the arrival of the answer, so the flight is taken off: what is
        // left is never after the sending (hazard C2).
        if let Some(date) = exchange.date {
            return earlier(date, self.overlap + exchange.took());
        }
        // No `Date`: the last known server time carried on by the clock that never jumps (C5);
        // failing that the local clock at the *start*, with twice the overlap (rule 5).
        match self.expected(exchange) {
            Some(expected) => earlier(expected, self.overlap + Duration::from_secs(1)),
            None => earlier(exchange.sent.wall, self.overlap * 2),
        }
    }

    fn ask(&self) -> Option<Timestamp> {
        self.ask
    }

    fn advance(&mut self, poll: &Exchange) {
        self.ask = Some(self.behind(poll));
        self.good = Some(poll.sent.elapsed);
        if let Some(date) = poll.date {
            self.dated = Some((date, *poll));
        }
    }

    fn failed(&mut self, _poll: &Exchange) {}

    fn outlived(&self, now: Moment) -> bool {
        self.good
            .is_some_and(|good| now.elapsed.saturating_sub(good) > self.longest_gap)
    }

    fn jumped(&self, poll: &Exchange) -> bool {
        let (Some(date), Some((last, anchor))) = (poll.date, self.dated) else {
            return false;
        };
        // Both dates are floored to a second and may lie anywhere within their flights.
        let loose = anchor.took() + poll.took() + Duration::from_secs(2);
        let slack = (self.overlap / 2).max(loose);
        let expected = later(last, poll.sent.elapsed.saturating_sub(anchor.sent.elapsed));
        later(date, slack) < expected || later(last, self.longest_gap) < date
    }

    fn resume(&mut self, ask: Timestamp, now: Moment) {
        let gap = Duration::try_from(now.wall.duration_since(ask)).unwrap_or(Duration::ZERO);
        if gap <= self.longest_gap {
            self.ask = Some(ask);
            self.good = Some(now.elapsed);
        }
    }
}

/// `moment + by`, held at the ends of time.
pub(crate) fn later(moment: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `moment - by`, held at the ends of time.
pub(crate) fn earlier(moment: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    moment.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    fn cursor() -> ServerCursor {
        ServerCursor::new(&Config::new(Credentials::new("id", "key")))
    }

    fn at(seconds: u64, wall: &str) -> Moment {
        Moment {
            elapsed: Duration::from_secs(seconds),
            wall: wall.parse().unwrap(),
        }
    }

    fn exchange(sent: u64, took: u64, date: Option<&str>) -> Exchange {
        let wall = "2030-06-01T00:00:00Z";
        Exchange {
            number: 1,
            sent: at(sent, wall),
            received: at(sent + took, wall),
            date: date.map(|date| date.parse().unwrap()),
            cached: false,
        }
    }

    #[test]
    fn the_next_poll_asks_from_the_server_s_date_minus_flight_and_overlap() {
        let mut cursor = cursor();
        assert_eq!(cursor.ask(), None);
        cursor.advance(&exchange(0, 5, Some("2026-01-01T00:10:00Z")));
        assert_eq!(cursor.ask(), Some("2026-01-01T00:07:55Z".parse().unwrap()));
    }

    #[test]
    fn without_a_date_the_last_server_time_is_carried_on_and_the_local_clock_is_the_last_resort() {
        let mut cursor = cursor();
        cursor.advance(&exchange(0, 0, None));
        assert_eq!(cursor.ask(), Some("2030-05-31T23:56:00Z".parse().unwrap()));
        cursor.advance(&exchange(10, 0, Some("2026-01-01T00:10:00Z")));
        cursor.advance(&exchange(70, 0, None));
        assert_eq!(cursor.ask(), Some("2026-01-01T00:08:59Z".parse().unwrap()));
    }

    #[test]
    fn a_failed_poll_leaves_the_cursor_alone() {
        let mut cursor = cursor();
        cursor.advance(&exchange(0, 0, Some("2026-01-01T00:10:00Z")));
        let before = cursor.ask();
        cursor.failed(&exchange(60, 0, Some("2026-01-01T00:11:00Z")));
        assert_eq!(cursor.ask(), before);
    }

    #[test]
    fn a_gap_over_the_limit_outlives_the_cursor() {
        let mut cursor = cursor();
        cursor.advance(&exchange(0, 0, Some("2026-01-01T00:10:00Z")));
        assert!(!cursor.outlived(at(3600, "2026-01-01T00:00:00Z")));
        assert!(cursor.outlived(at(3601, "2026-01-01T00:00:00Z")));
    }

    #[test]
    fn a_server_clock_that_steps_back_or_far_ahead_is_noticed() {
        let mut cursor = cursor();
        cursor.advance(&exchange(0, 0, Some("2026-01-01T00:10:00Z")));
        assert!(!cursor.jumped(&exchange(60, 0, Some("2026-01-01T00:11:00Z"))));
        assert!(
            !cursor.jumped(&exchange(60, 0, Some("2026-01-01T00:10:01Z"))),
            "covered"
        );
        assert!(
            cursor.jumped(&exchange(60, 0, Some("2026-01-01T00:09:00Z"))),
            "back"
        );
        assert!(
            cursor.jumped(&exchange(60, 0, Some("2026-01-01T01:11:00Z"))),
            "suspended"
        );
    }

    #[test]
    fn an_old_saved_cursor_is_not_resumed() {
        let now = at(0, "2026-01-01T02:00:00Z");
        let mut fresh = cursor();
        fresh.resume("2026-01-01T01:30:00Z".parse().unwrap(), now);
        assert!(fresh.ask().is_some());
        let mut old = cursor();
        old.resume("2026-01-01T00:30:00Z".parse().unwrap(), now);
        assert_eq!(old.ask(), None);
    }
}
