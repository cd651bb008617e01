//! From when on the next poll asks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::Config;
use crate::machine::event::Moment;
use crate::machine::words::Exchange;
use crate::mistake::{Mistake, Mistakes};

/// An exchange, and what the server's clock said in it.
type Dated = (Timestamp, Exchange);

/// The `date_since` of the polls: server time at the sending of the last good poll, minus the
/// overlap.
#[derive(Clone, Debug)]
pub(crate) struct Cursor {
    overlap: Duration,
    longest_gap: Duration,
    ask: Option<Timestamp>,
    /// When the last good poll was sent; the moment of resuming after a warm start.
    good: Option<Duration>,
    /// The last good poll that had a `Date`.
    dated: Option<Dated>,
    /// The last answer of any kind that had one.
    clock: Option<Dated>,
    /// What the server's clock said before it leapt ahead, and when the last leap was seen.
    before_leap: Option<(Dated, Duration)>,
    mistakes: Mistakes,
    /// The first good poll, by which a client that measures once measures.
    #[cfg(feature = "mistakes")]
    first: Option<Exchange>,
}

impl Cursor {
    /// A cursor that has seen nothing yet.
    pub(crate) fn new(config: &Config) -> Self {
        let Config { overlap, longest_gap, mistakes, .. } = *config;
        Self {
            overlap,
            longest_gap,
            ask: None,
            good: None,
            dated: None,
            clock: None,
            before_leap: None,
            mistakes,
            #[cfg(feature = "mistakes")]
            first: None,
        }
    }

    /// A date from which a poll misses nothing that this exchange did not show.
    pub(crate) fn behind(&self, exchange: &Exchange) -> Timestamp {
        // `Date` may be as late as the arrival of the answer, so the flight is taken off: what is
        // left is never after the sending (hazard C2).
        if let Some(date) = exchange.date {
            let ask = earlier(date, self.overlap + exchange.took());
            // After a leap ahead what is stamped by the old clock is asked for as well (C3).
            return match self.old_clock(exchange) {
                Some(old) => ask.min(earlier(old, self.overlap + exchange.took())),
                None => ask,
            };
        }
        // No `Date`: the last known server time carried on by the clock that never jumps (C5);
        // failing that the local clock at the *start*, with twice the overlap (rule 5).
        match self.clock {
            Some(clock) => {
                let expected = carried_on(clock, exchange);
                earlier(expected, self.overlap + Duration::from_secs(1))
            }
            None => earlier(exchange.sent.wall, self.overlap * 2),
        }
    }

    /// What the next poll asks from; `None` before the first good answer.
    pub(crate) fn ask(&self) -> Option<Timestamp> {
        self.ask
    }

    /// An answer with a success status came, of whatever kind, and not from a cache. It may turn out
    /// unreadable, but its `Date` shows where the server's clock is.
    pub(crate) fn heard(&mut self, exchange: &Exchange) {
        if self.old_clock(exchange).is_none() {
            self.before_leap = None;
        }
        if let Some(date) = exchange.date {
            self.notice_leap(date, exchange);
            self.clock = Some((date, *exchange));
        }
    }

    /// A poll was good and wholly applied: the cursor moves, and only now.
    pub(crate) fn advance(&mut self, poll: &Exchange) {
        self.heard(poll);
        self.ask = Some(self.behind(poll));
        #[cfg(feature = "mistakes")]
        {
            self.ask = self.asks_wrongly(poll).or(self.ask);
        }
        self.good = Some(poll.sent.elapsed);
        if let Some(date) = poll.date {
            self.dated = Some((date, *poll));
        }
    }

    /// Where a mistake moves the cursor after a good poll. What the check of a load asks from stays
    /// right: these mistakes are about polls.
    #[cfg(feature = "mistakes")]
    fn asks_wrongly(&mut self, poll: &Exchange) -> Option<Timestamp> {
        let first = *self.first.get_or_insert(*poll);
        let server = |exchange: &Exchange| exchange.date.unwrap_or(exchange.sent.wall);
        Some(match self.mistakes.0? {
            Mistake::CursorAfterTheAnswer => later(server(poll), poll.took()),
            Mistake::LocalClock => poll.sent.wall,
            Mistake::OffsetMeasuredOnce => {
                poll.sent.wall - first.received.wall.duration_since(server(&first))
            }
            Mistake::NoOverlap => server(poll),
            Mistake::OneSecondLater => server(poll) + SignedDuration::from_secs(1),
            Mistake::DropsChangesDuringLoad => self.ask?.max(first.received.wall),
            _ => return None,
        })
    }

    /// Whether the last good poll is so long ago that the server may have forgotten removals.
    pub(crate) fn outlived(&self, now: Moment) -> bool {
        !self.mistakes.has(Mistake::NoRelistAfterOutage)
            && self.good.is_some_and(|good| now.elapsed.saturating_sub(good) > self.longest_gap)
    }

    /// Whether the server's clock moved against the local one since the last good poll by more than
    /// the overlap can cover, in either direction.
    pub(crate) fn jumped(&self, poll: &Exchange) -> bool {
        let (Some(date), Some((last, anchor))) = (poll.date, self.dated) else {
            return false;
        };
        let ahead = later(last, self.longest_gap) < date;
        !self.mistakes.has(Mistake::NoRelistAfterOutage) && (ahead || self.fell_back(&anchor, poll))
    }

    /// Whether the server's clock was set back between these two exchanges by more than the overlap
    /// can cover: a differential that goes by the earlier one may have missed changes.
    pub(crate) fn fell_back(&self, before: &Exchange, after: &Exchange) -> bool {
        let (Some(old), Some(new)) = (before.date, after.date) else {
            return false;
        };
        !self.mistakes.has(Mistake::NoRelistAfterOutage)
            && later(new, self.slack(before, after)) < carried_on((old, *before), after)
    }

    /// Whether a poll asked from a date that is, by the server's clock, longer ago than what it is sure to
    /// remember of removals.
    pub(crate) fn asked_too_far_back(&self, poll: &Exchange) -> bool {
        let reach = self.longest_gap.saturating_add(self.overlap).saturating_add(poll.took());
        !self.mistakes.has(Mistake::NoRelistAfterOutage)
            && matches!((poll.date, self.ask), (Some(date), Some(ask)) if later(ask, reach) < date)
    }

    /// Goes on from where an earlier process stopped.
    pub(crate) fn resume(&mut self, ask: Timestamp, now: Moment) {
        let gap = Duration::try_from(now.wall.duration_since(ask)).unwrap_or(Duration::ZERO);
        if gap <= self.longest_gap {
            self.ask = Some(ask);
            self.good = Some(now.elapsed);
        }
    }

    /// How far a date may be off before the clock must have moved: both dates are floored to a
    /// second and may lie anywhere within their flights.
    fn slack(&self, anchor: &Exchange, poll: &Exchange) -> Duration {
        let loose = anchor.took() + poll.took() + Duration::from_secs(2);
        (self.overlap / 2).max(loose)
    }

    /// Remembers the old clock when this answer shows that it leapt ahead. Of several leaps the
    /// clock that is furthest behind counts.
    fn notice_leap(&mut self, date: Timestamp, exchange: &Exchange) {
        let Some(clock) = self.clock else { return };
        let slack = self.slack(&clock.1, exchange);
        if later(carried_on(clock, exchange), slack) < date {
            let earlier = self.before_leap.map(|(dated, _)| dated);
            let furthest =
                earlier.into_iter().chain([clock]).min_by_key(|dated| carried_on(*dated, exchange));
            self.before_leap = furthest.map(|dated| (dated, exchange.received.elapsed));
        }
    }

    /// Where the clock that the server had before a leap would be. What it stamped may become
    /// visible as late as the overlap after.
    fn old_clock(&self, exchange: &Exchange) -> Option<Timestamp> {
        let (dated, seen) = self.before_leap?;
        let matters = exchange.sent.elapsed <= seen + self.overlap;
        matters.then(|| carried_on(dated, exchange))
    }
}

/// A server's clock at the sending of this request, by what it was once.
fn carried_on((date, anchor): Dated, exchange: &Exchange) -> Timestamp {
    let since = exchange.sent.elapsed.saturating_sub(anchor.sent.elapsed);
    later(date, since)
}

/// `moment + by`, held at the ends of time.
pub(crate) fn later(moment: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// `moment - by`, held at the ends of time.
fn earlier(moment: Timestamp, by: Duration) -> Timestamp {
    let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
    moment.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    fn cursor() -> Cursor {
        Cursor::new(&Config::new(Credentials::new("id", "key")))
    }

    fn at(seconds: u64, wall: &str) -> Moment {
        Moment { elapsed: Duration::from_secs(seconds), wall: wall.parse().unwrap() }
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
        assert!(!cursor.jumped(&exchange(60, 0, Some("2026-01-01T00:10:01Z"))), "covered");
        assert!(cursor.jumped(&exchange(60, 0, Some("2026-01-01T00:09:00Z"))), "back");
        assert!(cursor.jumped(&exchange(60, 0, Some("2026-01-01T01:11:00Z"))), "suspended");
    }

    #[test]
    fn after_a_leap_ahead_the_old_clock_is_asked_by_for_the_time_of_the_overlap() {
        let mut cursor = cursor();
        cursor.advance(&exchange(0, 0, Some("2026-01-01T00:10:00Z")));
        let asks = |cursor: &Cursor| cursor.ask().unwrap().to_string();
        cursor.advance(&exchange(60, 0, Some("2026-01-01T00:21:00Z")));
        assert_eq!(asks(&cursor), "2026-01-01T00:09:00Z", "not from 00:19");
        cursor.advance(&exchange(180, 0, Some("2026-01-01T00:23:00Z")));
        assert_eq!(asks(&cursor), "2026-01-01T00:11:00Z");
        cursor.advance(&exchange(240, 0, Some("2026-01-01T00:24:00Z")));
        assert_eq!(asks(&cursor), "2026-01-01T00:22:00Z", "it is over");
        cursor.advance(&exchange(300, 0, Some("2026-01-01T00:25:50Z")));
        assert_eq!(asks(&cursor), "2026-01-01T00:23:50Z", "50 s are covered");
    }

    #[test]
    fn a_leap_that_shows_in_an_answer_that_never_counts_is_noticed() {
        let mut cursor = cursor();
        cursor.heard(&exchange(0, 0, Some("2026-01-01T00:10:00Z")));
        cursor.heard(&exchange(1, 0, Some("2026-01-01T00:20:01Z")));
        let first = exchange(2, 0, Some("2026-01-01T00:20:02Z"));
        cursor.heard(&first);
        assert_eq!(cursor.behind(&first).to_string(), "2026-01-01T00:08:02Z");
    }

    #[test]
    fn of_two_leaps_the_clock_furthest_behind_counts_until_the_second_has_had_its_time() {
        let mut cursor = cursor();
        cursor.heard(&exchange(0, 0, Some("2026-01-01T00:10:00Z")));
        cursor.heard(&exchange(60, 0, Some("2026-01-01T00:21:00Z")));
        cursor.heard(&exchange(120, 0, Some("2026-01-01T00:32:00Z")));
        let after = |sent| exchange(sent, 0, Some("2026-01-01T01:00:00Z"));
        let asks = |sent| cursor.behind(&after(sent)).to_string();
        assert_eq!(asks(240), "2026-01-01T00:12:00Z");
        assert_eq!(asks(241), "2026-01-01T00:58:00Z", "it is over");
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
