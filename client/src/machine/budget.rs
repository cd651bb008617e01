//! The day's requests: how many there may be, how many there were.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::Quota;

const DAY: i64 = 24 * 3600;
/// This many throttled answers in a row, none in between, mean that the quota is spent.
const STREAK: u32 = 5;
/// A quota below this is not believed: a burst limit at the edge looks the same.
const LEAST: u32 = 100;

/// Where the figure for the daily quota comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaSource {
    /// Configured as agreed with Crisp.
    Known,
    /// The default, until something else is learnt.
    Assumed,
    /// From the refusals of the API.
    Learnt,
}

/// The arithmetic of the daily quota at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Requests a day; `None`: no quota is assumed.
    pub limit: Option<u32>,
    /// Where that figure comes from.
    pub source: QuotaSource,
    /// Requests sent since the start of the day in UTC, by this machine alone.
    pub spent: u32,
    /// What one full list costs, as the last one did.
    pub list_cost: u32,
    /// Until the count starts anew: 00:00 UTC by the server's clock.
    pub until_reset: Duration,
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours = self.until_reset.as_secs() / 3600;
        let minutes = self.until_reset.as_secs() / 60 % 60;
        match self.limit {
            Some(limit) => {
                let source = match self.source {
                    QuotaSource::Known => "known",
                    QuotaSource::Assumed => "assumed",
                    QuotaSource::Learnt => "learnt",
                };
                write!(f, "{} of {limit} requests today ({source})", self.spent)?;
            }
            None => write!(f, "{} requests today (no quota)", self.spent)?,
        }
        write!(f, ", a full list costs {}, reset in {hours}h{minutes:02}", self.list_cost)
    }
}

/// What a machine that goes on from another one has to know of the requests so far.
#[cfg(feature = "replicas")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Spending {
    pub(super) spent: u32,
    pub(super) list_cost: u32,
    /// The daily quota, where it was learnt.
    pub(super) learnt: Option<u32>,
    /// When the last list was begun or put in place, on the machine's scale of time.
    pub(crate) listed: Duration,
}

/// Counts and learns.
#[derive(Clone, Debug)]
pub(super) struct Ledger {
    limit: Option<u32>,
    source: QuotaSource,
    spent: u32,
    list_cost: u32,
    day: Option<i64>,
    throttled: u32,
    spent_when_throttled: u32,
}

impl Ledger {
    pub(super) fn new(quota: Quota) -> Self {
        let (limit, source) = match quota {
            Quota::Known(limit) => (Some(limit), QuotaSource::Known),
            Quota::Assumed(limit) => (Some(limit), QuotaSource::Assumed),
            Quota::Unlimited => (None, QuotaSource::Known),
        };
        let (throttled, spent_when_throttled) = (0, 0);
        Self { limit, source, spent: 0, list_cost: 3, day: None, throttled, spent_when_throttled }
    }

    pub(super) fn sent(&mut self) {
        self.spent = self.spent.saturating_add(1);
    }

    /// Goes on from an earlier count.
    #[cfg(feature = "replicas")]
    pub(super) fn go_on_from(&mut self, earlier: &Spending) {
        self.spent = self.spent.max(earlier.spent);
        self.list_cost = earlier.list_cost;
        let learns = self.source != QuotaSource::Known && self.limit.is_some();
        if let Some(limit) = earlier.learnt.filter(|_| learns) {
            (self.limit, self.source) = (Some(limit), QuotaSource::Learnt);
        }
    }

    /// An answer out of a cache does not count (docs/wire.md#quota).
    pub(super) fn came_from_cache(&mut self) {
        self.spent = self.spent.saturating_sub(1);
    }

    pub(super) fn listed(&mut self, cost: u32) {
        self.list_cost = cost;
    }

    pub(super) fn throttled(&mut self) {
        if self.throttled == 0 {
            self.spent_when_throttled = self.spent;
        }
        self.throttled += 1;
        let learns = self.source != QuotaSource::Known && self.limit.is_some();
        if learns && self.throttled == STREAK && self.spent_when_throttled >= LEAST {
            self.limit = Some(self.spent_when_throttled);
            self.source = QuotaSource::Learnt;
        }
    }

    pub(super) fn let_through(&mut self) {
        self.throttled = 0;
        // More was let through than assumed: the quota is at least that.
        if self.source == QuotaSource::Learnt && self.limit.is_some_and(|limit| self.spent > limit)
        {
            self.limit = Some(self.spent);
        }
    }

    /// The figures at this server time; starts a new day when it is one.
    pub(super) fn at(&mut self, server: Timestamp) -> Budget {
        let seconds = server.as_second();
        let day = seconds.div_euclid(DAY);
        if self.day.is_some_and(|known| day > known) {
            self.spent = 0;
            if let (QuotaSource::Learnt, Some(limit)) = (self.source, self.limit) {
                // Try a little more every day: the refusals may have had another reason.
                self.limit = Some(limit.saturating_add(limit / 10));
            }
        }
        // A clock that steps back over midnight does not start a day; one that was days ahead was
        // wrong, and the days are counted from what it says now.
        let wrong = self.day.is_some_and(|known| known > day + 1);
        self.day = Some(self.day.filter(|_| !wrong).map_or(day, |known| known.max(day)));
        let left = u64::try_from(DAY - seconds.rem_euclid(DAY)).unwrap_or(0);
        Budget {
            limit: self.limit,
            source: self.source,
            spent: self.spent,
            list_cost: self.list_cost,
            until_reset: Duration::from_secs(left),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_count_starts_anew_at_midnight_utc() {
        let mut ledger = Ledger::new(Quota::Known(5000));
        ledger.at(at("2026-01-01T23:59:00Z"));
        (0..10).for_each(|_| ledger.sent());
        let budget = ledger.at(at("2026-01-01T23:59:30Z"));
        assert_eq!((budget.spent, budget.until_reset), (10, Duration::from_secs(30)));
        assert_eq!(ledger.at(at("2026-01-02T00:00:00Z")).spent, 0);
        ledger.sent();
        assert_eq!(ledger.at(at("2026-01-01T23:59:59Z")).spent, 1, "a step back is no new day");
        assert_eq!(ledger.at(at("2026-01-02T00:00:01Z")).spent, 1);
    }

    #[test]
    fn a_quota_is_learnt_from_refusals_in_a_row_and_tried_upwards_the_next_day() {
        let mut ledger = Ledger::new(Quota::Assumed(5000));
        ledger.at(at("2026-01-01T12:00:00Z"));
        (0..1000).for_each(|_| ledger.sent());
        (0..STREAK).for_each(|_| ledger.throttled());
        let budget = ledger.at(at("2026-01-01T13:00:00Z"));
        assert_eq!((budget.limit, budget.source), (Some(1000), QuotaSource::Learnt));
        assert_eq!(ledger.at(at("2026-01-02T00:00:00Z")).limit, Some(1100));
    }

    #[test]
    fn a_burst_limit_and_a_known_quota_teach_nothing() {
        let mut early = Ledger::new(Quota::Assumed(5000));
        let mut known = Ledger::new(Quota::Known(5000));
        (0..1000).for_each(|_| known.sent());
        for _ in 0..10 {
            early.throttled();
            known.throttled();
        }
        assert_eq!(early.at(at("2026-01-01T12:00:00Z")).limit, Some(5000));
        assert_eq!(known.at(at("2026-01-01T12:00:00Z")).limit, Some(5000));
    }

    #[test]
    fn the_arithmetic_is_one_line() {
        let mut ledger = Ledger::new(Quota::Assumed(5000));
        ledger.sent();
        let line = ledger.at(at("2026-01-01T12:30:00Z")).to_string();
        let expected = "1 of 5000 requests today (assumed), a full list costs 3, reset in 11h30";
        assert_eq!(line, expected);
    }
}
