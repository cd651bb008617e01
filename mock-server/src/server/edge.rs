//! The one place that reads the machine's clocks.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::space::Outside;

static START: LazyLock<Instant> = LazyLock::new(now);

#[expect(clippy::disallowed_methods, reason = "this is the edge")]
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

/// What time it is outside.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the edge")]
pub fn outside() -> Outside {
    Outside { elapsed: elapsed(), wall: Timestamp::now().into() }
}
