//! Rates as people write them: `100B/s`, `1kB/s`.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use crate::document::{Complaint, TextForm, complain, shortened, text_form};

/// How fast a body trickles: whole bytes a second, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(pub NonZeroU64);

/// Longest first, so that `kB/s` is not read as `B/s` with a stray `k`.
const RATE_UNITS: [(&str, u64); 5] =
    [("KiB/s", 1 << 10), ("MiB/s", 1 << 20), ("kB/s", 1_000), ("MB/s", 1_000_000), ("B/s", 1)];

impl Rate {
    /// Reads `100B/s`, `1 kB/s`, `2MB/s`, `64KiB/s`; nothing for any other text or a rate of zero.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (number, unit) =
            RATE_UNITS.iter().find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)))?;
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

text_form!(Rate);

impl TextForm for Rate {
    const NAME: &'static str = "Rate";
    const WANTED: &'static str = "a rate";
    const HINT: &'static str = "write bytes a second: `100B/s`, `1kB/s`";

    fn pattern() -> String {
        "^ *0*[1-9][0-9]* *([kKM]i?)?B/s *$".to_owned()
    }

    fn read(text: &str) -> Result<Self, Complaint> {
        let rate = Self::parse(text).map(Ok);
        rate.unwrap_or_else(|| complain(format!("`{}` is not a rate", shortened(text)), Self::HINT))
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
    fn rates_are_read_and_written() {
        for (text, bytes) in [("100B/s", 100), ("1kB/s", 1_000), ("2 MB/s", 2_000_000)] {
            assert_eq!(Rate::parse(text).map(|rate| rate.0.get()), Some(bytes));
        }
        assert_eq!(Rate::parse("64KiB/s").map(|rate| rate.0.get()), Some(65_536));
        for text in ["0B/s", "100", "B/s", "1.5kB/s", "-1B/s", "99999999999999999999B/s"] {
            assert_eq!(Rate::parse(text), None, "{text} was accepted");
        }
    }

    proptest! {
        #[test]
        fn a_written_rate_is_read_back(bytes in 1..u64::MAX) {
            let rate = NonZeroU64::new(bytes).map(Rate);
            prop_assert_eq!(rate.and_then(|rate| Rate::parse(&rate.to_string())), rate);
        }
    }
}
