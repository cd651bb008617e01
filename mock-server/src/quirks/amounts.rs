//! Values that are a duration, a size, a status or a text.

use std::fmt;
use std::time::Duration;

use super::value::{Value, among};
use crate::duration;

/// Splits `kind:duration`.
fn timed(text: &str) -> Option<(&str, Duration)> {
    let (kind, time) = text.split_once(':')?;
    Some((kind, duration::parse(time).ok()?))
}

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

impl Value for Horizon {
    fn expected() -> String {
        "`unlimited`, `refuse:30d` or `partial:30d`".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        match (text, timed(text)) {
            ("unlimited", _) => Some(Self::Unlimited),
            (_, Some(("refuse", reach))) => Some(Self::Refuse(reach)),
            (_, Some(("partial", reach))) => Some(Self::Partial(reach)),
            _ => None,
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Unlimited => "unlimited".to_owned(),
            Self::Refuse(reach) => format!("refuse:{}", duration::format(*reach)),
            Self::Partial(reach) => format!("partial:{}", duration::format(*reach)),
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
    /// Answers live so long; a write does not empty it.
    Kept(Duration),
}

impl Value for GetCache {
    fn expected() -> String {
        "`off`, `busted:5s` or `kept:5s`".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        match (text, timed(text)) {
            ("off", _) => Some(Self::Off),
            (_, Some(("busted", life))) => Some(Self::Busted(life)),
            (_, Some(("kept", life))) => Some(Self::Kept(life)),
            _ => None,
        }
    }

    fn write(&self) -> String {
        match self {
            Self::Off => "off".to_owned(),
            Self::Busted(life) => format!("busted:{}", duration::format(*life)),
            Self::Kept(life) => format!("kept:{}", duration::format(*life)),
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

impl Value for QuotaReset {
    fn expected() -> String {
        "`00:00` to `23:00`, or `rolling-24h`".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        if text == "rolling-24h" {
            return Some(Self::Rolling);
        }
        let hour = text.strip_suffix(":00").filter(|digits| digits.len() == 2)?;
        hour.parse().ok().filter(|hour| *hour < 24).map(Self::Hour)
    }

    fn write(&self) -> String {
        match self {
            Self::Hour(hour) => format!("{hour:02}:00"),
            Self::Rolling => "rolling-24h".to_owned(),
        }
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

impl<const UNIT: usize> Value for Limit<UNIT> {
    fn expected() -> String {
        format!("`off` or a number like `100{}`", UNITS[UNIT])
    }

    fn read(text: &str) -> Option<Self> {
        if text == "off" {
            return Some(Self(None));
        }
        let most = text.strip_suffix(UNITS[UNIT])?.trim().parse().ok();
        most.filter(|most| *most > 0).map(|most| Self(Some(most)))
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

/// How many websites a development token sees: those called w1 up to this number. None: it is
/// like any other token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DevelopmentToken(pub Option<u32>);

impl DevelopmentToken {
    /// Requests a day with such a token: one third party was told so (docs/wire.md#quota).
    pub const QUOTA: u64 = 400;
}

impl Value for DevelopmentToken {
    fn expected() -> String {
        "`like-production`, or the number of trusted websites like `trusted:2`".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        if text == "like-production" {
            return Some(Self(None));
        }
        Some(Self(Some(text.strip_prefix("trusted:")?.parse().ok()?)))
    }

    fn write(&self) -> String {
        self.0.map_or_else(|| "like-production".to_owned(), |most| format!("trusted:{most}"))
    }
}

/// How long a write stays out of sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag(pub Duration);

/// The longest lag: as far back as the engine remembers, which bounds the fault `stale` too.
pub const LONGEST_LAG: Duration = Duration::from_secs(600);

impl Value for Lag {
    fn expected() -> String {
        "a duration of at most 10m, like `1500ms`".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        duration::parse(text).ok().filter(|lag| *lag <= LONGEST_LAG).map(Self)
    }

    fn write(&self) -> String {
        duration::format(self.0)
    }
}

/// How far the server's wall clock is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockOffset {
    /// Milliseconds ahead, or behind when negative.
    pub millis: i64,
}

impl Value for ClockOffset {
    fn expected() -> String {
        "a signed duration like `-60s`".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        let millis = duration::parse_signed(text).ok()?.as_millis();
        Some(Self { millis: i64::try_from(millis).ok()? })
    }

    fn write(&self) -> String {
        let sign = if self.millis < 0 { "-" } else { "" };
        format!("{sign}{}", duration::format(Duration::from_millis(self.millis.unsigned_abs())))
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

impl Value for PageSize {
    fn expected() -> String {
        "a number from 1 to 100".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|size| (1..=100).contains(size)).map(Self)
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}

/// A `reason`: either the one of each route, or one text for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason(pub Option<String>);

impl Value for Reason {
    fn expected() -> String {
        "`specific`, or a reason in lower_snake_case".to_owned()
    }

    fn read(text: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if text == "specific" {
            return Some(Self(None));
        }
        let fits = !text.is_empty() && text.len() <= 64 && text.chars().all(plain);
        fits.then(|| Self(Some(text.to_owned())))
    }

    fn write(&self) -> String {
        self.0.clone().unwrap_or_else(|| "specific".to_owned())
    }
}

/// One of two or three HTTP statuses, the default first; 0 where there is no third.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status<const A: u16, const B: u16, const C: u16 = 0>(u16);

impl<const A: u16, const B: u16, const C: u16> Status<A, B, C> {
    fn all() -> impl Iterator<Item = u16> {
        [A, B, C].into_iter().filter(|code| *code > 0)
    }

    /// The status as a number.
    #[must_use]
    pub fn code(self) -> u16 {
        self.0
    }
}

impl<const A: u16, const B: u16, const C: u16> Default for Status<A, B, C> {
    fn default() -> Self {
        Self(A)
    }
}

impl<const A: u16, const B: u16, const C: u16> Value for Status<A, B, C> {
    fn expected() -> String {
        among(Self::all())
    }

    fn read(text: &str) -> Option<Self> {
        let given: u16 = text.parse().ok()?;
        Self::all().find(|code| *code == given).map(Self)
    }

    fn write(&self) -> String {
        self.0.to_string()
    }
}
