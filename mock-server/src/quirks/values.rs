//! The values that quirks can take.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::duration;

/// A quirk's value did not fit; says what would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` does not fit: choose {expected}")]
pub struct InvalidValue {
    given: String,
    expected: String,
}

impl InvalidValue {
    fn new(given: &str, expected: impl Into<String>) -> Self {
        Self {
            given: given.chars().take(60).collect(),
            expected: expected.into(),
        }
    }
}

impl From<crate::schema::UnknownDraft> for InvalidValue {
    fn from(unknown: crate::schema::UnknownDraft) -> Self {
        Self::new(
            &unknown.0,
            "`draft-04`, `draft-06`, `draft-07`, `2019-09` or `2020-12`",
        )
    }
}

/// Declares an enum whose first variant is the default and whose variants have short texts.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            const TEXTS: &[(&'static str, Self)] = &[$(($text, Self::$variant)),+];
        }

        impl Default for $name {
            fn default() -> Self {
                Self::TEXTS[0].1
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(match self { $(Self::$variant => $text),+ })
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                let found = Self::TEXTS.iter().find(|(known, _)| *known == text);
                found.map(|(_, value)| *value).ok_or_else(|| {
                    let texts: Vec<_> = Self::TEXTS.iter().map(|(text, _)| format!("`{text}`")).collect();
                    InvalidValue::new(text, texts.join(" or "))
                })
            }
        }
    };
}

/// Declares a choice between HTTP statuses; the first is the default.
macro_rules! status_choice {
    ($(#[$doc:meta])* $name:ident [$($status:literal),+]) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name(u16);

        impl $name {
            /// The status as a number.
            #[must_use]
            pub fn code(self) -> u16 {
                self.0
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self([$($status),+][0])
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                let known = [$($status),+];
                let found = text.parse().ok().filter(|code| known.contains(code));
                found.map(Self).ok_or_else(|| {
                    let texts: Vec<_> = known.iter().map(|code| format!("`{code}`")).collect();
                    InvalidValue::new(text, texts.join(" or "))
                })
            }
        }
    };
}

status_choice!(/// Status of a refusal for the route's tier.
    TierRefusalStatus[403, 401, 404]);
status_choice!(/// Status of a page of the list.
    ListStatus[206, 200]);
status_choice!(/// Status of the differential.
    SinceStatus[200, 206]);
status_choice!(/// Status of a refused save.
    InvalidSaveStatus[400, 422]);
status_choice!(/// Status once the daily quota is spent.
    QuotaStatus[429, 420]);
status_choice!(/// Status when the edge throttles.
    EdgeStatus[420, 429]);
status_choice!(/// Status of the session check with a bad key.
    SessionRefusalStatus[401, 403, 404]);

choice!(
    /// What page 0, or no page at all, means.
    PageZero {
        /// The same as page 1.
        AsFirst = "as-first",
        /// 404.
        NotFound = "not-found",
        /// An empty page.
        Empty = "empty",
        /// Pages are numbered from 0; no page means page 0.
        ZeroBased = "zero-based",
    }
);
choice!(
    /// What a page past the end brings.
    PastTheEnd {
        /// An empty array.
        Empty = "empty",
        /// 404.
        NotFound = "not-found",
    }
);
choice!(
    /// The order of the list, and its stability while it is paged.
    ListOrder {
        /// By time of installation, oldest first, by offset: removals shift the pages.
        OldestFirst = "oldest-first",
        /// By time of installation, newest first: installs shift the pages.
        NewestFirst = "newest-first",
        /// By website id.
        ById = "by-id",
        /// Oldest first; page 1 takes a snapshot that later pages read from.
        Snapshot = "snapshot",
    }
);
choice!(
    /// Whether a change stamped exactly `date_since` is reported.
    SinceBoundary {
        /// It is.
        Inclusive = "inclusive",
        /// It is not.
        Exclusive = "exclusive",
    }
);
choice!(
    /// How finely the differential compares stamps.
    SinceGranularity {
        /// To the millisecond.
        Millisecond = "1ms",
        /// Both sides cut down to their second.
        SecondFloor = "1s-floor",
        /// Stamps cut down to their second, the date asked for raised to the next.
        SecondCeil = "1s-ceil",
    }
);
choice!(
    /// What a date that is missing or cannot be read means.
    OddDate {
        /// 400 `invalid_data`.
        Refused = "refused",
        /// The beginning of time: everything is reported.
        Epoch = "epoch",
        /// Now.
        Now = "now",
        /// An empty answer.
        Empty = "empty",
    }
);
choice!(
    /// What a date in the future brings.
    FutureDate {
        /// An empty answer.
        Empty = "empty",
        /// 400 `invalid_data`.
        Refused = "refused",
    }
);
choice!(
    /// How several changes of one website are reported.
    Collapse {
        /// One item with the net difference.
        Net = "net",
        /// One item, tagged by the last change alone: an install and a save make `updated`.
        LastChange = "last-change",
        /// One item for each change, in order, each with the state it left.
        EveryChange = "every-change",
    }
);
choice!(
    /// How a website that left and came back within the window is reported.
    ReAdded {
        /// `added`
        Added = "added",
        /// `updated`
        Updated = "updated",
        /// `removed`, then `added`
        RemovedAndAdded = "removed-and-added",
    }
);
choice!(
    /// What a `removed` item carries.
    RemovedPayload {
        /// The website id and the difference.
        IdOnly = "id-only",
        /// The last token, price and settings too.
        LastKnown = "last-known",
        /// Nulls for them.
        Nulls = "nulls",
    }
);
choice!(
    /// What `filter_configured=1` reports of a website that stopped being configured.
    UnconfiguredUnderFilter {
        /// Nothing.
        Absent = "absent",
        /// `removed`
        Removed = "removed",
    }
);
choice!(
    /// What `filter_configured=1` reports of a website configured for the first time.
    FirstConfigured {
        /// `updated`: its installation is older.
        Updated = "updated",
        /// `added`
        Added = "added",
    }
);
choice!(
    /// When a website counts as configured.
    ConfiguredMeans {
        /// Settings were saved and are not `{}`.
        Saved = "saved",
        /// Its settings satisfy the schema (none at all count as `{}`).
        SchemaValid = "schema-valid",
        /// At least one setting holds more than null, `""`, `[]` or `{}`.
        NonEmpty = "non-empty",
    }
);
choice!(
    /// What stands in place of settings that were never saved.
    UnconfiguredSettings {
        /// `{}`
        Empty = "empty",
        /// `null`
        Null = "null",
        /// No member at all.
        Absent = "absent",
    }
);
choice!(
    /// Whether a change of plan or price is reported as `updated`.
    PlanChange {
        /// It is.
        Updated = "updated",
        /// It is not.
        Silent = "silent",
    }
);
choice!(
    /// What stands in place of the plan of a website that pays nothing.
    FreePlan {
        /// A plan named `Free`.
        Named = "named",
        /// `null`
        Null = "null",
        /// No member at all.
        Absent = "absent",
    }
);
choice!(
    /// The subscription token after a re-installation.
    ReinstallToken {
        /// A new one.
        New = "new",
        /// The one from before.
        Same = "same",
    }
);
choice!(
    /// The settings after a re-installation.
    ReinstallSettings {
        /// None.
        Dropped = "dropped",
        /// Those from before.
        Kept = "kept",
    }
);
choice!(
    /// How deep a PATCH merges.
    MergeDepth {
        /// Top-level members are replaced; null is a value.
        Shallow = "shallow",
        /// Objects merge with objects all the way down; null is a value.
        Deep = "deep",
        /// RFC 7396: as deep, and null deletes.
        Rfc7396 = "rfc7396",
    }
);
choice!(
    /// Whether `format` is an assertion.
    SchemaFormats {
        /// An annotation only.
        Ignored = "ignored",
        /// An assertion.
        Asserted = "asserted",
    }
);
choice!(
    /// What a save that changes nothing brings.
    UnchangedSave {
        /// It is reported as `updated`, with an event.
        Updated = "updated",
        /// Nothing.
        Silent = "silent",
    }
);
choice!(
    /// Whether the plugin's own saves are echoed as events.
    OwnWriteEcho {
        /// They are.
        Echoed = "echoed",
        /// They are not.
        Silent = "silent",
    }
);
choice!(
    /// Whether refused requests count against the quota.
    RefusedCount {
        /// All but 401.
        ExceptUnauthorized = "except-401",
        /// None.
        Never = "never",
    }
);
choice!(
    /// The `Retry-After` of a throttled answer.
    RetryAfter {
        /// None.
        Absent = "absent",
        /// Whole seconds.
        Seconds = "seconds",
        /// An HTTP date.
        Date = "date",
    }
);
choice!(
    /// What a request without `X-Crisp-Tier` counts as.
    MissingTier {
        /// Tier `user`.
        User = "user",
        /// 401.
        Refused = "401",
    }
);
choice!(
    /// Whether answers carry a `Date`.
    DateHeader {
        /// They do.
        Sent = "sent",
        /// They do not.
        None = "none",
    }
);
choice!(
    /// What becomes of a request whose `User-Agent` is none of the official clients'.
    UnknownAgent {
        /// Nothing.
        Ignored = "ignored",
        /// 403.
        Refused = "refused",
    }
);

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
        let hour = hour
            .and_then(|digits| digits.parse().ok())
            .filter(|hour| *hour < 24);
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
        let most = text
            .strip_suffix(UNITS[UNIT])
            .and_then(|digits| digits.trim().parse().ok());
        most.filter(|most| *most > 0)
            .map(|most| Self(Some(most)))
            .ok_or_else(|| {
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
        write!(
            out,
            "{sign}{}",
            duration::format(Duration::from_millis(self.millis.unsigned_abs()))
        )
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
        size.map(Self)
            .ok_or_else(|| InvalidValue::new(text, "a number from 1 to 100"))
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
            Err(InvalidValue::new(
                text,
                "`specific`, or a reason in lower_snake_case",
            ))
        }
    }
}
