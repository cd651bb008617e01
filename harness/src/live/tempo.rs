//! How fast a scenario's time goes in real time.

use std::fmt;
use std::time::Duration;

use crisp_mock_server::duration;

use crate::scenario::Scenario;

/// From one poll to the next, when a scenario says nothing.
const POLL_EVERY: Duration = Duration::from_secs(60);
/// For so many polls an answer is withheld that never comes, or that waits for another.
const WITHHELD: u32 = 10;

/// So much real time stands for so much of the scenario's: one poll for one poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tempo {
    poll: Duration,
    stands_for: Duration,
}

impl Tempo {
    /// The tempo at which the poll interval of this scenario takes `poll`.
    #[must_use]
    pub fn of(scenario: &Scenario, poll: Duration) -> Self {
        Self {
            poll: poll.max(Duration::from_millis(1)),
            stands_for: scenario.client.poll_every.unwrap_or(POLL_EVERY),
        }
    }

    /// The poll interval in real time.
    #[must_use]
    pub fn poll(self) -> Duration {
        self.poll
    }

    /// The poll interval in the scenario's time.
    #[must_use]
    pub fn stands_for(self) -> Duration {
        self.stands_for
    }

    /// How long an answer is withheld that never comes, in real time.
    pub(super) fn withheld(self) -> Duration {
        self.poll * WITHHELD
    }

    /// How long a time of the scenario takes.
    #[must_use]
    pub fn real(self, time: Duration) -> Duration {
        ratio(time, self.poll, self.stands_for)
    }

    /// What a real time is in the scenario.
    #[must_use]
    pub fn in_scenario(self, real: Duration) -> Duration {
        ratio(real, self.stands_for, self.poll)
    }
}

/// `poll 200 ms stands for 60 s`
impl fmt::Display for Tempo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let poll = duration::format(self.poll);
        let (number, unit) =
            poll.split_at(poll.find(|c: char| !c.is_ascii_digit()).unwrap_or(poll.len()));
        let stands_for = self.stands_for.as_secs().max(1);
        write!(f, "poll {number} {unit} stands for {stands_for} s")
    }
}

fn ratio(time: Duration, numerator: Duration, denominator: Duration) -> Duration {
    let scaled =
        time.as_nanos().saturating_mul(numerator.as_nanos()) / denominator.as_nanos().max(1);
    Duration::from_nanos(u64::try_from(scaled).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poll_stands_for_a_poll_both_ways() {
        let tempo = Tempo::of(&Scenario::default(), Duration::from_millis(200));
        assert_eq!(tempo.real(Duration::from_secs(30)), Duration::from_millis(100));
        assert_eq!(tempo.in_scenario(Duration::from_millis(100)), Duration::from_secs(30));
        assert_eq!(tempo.in_scenario(tempo.real(POLL_EVERY)), POLL_EVERY);
    }
}
