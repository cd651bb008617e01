//! The log's scale of time, as one replica knows it.

use std::time::Duration;

use crate::machine::Moment;

/// Two entries are never of one moment.
const STEP: Duration = Duration::from_nanos(1);

/// The log's scale against this process's own clock that never jumps. The scale only goes ahead: every
/// entry that comes is at most as old as it says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LogClock {
    /// What is added to the own time, and what the last entry said.
    ahead: Duration,
    /// The log's zero may be after the own one.
    behind: Duration,
    last: Duration,
}

impl LogClock {
    /// The scale of a log whose entry of this time was written so long ago.
    pub(super) fn begin(said: Duration, age: Duration, own: Duration) -> Self {
        let present = said.saturating_add(age);
        let (ahead, behind) = (present.saturating_sub(own), own.saturating_sub(present));
        Self { ahead, behind, last: said }
    }

    /// An entry of this time was read, so long after it was written.
    pub(super) fn heard(&mut self, said: Duration, age: Duration, own: Duration) {
        self.last = self.last.max(said);
        let at_least = said.saturating_add(age);
        if at_least > self.at(own) {
            (self.ahead, self.behind) =
                (at_least.saturating_sub(own), own.saturating_sub(at_least));
        }
    }

    /// The present, on the log's scale.
    pub(super) fn at(&self, own: Duration) -> Duration {
        own.saturating_add(self.ahead).saturating_sub(self.behind)
    }

    /// The moment of an entry that is written now.
    pub(super) fn stamp(&self, own: Moment) -> Moment {
        let elapsed = self.at(own.elapsed).max(self.last.saturating_add(STEP));
        Moment { elapsed, wall: own.wall }
    }

    /// When this time of the log's scale is, by the own clock.
    pub(super) fn own(&self, log: Duration) -> Duration {
        log.saturating_add(self.behind).saturating_sub(self.ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_scale_goes_ahead_and_never_back() {
        let mut clock = LogClock::default();
        clock.heard(secs(100), secs(5), secs(1));
        assert_eq!(clock.at(secs(1)), secs(105));
        clock.heard(secs(101), secs(0), secs(2));
        assert_eq!(clock.at(secs(2)), secs(106), "a late entry does not turn it back");
        assert_eq!(clock.own(secs(110)), secs(6));
    }

    #[test]
    fn no_two_entries_are_of_one_moment() {
        let mut clock = LogClock::default();
        clock.heard(secs(10), secs(0), secs(10));
        let now = Moment { elapsed: secs(10), wall: jiff::Timestamp::UNIX_EPOCH };
        assert!(clock.stamp(now).elapsed > secs(10));
    }
}
