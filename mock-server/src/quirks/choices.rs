//! Quirks that are a choice between named values.

use std::fmt;
use std::str::FromStr;

/// A quirk's value did not fit; says what would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` does not fit: choose {expected}")]
pub struct InvalidValue {
    given: String,
    expected: String,
}

impl InvalidValue {
    pub(super) fn new(given: &str, expected: impl Into<String>) -> Self {
        Self { given: given.chars().take(60).collect(), expected: expected.into() }
    }
}

impl From<crate::schema::UnknownDraft> for InvalidValue {
    fn from(unknown: crate::schema::UnknownDraft) -> Self {
        Self::new(&unknown.0, "`draft-04`, `draft-06`, `draft-07`, `2019-09` or `2020-12`")
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
