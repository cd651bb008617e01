//! How long to wait after a failure.

use std::time::Duration;

use crate::config::Waits;
use crate::machine::Operation;
use crate::{Config, machine::Failure};

/// What went wrong, as far as waiting is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// No whole answer.
    Network(Failure),
    /// 5xx, 408, or a status that makes no sense.
    Server,
    /// A success status with a body that is not the API's.
    Unreadable,
    /// The answer came out of a cache and may be old.
    Cached,
    /// 429 or 420.
    Throttled,
    /// 401, 403, 404 and other refusals that asking again will hardly change.
    Refused,
}

/// Requests that fail and recover together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Differentials.
    Poll,
    /// Pages of the list.
    Load,
    /// The settings of single websites, and the account.
    Read,
}

/// **Unstable.** Decides the waits after failures (research rule 6).
pub trait Backoff: Send {
    /// How long to wait before this lane may ask again; `None` is for ever. `chance` is between
    /// 0 and 1, from the machine's seed.
    fn wait(&mut self, lane: Lane, trouble: Trouble, chance: f64) -> Option<Duration>;

    /// A request of this lane was answered as it should be.
    fn succeeded(&mut self, lane: Lane);

    /// How much of a `Retry-After` is obeyed.
    fn obeyed(&self, asked: Duration) -> Duration;

    /// Whether a `Retry-After` that is being obeyed silences this operation too.
    fn silences(&self, operation: Operation) -> bool;
}

/// The reference: `U(½·base, min(cap, base·2ⁿ))`, n failures in a row; reset by a success.
///
/// With 1 s to 30 s a sick server sees one request in 15 s on average from a client that was
/// doing nothing but failing. Full jitter spreads clients that were cut off together; the floor
/// of half the base keeps chance from making a burst.
#[derive(Clone, Debug)]
pub struct Jittered {
    retry: Waits,
    throttled: Waits,
    refused: Waits,
    longest_retry_after: Duration,
    failures: [Streaks; 3],
}

/// Failures in a row, each regime counted apart: after ten network failures the first 404 is
/// the first of its kind.
#[derive(Clone, Copy, Debug, Default)]
struct Streaks {
    retry: u32,
    throttled: u32,
    refused: u32,
}

impl Jittered {
    /// Waits as configured, no failures yet.
    pub fn new(config: &Config) -> Self {
        let Config { retry, throttled, refused, longest_retry_after, .. } = *config;
        let failures = Default::default();
        Self { retry, throttled, refused, longest_retry_after, failures }
    }
}

impl Backoff for Jittered {
    fn wait(&mut self, lane: Lane, trouble: Trouble, chance: f64) -> Option<Duration> {
        let streaks = &mut self.failures[lane as usize];
        let (waits, streak) = match trouble {
            Trouble::Throttled => (self.throttled, &mut streaks.throttled),
            Trouble::Refused => (self.refused, &mut streaks.refused),
            Trouble::Network(_) | Trouble::Server | Trouble::Unreadable | Trouble::Cached => {
                (self.retry, &mut streaks.retry)
            }
        };
        let doubled = 2_u32.saturating_pow((*streak).min(20));
        *streak = streak.saturating_add(1);
        let ceiling = waits.base.saturating_mul(doubled).min(waits.cap);
        let floor = (waits.base / 2).min(ceiling);
        Some(floor + (ceiling - floor).mul_f64(chance.clamp(0.0, 1.0)))
    }

    fn succeeded(&mut self, lane: Lane) {
        self.failures[lane as usize] = Streaks::default();
    }

    fn obeyed(&self, asked: Duration) -> Duration {
        asked.min(self.longest_retry_after)
    }

    fn silences(&self, _operation: Operation) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    fn backoff() -> Jittered {
        Jittered::new(&Config::new(Credentials::new("id", "key")))
    }

    fn waits(backoff: &mut Jittered, trouble: Trouble, chance: f64) -> Vec<f64> {
        let wait = |_| backoff.wait(Lane::Poll, trouble, chance).unwrap().as_secs_f64();
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
        assert_eq!(first, Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_million_failures_do_not_overflow() {
        let mut backoff = backoff();
        for _ in 0..100_000 {
            backoff.wait(Lane::Poll, Trouble::Throttled, 1.0);
        }
        let wait = backoff.wait(Lane::Poll, Trouble::Throttled, 1.0);
        assert_eq!(wait, Some(Duration::from_secs(300)));
    }
}
