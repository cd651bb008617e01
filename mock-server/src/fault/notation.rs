//! Durations and rates as people write them: `5s`, `1m30s`, `2 min`, `PT5S`, `100B/s`.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use jiff::SignedDuration;

/// Longer than any test and short enough that sums of a few never overflow: 366 days.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3_600);

/// A text that is no duration, or one that is out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotADuration {
    /// No number with a unit could be read from it.
    #[error("`{0}` is not a duration")]
    Unreadable(String),
    /// A wait cannot be negative.
    #[error("`{0}` is negative")]
    Negative(String),
    /// Beyond 366 days.
    #[error("`{0}` is longer than 366 days")]
    TooLong(String),
}

/// Reads a duration that may not be negative: `5s`, `250ms`, `1m30s`, `2 min`, `1h`, `PT1M30S`.
///
/// # Errors
///
/// When the text has no unit, is negative, or is beyond 366 days.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use crisp_mock_server::fault::parse_duration;
///
/// assert_eq!(parse_duration("1m30s"), Ok(Duration::from_secs(90)));
/// assert!(parse_duration("90").is_err());
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, NotADuration> {
    let signed = read(text)?;
    Duration::try_from(signed).map_err(|_| NotADuration::Negative(excerpt(text)))
}

/// Reads a duration with an optional sign, as whole milliseconds: `-60s`, `+90s`.
///
/// # Errors
///
/// When the text has no unit or is beyond 366 days either way.
pub fn parse_signed_duration(text: &str) -> Result<i64, NotADuration> {
    let millis = read(text)?.as_millis();
    i64::try_from(millis).map_err(|_| NotADuration::TooLong(excerpt(text)))
}

fn read(text: &str) -> Result<SignedDuration, NotADuration> {
    // The parser below also knows `5s ago`, which would be an odd way to write a wait.
    if text.contains("ago") {
        return Err(NotADuration::Unreadable(excerpt(text)));
    }
    let signed: SignedDuration = text
        .trim()
        .parse()
        .map_err(|_| NotADuration::Unreadable(excerpt(text)))?;
    if signed.unsigned_abs() > LONGEST {
        return Err(NotADuration::TooLong(excerpt(text)));
    }
    Ok(signed)
}

fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Writes a duration so that [`parse_duration`] reads it back, in the largest unit that leaves no
/// fraction: `90s`, `2m`, `250ms`, `0s`.
#[must_use]
pub fn write_duration(duration: Duration) -> String {
    const UNITS: [(u128, &str); 5] = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
    ];
    let nanos = duration.as_nanos();
    if nanos == 0 {
        return "0s".to_owned();
    }
    let whole = UNITS.iter().find(|(size, _)| nanos.is_multiple_of(*size));
    let (size, unit) = whole.unwrap_or(&(1, "ns"));
    format!("{}{unit}", nanos / size)
}

/// Writes milliseconds with their sign, as [`parse_signed_duration`] reads them: `-1m`, `+90ms`.
#[must_use]
pub fn write_millis(millis: i64) -> String {
    let sign = if millis < 0 { '-' } else { '+' };
    let size = write_duration(Duration::from_millis(millis.unsigned_abs()));
    format!("{sign}{size}")
}

/// How fast a body trickles: whole bytes a second, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub NonZeroU64);

/// Longest first, so that `kB/s` is not read as `B/s` with a stray `k`.
const RATE_UNITS: [(&str, u64); 5] = [
    ("KiB/s", 1 << 10),
    ("MiB/s", 1 << 20),
    ("kB/s", 1_000),
    ("MB/s", 1_000_000),
    ("B/s", 1),
];

impl Rate {
    /// Reads `100B/s`, `1 kB/s`, `2MB/s`, `64KiB/s`; nothing for any other text or a rate of zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (number, unit) = RATE_UNITS
            .iter()
            .find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)))?;
        let number = number.trim_end();
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let bytes = number.parse::<u64>().ok()?.checked_mul(unit)?;
        NonZeroU64::new(bytes).map(Self)
    }

    /// When the first `bytes` bytes are through, counted from the start of the body.
    #[must_use]
    pub fn time_for(self, bytes: u64) -> Duration {
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.0.get());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.get();
        match bytes {
            _ if bytes.is_multiple_of(1_000_000) => write!(out, "{}MB/s", bytes / 1_000_000),
            _ if bytes.is_multiple_of(1_000) => write!(out, "{}kB/s", bytes / 1_000),
            _ => write!(out, "{bytes}B/s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_in_words_and_as_iso_8601() {
        let cases = [
            ("5s", 5_000),
            ("250ms", 250),
            ("1m30s", 90_000),
            ("2 min", 120_000),
            ("1h 30m", 5_400_000),
            ("1.5s", 1_500),
            ("PT1M30S", 90_000),
            ("10 seconds", 10_000),
            ("0s", 0),
        ];
        for (text, millis) in cases {
            let expected = Ok(Duration::from_millis(millis));
            assert_eq!(parse_duration(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "5",
            "s",
            "5 parsecs",
            "5s ago",
            "-5s",
            "1e9s",
            "9999999h",
        ] {
            assert!(parse_duration(text).is_err(), "{text} was accepted");
        }
    }

    #[test]
    fn signs_are_kept() {
        assert_eq!(parse_signed_duration("-60s"), Ok(-60_000));
        assert_eq!(parse_signed_duration("+90s"), Ok(90_000));
        assert_eq!(write_millis(-60_000), "-1m");
    }

    #[test]
    fn rates_are_read_and_written() {
        for (text, bytes) in [("100B/s", 100), ("1kB/s", 1_000), ("2 MB/s", 2_000_000)] {
            assert_eq!(Rate::parse(text).map(|rate| rate.0.get()), Some(bytes));
        }
        assert_eq!(
            Rate::parse("64KiB/s").map(|rate| rate.0.get()),
            Some(65_536)
        );
        for text in [
            "0B/s",
            "100",
            "B/s",
            "1.5kB/s",
            "-1B/s",
            "99999999999999999999B/s",
        ] {
            assert_eq!(Rate::parse(text), None, "{text} was accepted");
        }
    }

    proptest! {
        #[test]
        fn a_written_duration_is_read_back(nanos in 0_u64..366 * 24 * 3_600 * 1_000_000_000) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse_duration(&write_duration(duration)), Ok(duration));
        }

        #[test]
        fn written_milliseconds_are_read_back(millis in -31_000_000_000_i64..31_000_000_000) {
            prop_assert_eq!(parse_signed_duration(&write_millis(millis)), Ok(millis));
        }

        #[test]
        fn a_written_rate_is_read_back(bytes in 1..u64::MAX) {
            let rate = NonZeroU64::new(bytes).map(Rate);
            prop_assert_eq!(rate.and_then(|rate| Rate::parse(&rate.to_string())), rate);
        }
    }
}
