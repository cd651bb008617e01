//! How long to wait after a failure.

use std::time::Duration;

use crate::Config;
use crate::config::Waits;
use crate::machine::words::{Lane, Trouble};
use crate::mistake::{Mistake, Mistakes};

/// The waits after failures: `U(½·base, min(cap, base·2ⁿ))`, n failures in a row; reset by a success.
///
/// With 1 s to 30 s a sick server sees one request in 15 s on average from a client whose
/// every request fails. Full jitter spreads clients that were cut off together; the floor
/// of half the base keeps chance from making a burst.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    retry: Waits,
    throttled: Waits,
    refused: Waits,
    longest_retry_after: Duration,
    failures: [Streaks; 5],
    mistakes: Mistakes,
}

/// Failures in a row, each regime counted apart: after ten network failures the first 404 is
/// the first of its kind.
#[derive(Clone, Copy, Debug, Default)]
struct Streaks {
    retry: u32,
    throttled: u32,
    refused: u32,
}

impl Backoff {
    /// Waits as configured, no failures yet.
    pub(crate) fn new(config: &Config) -> Self {
        let Config { retry, throttled, refused, longest_retry_after, mistakes, .. } = *config;
        let failures = Default::default();
        Self { retry, throttled, refused, longest_retry_after, failures, mistakes }
    }

    /// A request of this lane failed: how long to wait before it may ask again. `chance` is between
    /// 0 and 1, from the machine's seed.
    pub(crate) fn wait(&mut self, lane: Lane, trouble: Trouble, chance: f64) -> Duration {
        let streaks = &mut self.failures[lane as usize];
        let (waits, streak) = match trouble {
            Trouble::Throttled => (self.throttled, &mut streaks.throttled),
            Trouble::Refused | Trouble::OverBound => (self.refused, &mut streaks.refused),
            Trouble::Network | Trouble::Server | Trouble::Unreadable | Trouble::Cached => {
                (self.retry, &mut streaks.retry)
            }
        };
        let doubled = 2_u32.saturating_pow((*streak).min(20));
        *streak = streak.saturating_add(1);
        #[cfg(feature = "mistakes")]
        let streak = *streak;
        #[cfg(feature = "mistakes")]
        if let Some(wrong) = self.waits_wrongly(trouble, doubled, streak) {
            return wrong;
        }
        let ceiling = waits.base.saturating_mul(doubled).min(waits.cap);
        let floor = (waits.base / 2).min(ceiling);
        floor + (ceiling - floor).mul_f64(chance.clamp(0.0, 1.0))
    }

    #[cfg(feature = "mistakes")]
    fn waits_wrongly(&self, trouble: Trouble, doubled: u32, streak: u32) -> Option<Duration> {
        let slow = matches!(trouble, Trouble::Throttled | Trouble::Refused);
        match self.mistakes.0? {
            Mistake::StopsOnRefusal => (trouble == Trouble::Refused).then_some(Duration::MAX),
            Mistake::NoBackoff => Some(Duration::from_millis(50)),
            Mistake::BackoffWithoutCap => (!slow).then(|| Duration::from_secs(doubled.into())),
            // Two to the power of that is more than its number holds.
            Mistake::BackoffOverflows => {
                (64..80).contains(&streak).then_some(Duration::from_millis(50))
            }
            Mistake::GivesUp => (streak > 100).then_some(Duration::MAX),
            Mistake::OnceASecond => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    /// A request of this lane was answered as it should be.
    pub(crate) fn succeeded(&mut self, lane: Lane) {
        if self.mistakes.has(Mistake::BackoffNeverResets) {
            return;
        }
        self.failures[lane as usize] = Streaks::default();
    }

    /// How much of a `Retry-After` is obeyed.
    pub(crate) fn obeyed(&self, asked: Duration) -> Duration {
        if self.mistakes.has(Mistake::IgnoresRetryAfter) {
            return Duration::ZERO;
        }
        asked.min(self.longest_retry_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    fn backoff() -> Backoff {
        Backoff::new(&Config::new(Credentials::new("id", "key")))
    }

    fn waits(backoff: &mut Backoff, trouble: Trouble, chance: f64) -> Vec<f64> {
        let wait = |_| backoff.wait(Lane::Poll, trouble, chance).as_secs_f64();
        (0..7).map(wait).collect()
    }

    #[test]
    fn waits_double_to_the_cap_and_start_anew_after_a_success() {
        let mut backoff = backoff();
        let expected = [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0];
        assert_eq!(waits(&mut backoff, Trouble::Server, 1.0), expected);
        backoff.succeeded(Lane::Poll);
        assert_eq!(waits(&mut backoff, Trouble::Unreadable, 1.0), expected);
    }

    #[test]
    fn no_wait_is_shorter_than_half_the_base() {
        assert_eq!(waits(&mut backoff(), Trouble::Server, 0.0), [0.5; 7]);
    }

    #[test]
    fn refusals_move_to_a_slow_regime_and_never_stop() {
        let waits = waits(&mut backoff(), Trouble::Refused, 1.0);
        assert_eq!(waits, [30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0]);
    }

    #[test]
    fn lanes_count_apart() {
        let mut backoff = backoff();
        waits(&mut backoff, Trouble::Server, 1.0);
        let first = backoff.wait(Lane::Load, Trouble::Server, 1.0);
        assert_eq!(first, Duration::from_secs(1));
    }

    #[test]
    fn a_million_failures_do_not_overflow() {
        let mut backoff = backoff();
        for _ in 0..100_000 {
            backoff.wait(Lane::Poll, Trouble::Throttled, 1.0);
        }
        let wait = backoff.wait(Lane::Poll, Trouble::Throttled, 1.0);
        assert_eq!(wait, Duration::from_secs(300));
    }
}
