//! Spans of time in a plan: whole milliseconds, and not absurdly long.

use std::time::Duration;

use super::target::Complaint;
use crate::duration;

/// Longer than any test, and short enough that no sum of a few can overflow: 366 days.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);
const HINT: &str = "write a number and a unit: `5s`, `250ms`, `1m30s`";

fn wrong<T>(message: String) -> Result<T, Complaint> {
    Err((message, Some(HINT.to_owned())))
}

/// Reads a span that is not negative.
pub(super) fn read_span(text: &str) -> Result<Duration, Complaint> {
    let short: String = text.chars().take(40).collect();
    let Ok(span) = duration::parse(text) else {
        let negative = duration::parse_signed(text).is_ok();
        let what = if negative { "is negative" } else { "is not a duration" };
        return wrong(format!("`{short}` {what}"));
    };
    if span > LONGEST {
        wrong(format!("`{short}` is longer than a year"))
    } else if span.subsec_nanos() % 1_000_000 != 0 {
        wrong(format!("`{short}` is finer than a millisecond"))
    } else {
        Ok(span)
    }
}

/// Reads a span that is not nothing either.
pub(super) fn read_wait(key: &str, text: &str) -> Result<Duration, Complaint> {
    match read_span(text)? {
        Duration::ZERO => wrong(format!("a {key} of nothing changes nothing")),
        span => Ok(span),
    }
}

/// Reads how far a clock is moved: milliseconds with a sign, not zero.
pub(super) fn read_shift(key: &str, text: &str) -> Result<i64, Complaint> {
    let (sign, size) = match text.trim().as_bytes() {
        [b'-', ..] => (-1, &text.trim()[1..]),
        [b'+', ..] => (1, &text.trim()[1..]),
        _ => (1, text.trim()),
    };
    let size = read_wait(key, size)
        .map_err(|(message, _)| (message, Some("write `-60s` or `+1m30s`".to_owned())))?;
    // At most a year, so it fits.
    Ok(sign * i64::try_from(size.as_millis()).unwrap_or(i64::MAX))
}

/// Writes milliseconds with their sign: `-1m`, `+90ms`.
pub(super) fn write_shift(millis: i64) -> String {
    let sign = if millis < 0 { '-' } else { '+' };
    let size = duration::format(Duration::from_millis(millis.unsigned_abs()));
    format!("{sign}{size}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_no_wait_can_be_is_refused() {
        for text in ["", "5", "-5s", "--5s", "+-5s", "1us", "367 days", "9e99s"] {
            assert!(read_span(text).is_err(), "{text} was accepted");
            assert!(read_shift("skew", &format!("-{text}")).is_err(), "-{text} was accepted");
        }
    }

    proptest! {
        #[test]
        fn a_written_shift_is_read_back(millis in -31_000_000_000_i64..31_000_000_000) {
            prop_assume!(millis != 0);
            prop_assert_eq!(read_shift("skew", &write_shift(millis)), Ok(millis));
        }
    }
}
