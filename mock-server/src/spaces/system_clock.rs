//! The machine's clocks: the only file of this crate that reads them.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::space::Outside;

static START: LazyLock<Instant> = LazyLock::new(now);

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
fn now() -> Instant {
    Instant::now()
}

/// Monotonic time since this process first asked.
#[must_use]
pub fn elapsed() -> Duration {
    START.elapsed()
}

/// Whole milliseconds, as an atomic can hold them.
#[must_use]
pub fn in_millis(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

/// Both of the machine's times now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clocks")]
pub fn outside() -> Outside {
    Outside { elapsed: elapsed(), wall: Timestamp::now().into() }
}
