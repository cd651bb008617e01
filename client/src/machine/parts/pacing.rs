//! How often to ask when all is well.

use std::time::Duration;

use crate::Config;
use crate::machine::budget::Budget;
use crate::mistake::{Mistake, Mistakes};

/// Of the day's requests, polls may have this share.
const POLLS: f64 = 0.4;
/// Full lists this.
const LISTS: f64 = 0.4;
/// Below this share left nothing but polls and saves is sent; the rest covers saves, read-backs
/// and retries.
const RESERVE: f64 = 0.1;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The intervals as configured, stretched as far as the daily quota demands.
///
/// The arithmetic for 10,000 websites in pages of 20 and 5,000 requests a day. Polls: 0.4 · 5,000
/// allows one in 43 s, so the configured 60 s stand: 1,440. Lists: one is 500 pages, the empty
/// page and its differential, 502; 0.4 · 5,000 allows 3.98 a day, one in 6 h: 2,008. Together
/// 3,448, and with the initial load 3,951: 1,049 are left for saves and trouble.
#[derive(Clone, Debug)]
pub(crate) struct Pacing {
    poll_every: Duration,
    relist_every: Duration,
    longest_poll: Duration,
    mistakes: Mistakes,
}

impl Pacing {
    /// Intervals as configured.
    pub(crate) fn new(config: &Config) -> Self {
        let Config { poll_every, relist_every, longest_poll, mistakes, .. } = *config;
        Self { poll_every, relist_every, longest_poll, mistakes }
    }

    /// From one poll to the next.
    pub(crate) fn poll_interval(&self, budget: &Budget) -> Duration {
        let interval = self.stretched_poll(budget);
        if self.mistakes.has(Mistake::PollsTooOften) { interval / 10 } else { interval }
    }

    fn stretched_poll(&self, budget: &Budget) -> Duration {
        let Some(limit) = budget.limit else {
            return self.poll_every;
        };
        let even = share(DAY, f64::from(limit) * POLLS, 1);
        let left = f64::from(limit) * (1.0 - RESERVE) - f64::from(budget.spent);
        let rest = share(budget.until_reset, left, 1);
        let longest = self.longest_poll.max(self.poll_every);
        self.poll_every.max(even).max(rest).min(longest)
    }

    /// From one full list to the next.
    pub(crate) fn relist_interval(&self, budget: &Budget) -> Duration {
        if self.mistakes.has(Mistake::ResyncLoop) {
            return Duration::from_secs(90);
        }
        let Some(limit) = budget.limit else {
            return self.relist_every;
        };
        self.relist_every.max(share(DAY, f64::from(limit) * LISTS, budget.list_cost))
    }

    /// Whether the quota can bear a full list now that is not the initial one.
    pub(crate) fn affords_relist(&self, budget: &Budget) -> bool {
        let Some(limit) = budget.limit else {
            return true;
        };
        let after = f64::from(budget.spent) + f64::from(budget.list_cost);
        // A list that is dearer than a day's quota would never be affordable: then it may start
        // as long as anything is left.
        let bearable = f64::from(limit) * (1.0 - RESERVE);
        after <= bearable || (f64::from(budget.list_cost) > bearable && budget.spent < limit / 2)
    }
}

/// The interval at which `requests` of them, `each` at a time, fill `span`.
fn share(span: Duration, requests: f64, each: u32) -> Duration {
    if requests < 1.0 {
        return Duration::from_secs(3600 * 24 * 365);
    }
    span.mul_f64(f64::from(each) / requests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;
    use crate::machine::QuotaSource;

    fn pacing() -> Pacing {
        Pacing::new(&Config::new(Credentials::new("id", "key")))
    }

    fn budget(limit: Option<u32>, spent: u32, list_cost: u32) -> Budget {
        let until_reset = DAY / 2;
        Budget { limit, source: QuotaSource::Known, spent, list_cost, until_reset }
    }

    #[test]
    fn the_defaults_keep_ten_thousand_websites_inside_the_default_quota() {
        let (pacing, budget) = (pacing(), budget(Some(5000), 0, 502));
        let polls = DAY.as_secs_f64() / pacing.poll_interval(&budget).as_secs_f64();
        let lists = DAY.as_secs_f64() / pacing.relist_interval(&budget).as_secs_f64();
        let day = polls + lists * 502.0 + 503.0;
        assert!(day < 4000.0, "{day} requests a day");
    }

    #[test]
    fn a_small_quota_stretches_the_poll_interval() {
        let interval = pacing().poll_interval(&budget(Some(1000), 0, 4));
        assert_eq!(interval, Duration::from_secs(216));
    }

    #[test]
    fn what_was_spent_already_stretches_it_further_but_not_without_end() {
        let interval = pacing().poll_interval(&budget(Some(5000), 4400, 4));
        assert_eq!(interval, Duration::from_secs(432));
        let interval = pacing().poll_interval(&budget(Some(5000), 4600, 4));
        assert_eq!(interval, Duration::from_secs(900));
    }

    #[test]
    fn without_a_quota_the_configured_intervals_stand() {
        let budget = budget(None, 1_000_000, 502);
        assert_eq!(pacing().poll_interval(&budget), Duration::from_secs(60));
        assert_eq!(pacing().relist_interval(&budget), Duration::from_secs(3600));
        assert!(pacing().affords_relist(&budget));
    }

    #[test]
    fn a_list_that_would_eat_the_reserve_has_to_wait() {
        assert!(pacing().affords_relist(&budget(Some(5000), 3998, 502)));
        assert!(!pacing().affords_relist(&budget(Some(5000), 3999, 502)));
        assert!(pacing().affords_relist(&budget(Some(5000), 2000, 5001)), "dearer than a day");
        assert!(!pacing().affords_relist(&budget(Some(5000), 4000, 5001)));
    }
}
