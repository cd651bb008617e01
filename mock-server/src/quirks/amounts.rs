//! Quirks that are a duration, a size or a text.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::choices::InvalidValue;
use crate::duration;

/// How far back the differential reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Horizon {
    /// To the beginning.
    #[default]
    Unlimited,
    /// So far; an older date is refused with 400.
    Refuse(Duration),
    /// So far; an older date brings only what is younger.
    Partial(Duration),
}

impl fmt::Display for Horizon {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlimited => out.write_str("unlimited"),
            Self::Refuse(reach) => write!(out, "refuse:{}", duration::format(*reach)),
            Self::Partial(reach) => write!(out, "partial:{}", duration::format(*reach)),
        }
    }
}

impl FromStr for Horizon {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new(text, "`unlimited`, `refuse:30d` or `partial:30d`");
        let (kind, reach) = match text.split_once(':') {
            None if text == "unlimited" => return Ok(Self::Unlimited),
            None => return Err(invalid()),
            Some((kind, reach)) => (kind, duration::parse(reach).map_err(|_| invalid())?),
        };
        match kind {
            "refuse" => Ok(Self::Refuse(reach)),
            "partial" => Ok(Self::Partial(reach)),
            _ => Err(invalid()),
        }
    }
}

/// The cache in front of GET and HEAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GetCache {
    /// None.
    #[default]
    Off,
    /// Answers live so long, or until a write.
    Busted(Duration),
    /// Answers live so long, whatever is written.
    Kept(Duration),
}

impl fmt::Display for GetCache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => out.write_str("off"),
            Self::Busted(life) => write!(out, "busted:{}", duration::format(*life)),
            Self::Kept(life) => write!(out, "kept:{}", duration::format(*life)),
        }
    }
}

impl FromStr for GetCache {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new(text, "`off`, `busted:5s` or `kept:5s`");
        let (kind, life) = match text.split_once(':') {
            None if text == "off" => return Ok(Self::Off),
            None => return Err(invalid()),
            Some((kind, life)) => (kind, duration::parse(life).map_err(|_| invalid())?),
        };
        match kind {
            "busted" => Ok(Self::Busted(life)),
            "kept" => Ok(Self::Kept(life)),
            _ => Err(invalid()),
        }
    }
}

/// When the daily quota starts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaReset {
    /// Every day at this hour, UTC.
    Hour(u8),
    /// Each request is forgotten 24 hours after it.
    Rolling,
}

impl Default for QuotaReset {
    fn default() -> Self {
        Self::Hour(0)
    }
}

impl fmt::Display for QuotaReset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hour(hour) => write!(out, "{hour:02}:00"),
            Self::Rolling => out.write_str("rolling-24h"),
        }
    }
}

impl FromStr for QuotaReset {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text == "rolling-24h" {
            return Ok(Self::Rolling);
        }
        let hour = text.strip_suffix(":00").filter(|digits| digits.len() == 2);
        let hour = hour.and_then(|digits| digits.parse().ok()).filter(|hour| *hour < 24);
        hour.map(Self::Hour)
            .ok_or_else(|| InvalidValue::new(text, "`00:00` to `23:00`, or `rolling-24h`"))
    }
}

/// A size or rate that can be off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limit<const UNIT: usize>(pub Option<u32>);

/// What the number in a [`Limit`] counts, as it is written behind it.
const UNITS: [&str; 2] = ["KiB", "/s"];
/// Largest body, in KiB.
pub type BodyLimit = Limit<0>;
/// Requests a second at the edge.
pub type EdgeLimit = Limit<1>;

impl<const UNIT: usize> fmt::Display for Limit<UNIT> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => out.write_str("off"),
            Some(most) => write!(out, "{most}{}", UNITS[UNIT]),
        }
    }
}

impl<const UNIT: usize> FromStr for Limit<UNIT> {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text == "off" {
            return Ok(Self(None));
        }
        let most = text.strip_suffix(UNITS[UNIT]).and_then(|digits| digits.trim().parse().ok());
        most.filter(|most| *most > 0).map(|most| Self(Some(most))).ok_or_else(|| {
            InvalidValue::new(text, format!("`off` or a number like `100{}`", UNITS[UNIT]))
        })
    }
}

/// How long a write stays out of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag(pub Duration);

impl fmt::Display for Lag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&duration::format(self.0))
    }
}

/// The longest lag: as far back as the engine remembers (product surface §4, `stale`).
pub const LONGEST_LAG: Duration = Duration::from_secs(600);

impl FromStr for Lag {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let lag = duration::parse(text).ok().filter(|lag| *lag <= LONGEST_LAG);
        lag.map(Self)
            .ok_or_else(|| InvalidValue::new(text, "a duration of at most 10m, like `1500ms`"))
    }
}

/// How far the server's wall clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockOffset {
    /// Milliseconds ahead, or behind when negative.
    pub millis: i64,
}

impl fmt::Display for ClockOffset {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.millis < 0 { "-" } else { "" };
        write!(out, "{sign}{}", duration::format(Duration::from_millis(self.millis.unsigned_abs())))
    }
}

impl FromStr for ClockOffset {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let offset = duration::parse_signed(text).ok();
        let millis = offset.and_then(|offset| i64::try_from(offset.as_millis()).ok());
        millis
            .map(|millis| Self { millis })
            .ok_or_else(|| InvalidValue::new(text, "a signed duration like `-60s`"))
    }
}

/// How many websites a page of the list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(pub u32);

impl Default for PageSize {
    fn default() -> Self {
        Self(20)
    }
}

impl fmt::Display for PageSize {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for PageSize {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let size = text.parse().ok().filter(|size| (1..=100).contains(size));
        size.map(Self).ok_or_else(|| InvalidValue::new(text, "a number from 1 to 100"))
    }
}

/// A `reason`: either the one of each route, or one text for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason(pub Option<String>);

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0.as_deref().unwrap_or("specific"))
    }
}

impl FromStr for Reason {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if text == "specific" {
            Ok(Self(None))
        } else if !text.is_empty() && text.len() <= 64 && text.chars().all(plain) {
            Ok(Self(Some(text.to_owned())))
        } else {
            Err(InvalidValue::new(text, "`specific`, or a reason in lower_snake_case"))
        }
    }
}
