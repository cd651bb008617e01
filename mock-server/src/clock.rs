//! What time it is, as a value.
//!
//! Two times run side by side. *Elapsed* time counts from the start or reset of a world and only
//! ever grows: waits, windows, delays and cache lives are measured by it. *Wall* time stamps
//! changes and fills the `Date` header; it can be skewed and set, as a server's clock can. Nothing
//! in this crate's core reads a clock: the caller says what time it is with a [`Moment`].

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde::{Deserialize, Serialize};

const PRINTER: DateTimePrinter = DateTimePrinter::new();

/// A wall time in whole milliseconds since 1970, the granularity of Crisp's stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Stamp(pub i64);

impl Stamp {
    /// The stamp `duration` earlier, or the earliest there is.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// The stamp `duration` later, or the latest there is.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// The start of the second that this stamp lies in.
    #[must_use]
    pub fn floor_to_second(self) -> Self {
        Self(self.0.saturating_sub(self.0.rem_euclid(1000)))
    }

    /// The stamp as a timestamp; one outside the years −9999 to 9999 becomes the nearest inside.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        let edge = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Timestamp::from_millisecond(self.0).unwrap_or(edge)
    }

    /// The stamp as the `Date` header has it (RFC 9110, section 5.6.7), whole seconds.
    #[must_use]
    pub fn http_date(self) -> String {
        let printed = PRINTER.timestamp_to_rfc9110_string(&self.timestamp());
        // No such date has a year before 0; no clock shows one unless a test sets it there.
        printed.unwrap_or_else(|_| "Sat, 01 Jan 0000 00:00:00 GMT".to_owned())
    }
}

impl From<Timestamp> for Stamp {
    fn from(timestamp: Timestamp) -> Self {
        // Truncated, not rounded (docs/wire.md#stamps).
        Self(timestamp.as_nanosecond().div_euclid(1_000_000) as i64)
    }
}

impl std::fmt::Display for Stamp {
    /// RFC 3339 in UTC with three decimals, as JavaScript writes dates.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:.3}", self.timestamp())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The two times at which something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since the start or reset of the world.
    pub elapsed: Duration,
    /// What the server's wall clock shows.
    pub wall: Stamp,
}

/// Whether time passes by itself.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Time passes as it does outside.
    #[default]
    Real,
    /// Time moves only when it is told to.
    Manual,
}

/// A world's clock: turns the time outside into the world's [`Moment`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use crisp_mock_server::clock::{Clock, Mode, Stamp};
///
/// let mut clock = Clock::new(Mode::Manual, Stamp(1_000_000), Duration::ZERO);
/// clock.advance(Duration::from_secs(20));
/// let moment = clock.now(Duration::from_secs(3_600)); // the time outside does not matter
/// assert_eq!(moment.elapsed, Duration::from_secs(20));
/// assert_eq!(moment.wall, Stamp(1_020_000));
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    mode: Mode,
    /// What the wall showed when nothing had elapsed yet.
    wall_at_start: Stamp,
    /// The time outside at the start or reset, on whatever monotonic scale the caller uses.
    outside_at_start: Duration,
    /// Moved by hand so far.
    advanced: Duration,
    /// Milliseconds that the wall runs ahead (or behind, when negative).
    skew: i64,
}

impl Clock {
    /// A clock at its start: the wall shows `wall`, and the time outside is `outside`.
    #[must_use]
    pub fn new(mode: Mode, wall: Stamp, outside: Duration) -> Self {
        Self {
            mode,
            wall_at_start: wall,
            outside_at_start: outside,
            advanced: Duration::ZERO,
            skew: 0,
        }
    }

    /// The moment in this world when the time outside is `outside`.
    #[must_use]
    pub fn now(&self, outside: Duration) -> Moment {
        let passed = match self.mode {
            Mode::Real => outside.saturating_sub(self.outside_at_start),
            Mode::Manual => Duration::ZERO,
        };
        let elapsed = passed.saturating_add(self.advanced);
        let wall = self.wall_at_start.plus(elapsed);
        Moment { elapsed, wall: Stamp(wall.0.saturating_add(self.skew)) }
    }

    /// Whether time passes by itself.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What the wall showed at the start.
    #[must_use]
    pub fn wall_at_start(&self) -> Stamp {
        self.wall_at_start
    }

    /// Moves elapsed and wall time forward, under either mode.
    pub fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }

    /// Moves the wall alone by so many milliseconds; waits do not notice.
    pub fn skew(&mut self, by_millis: i64) {
        self.skew = self.skew.saturating_add(by_millis);
    }

    /// Makes the wall show `wall` now; waits do not notice.
    pub fn set(&mut self, wall: Stamp, outside: Duration) {
        self.skew = self.skew.saturating_add(wall.0.saturating_sub(self.now(outside).wall.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    #[test]
    fn setting_the_wall_leaves_elapsed_time_alone() {
        let mut clock = Clock::new(Mode::Real, Stamp(0), HOUR);
        clock.set(Stamp(-5_000), 2 * HOUR);
        let moment = clock.now(2 * HOUR + Duration::from_secs(1));
        assert_eq!(moment.elapsed, HOUR + Duration::from_secs(1));
        assert_eq!(moment.wall, Stamp(-4_000));
    }

    #[test]
    fn a_real_clock_can_be_advanced_too() {
        let mut clock = Clock::new(Mode::Real, Stamp(0), Duration::ZERO);
        clock.advance(HOUR);
        assert_eq!(clock.now(HOUR).elapsed, 2 * HOUR);
    }

    #[test]
    fn absurd_jumps_saturate() {
        let mut clock = Clock::new(Mode::Manual, Stamp(i64::MAX), Duration::MAX);
        clock.advance(Duration::MAX);
        clock.skew(i64::MIN);
        clock.skew(i64::MIN);
        clock.set(Stamp(i64::MAX), Duration::MAX);
        assert!(!clock.now(Duration::MAX).wall.http_date().is_empty());
    }

    #[test]
    fn dates_are_written_as_the_wire_wants_them() {
        let stamp = Stamp(1_519_923_600_007);
        assert_eq!(stamp.to_string(), "2018-03-01T17:00:00.007Z");
        assert_eq!(stamp.http_date(), "Thu, 01 Mar 2018 17:00:00 GMT");
    }
}
