//! How the times of a history relate to a clock on a wall.

use std::time::Duration;

use jiff::Timestamp;

use crate::words::{LATENCY, START};

/// The times of a history are in the scenario's own time. In virtual time that is the server's; in real
/// time so much real time stands for so much of the scenario's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// What the true time was at the start.
    pub start: Timestamp,
    /// How much of the scenario's time one second on the wall stands for, in seconds.
    pub stretch: f64,
    /// An answer that took no longer than this came at once, in the scenario's time.
    pub at_once: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            start: START,
            stretch: 1.0,
            // Arrivals are rounded up to a millisecond.
            at_once: LATENCY + Duration::from_millis(1),
        }
    }
}

impl Timing {
    /// How far a date is from the start, in seconds of the scenario's time; negative before it.
    #[must_use]
    pub fn since_start(&self, date: Timestamp) -> f64 {
        let millis = date.as_millisecond() - self.start.as_millisecond();
        millis as f64 / 1000.0 * self.stretch
    }
}
