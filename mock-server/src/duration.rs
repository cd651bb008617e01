//! Durations as people write them: `250ms`, `5s`, `1m 30s`, `2 days`.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// A text that is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write `250ms`, `5s`, `1m 30s`, `2h` or `3 days`")]
pub struct InvalidDuration(String);

/// The longest that is read, in seconds: a century. No test waits longer, and what is written stays
/// within what can be read.
const LONGEST_SECONDS: i64 = 36_525 * 86_400;

/// Reads a duration that is not negative.
///
/// # Errors
///
/// [`InvalidDuration`] when the text has no unit, an unknown one, or a minus sign.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use crisp_mock_server::duration::parse;
///
/// assert_eq!(parse("1m30s")?, Duration::from_secs(90));
/// assert!(parse("5").is_err());
/// # Ok::<(), crisp_mock_server::duration::InvalidDuration>(())
/// ```
pub fn parse(text: &str) -> Result<Duration, InvalidDuration> {
    let invalid = || InvalidDuration(text.chars().take(40).collect());
    Duration::try_from(parse_signed(text)?).map_err(|_| invalid())
}

/// Reads a duration that may be negative (`-60s`, `+90s`), as clock steps are.
///
/// # Errors
///
/// [`InvalidDuration`] when the text has no unit or an unknown one.
pub fn parse_signed(text: &str) -> Result<SignedDuration, InvalidDuration> {
    let invalid = || InvalidDuration(text.chars().take(40).collect());
    if text.trim() == "0" {
        return Ok(SignedDuration::ZERO);
    }
    let span: Span = text.trim().parse().map_err(|_| invalid())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours());
    duration.ok().filter(|duration| duration.as_secs().abs() <= LONGEST_SECONDS).ok_or_else(invalid)
}

/// Writes a duration in the largest units that keep it exact: `1m30s`, `250ms`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use crisp_mock_server::duration::format;
///
/// assert_eq!(format(Duration::from_millis(90_250)), "1m30s250ms");
/// ```
#[must_use]
pub fn format(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = millis;
    let mut text = String::new();
    for (unit, size) in units {
        if rest >= size {
            text.push_str(&format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for millis in [0, 1, 999, 1_000, 61_001, 3_600_000, 86_400_000 * 31 + 5] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse(&format(duration)), Ok(duration));
        }
    }

    #[test]
    fn people_may_write_spaces_and_long_units() {
        assert_eq!(parse("2 days"), Ok(Duration::from_secs(172_800)));
        assert_eq!(parse("1h 30min"), Ok(Duration::from_secs(5_400)));
        assert_eq!(parse_signed("-60s"), Ok(SignedDuration::from_secs(-60)));
        assert_eq!(parse_signed("+90s"), Ok(SignedDuration::from_secs(90)));
    }

    #[test]
    fn what_has_no_unit_or_sense_is_refused() {
        for text in ["", "5", "-1s", "five", "1 month", "99999999999999999999s", "200000000h"] {
            assert!(parse(text).is_err(), "{text:?} was accepted");
        }
    }
}
