//! The daily quota of a plugin token, and the limit at the edge (docs/wire.md#quota).

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::{Moment, Stamp};
use crate::quirks::{DevelopmentToken, QuotaReset};

const DAY: Duration = Duration::from_secs(86_400);
const DAY_MILLIS: i64 = 86_400_000;
const HOUR_MILLIS: i64 = 3_600_000;

/// How many requests a day are allowed, and how many were made.
#[derive(Debug, Clone, Default)]
pub struct Quota {
    /// Requests a day; none: without limit.
    pub limit: Option<u64>,
    used: u64,
    /// Requests counted since the start, whatever day it was.
    spent: u64,
    refused: u64,
    /// The day that `used` counts, under a fixed hour.
    day: i64,
    /// When each request was made, under a rolling day; never longer than the limit, or than that of
    /// a development token.
    recent: VecDeque<Stamp>,
}

impl Quota {
    /// A quota of so many requests a day.
    #[must_use]
    pub fn new(limit: Option<u64>) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Whether one more request is allowed, `at_most` so many a day besides the limit.
    pub fn allows(&mut self, now: Stamp, reset: QuotaReset, at_most: Option<u64>) -> bool {
        let used = self.used(now, reset);
        let recent = if reset == QuotaReset::Rolling { self.recent.len() as u64 } else { used };
        self.limit.is_none_or(|limit| used < limit) && at_most.is_none_or(|most| recent < most)
    }

    /// Counts one request.
    pub fn spend(&mut self, now: Stamp, reset: QuotaReset) {
        self.turn(now, reset);
        self.used = self.used.saturating_add(1);
        self.spent += 1;
        let kept = self.limit.unwrap_or(DevelopmentToken::QUOTA);
        if reset == QuotaReset::Rolling && (self.recent.len() as u64) < kept {
            self.recent.push_back(now);
        }
    }

    /// Notes that a request was refused for want of quota.
    pub fn refuse(&mut self) {
        self.refused += 1;
    }

    /// Goes on counting where an earlier world stopped; today's requests are this one's own.
    pub fn carry(&mut self, before: &Self) {
        self.spent = before.spent;
        self.refused = before.refused;
    }

    /// How many requests were counted since the world's start.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.spent
    }

    /// How many requests were refused since then because the quota was spent.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// How many requests count at the moment.
    pub fn used(&mut self, now: Stamp, reset: QuotaReset) -> u64 {
        self.turn(now, reset);
        match (reset, self.limit) {
            (QuotaReset::Rolling, Some(_)) => self.recent.len() as u64,
            _ => self.used,
        }
    }

    /// Sets how many requests count as made today.
    pub fn set_used(&mut self, used: u64, now: Stamp, reset: QuotaReset) {
        self.turn(now, reset);
        self.used = used;
        let kept = used.min(self.limit.unwrap_or(DevelopmentToken::QUOTA)).min(1_000_000);
        self.recent = (0..kept).map(|_| now).collect();
    }

    /// When requests are allowed again at the latest.
    #[must_use]
    pub fn resets_at(&self, now: Stamp, reset: QuotaReset) -> Stamp {
        match reset {
            QuotaReset::Hour(hour) => {
                let midnight = (day_of(now, hour) + 1).saturating_mul(DAY_MILLIS);
                Stamp(midnight.saturating_add(offset(hour)))
            }
            QuotaReset::Rolling => self.recent.front().unwrap_or(&now).plus(DAY),
        }
    }

    fn turn(&mut self, now: Stamp, reset: QuotaReset) {
        match reset {
            QuotaReset::Hour(hour) => {
                let day = day_of(now, hour);
                if day != self.day {
                    self.day = day;
                    self.used = 0;
                }
            }
            QuotaReset::Rolling => {
                while self.recent.front().is_some_and(|made| made.plus(DAY) <= now) {
                    self.recent.pop_front();
                }
            }
        }
    }
}

fn offset(hour: u8) -> i64 {
    i64::from(hour) * HOUR_MILLIS
}

fn day_of(now: Stamp, hour: u8) -> i64 {
    now.0.saturating_sub(offset(hour)).div_euclid(DAY_MILLIS)
}

/// The limit at the edge: so many requests in each second of elapsed time.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    second: u64,
    seen: u32,
}

impl Edge {
    /// Counts a request and says whether it may pass.
    pub fn admits(&mut self, now: Moment, limit: Option<u32>) -> bool {
        let Some(limit) = limit else { return true };
        let second = now.elapsed.as_secs();
        if second != self.second {
            self.second = second;
            self.seen = 0;
        }
        self.seen = self.seen.saturating_add(1);
        self.seen <= limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDNIGHT: QuotaReset = QuotaReset::Hour(0);

    #[test]
    fn a_quota_is_spent_and_comes_back_at_midnight() {
        let mut quota = Quota::new(Some(2));
        let evening = Stamp(DAY_MILLIS - 1);
        for _ in 0..2 {
            assert!(quota.allows(evening, MIDNIGHT, None));
            quota.spend(evening, MIDNIGHT);
        }
        assert!(!quota.allows(evening, MIDNIGHT, None));
        assert_eq!(quota.resets_at(evening, MIDNIGHT), Stamp(DAY_MILLIS));
        assert!(quota.allows(Stamp(DAY_MILLIS), MIDNIGHT, None));
    }

    #[test]
    fn a_quota_may_reset_at_another_hour() {
        let mut quota = Quota::new(Some(1));
        let nine = QuotaReset::Hour(9);
        quota.spend(Stamp(9 * HOUR_MILLIS - 1), nine);
        assert!(!quota.allows(Stamp(9 * HOUR_MILLIS - 1), nine, None));
        assert!(quota.allows(Stamp(9 * HOUR_MILLIS), nine, None));
    }

    #[test]
    fn a_rolling_quota_forgets_each_request_a_day_later() {
        let mut quota = Quota::new(Some(2));
        quota.spend(Stamp(0), QuotaReset::Rolling);
        quota.spend(Stamp(1_000), QuotaReset::Rolling);
        assert!(!quota.allows(Stamp(DAY_MILLIS - 1), QuotaReset::Rolling, None));
        assert!(quota.allows(Stamp(DAY_MILLIS), QuotaReset::Rolling, None));
        assert_eq!(quota.used(Stamp(DAY_MILLIS), QuotaReset::Rolling), 1);
    }
}
