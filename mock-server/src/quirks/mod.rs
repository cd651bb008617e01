//! The quirks: what the real API leaves undocumented, each with a default and a reason.
//!
//! Crisp publishes no contract for these details, so each is a switch. The numbers are those of
//! the wire specification, §8. [`Quirks::set`] takes any quirk by its short name; [`TABLE`] lists
//! them all, and `docs/quirks.md` is written from it.

mod amounts;
mod choices;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use amounts::*;
pub use choices::*;

use crate::schema::{Draft, Rules};

/// What the documentation says of one quirk.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its number in the specification, §8.
    pub number: u8,
    /// Its short name.
    pub name: &'static str,
    /// The question that no document answers.
    pub question: &'static str,
    /// The values besides the default, as a person writes them.
    pub alternatives: &'static [&'static str],
    /// Why the default is what it is.
    pub why: &'static str,
}

/// A quirk was named or valued wrongly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuirkError {
    /// No quirk has that name.
    #[error(
        "there is no quirk `{name}`; the nearest is `{nearest}` (docs/quirks.md lists them all)"
    )]
    Unknown {
        /// The name as it was given.
        name: String,
        /// The nearest that exists.
        nearest: &'static str,
    },
    /// The quirk cannot have that value.
    #[error("quirk `{name}`: {source}")]
    Value {
        /// The quirk's name.
        name: &'static str,
        /// What would fit.
        source: InvalidValue,
    },
}

macro_rules! quirks {
    ($($number:literal $field:ident: $type:ty = $name:literal [$($alternative:literal),+]
        $question:literal $why:literal;)+) => {
        /// Every quirk with its value.
        ///
        /// # Examples
        ///
        /// ```
        /// use crisp_mock_server::quirks::{Quirks, SinceBoundary};
        ///
        /// let mut quirks = Quirks::default();
        /// quirks.set("since-boundary", "exclusive")?;
        /// assert_eq!(quirks.since_boundary, SinceBoundary::Exclusive);
        /// assert!(quirks.set("since-bondary", "exclusive").is_err());
        /// # Ok::<(), crisp_mock_server::quirks::QuirkError>(())
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct Quirks {
            $(#[doc = concat!($question, " (`", $name, "`, specification §8.", $number, ")")]
            pub $field: $type,)+
        }

        /// All quirks, in the order of the specification.
        pub const TABLE: &[About] = &[$(About {
            number: $number,
            name: $name,
            question: $question,
            alternatives: &[$($alternative),+],
            why: $why,
        }),+];

        impl Quirks {
            /// Sets one quirk by its short name; `_` may stand for `-`.
            ///
            /// # Errors
            ///
            /// [`QuirkError`] when no quirk has that name, or it cannot have that value.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), QuirkError> {
                match name.replace('_', "-").as_str() {
                    $($name => {
                        self.$field = value.parse().map_err(|error: <$type as std::str::FromStr>::Err| {
                            QuirkError::Value { name: $name, source: error.into() }
                        })?;
                        Ok(())
                    })+
                    unknown => Err(QuirkError::Unknown {
                        name: unknown.chars().take(60).collect(),
                        nearest: nearest(unknown),
                    }),
                }
            }

            /// Every quirk's name and value, in the order of [`TABLE`].
            #[must_use]
            pub fn values(&self) -> Vec<(&'static str, String)> {
                vec![$(($name, self.$field.to_string())),+]
            }
        }
    };
}

quirks! {
    1 tier_refusal_status: TierRefusalStatus = "tier-refusal-status" ["401", "404"]
        "Which status comes with `restricted_route_tier`?"
        "`not_allowed` is 403 in the published excerpt.";
    2 list_status: ListStatus = "list-status" ["200"]
        "Which status does a page of the list have?"
        "Paged lists of the published excerpt are 206.";
    3 since_status: SinceStatus = "since-status" ["206"]
        "Which status does the differential have?"
        "It is not paged.";
    4 write_reason: Reason = "write-reason" ["resolved", "any_text"]
        "Which `reason` do successful writes have?"
        "`saved`, `updated`, `added` …: clients never branch on success reasons.";
    5 page_size: PageSize = "page-size" ["1", "100"]
        "How many websites has a page?"
        "Other lists of the API have 20 to 50.";
    6 page_zero: PageZero = "page-zero" ["not-found", "empty", "zero-based"]
        "What do page 0, and no page at all, mean?"
        "The guide's loop starts at 0, a Django app sends none; both work in the wild.";
    7 past_the_end: PastTheEnd = "past-the-end" ["not-found"]
        "What does a page past the end bring?"
        "Every official loop ends on an empty array.";
    8 list_order: ListOrder = "list-order" ["newest-first", "by-id", "snapshot"]
        "In which order are websites listed, and is it stable while paging?"
        "Offset paging is the plain reading of page numbers; so pages drift.";
    9 since_boundary: SinceBoundary = "since-boundary" ["exclusive"]
        "Is a change stamped exactly `date_since` reported?"
        "Inclusive loses nothing.";
    10 since_granularity: SinceGranularity = "since-granularity" ["1s-floor", "1s-ceil"]
        "How finely are dates compared?"
        "Milliseconds elsewhere in the API.";
    11 missing_date: OddDate = "missing-date" ["epoch", "now", "empty"]
        "What does a missing `date_since` mean?"
        "The Node client omits it when falsy, so it is reachable.";
    11 malformed_date: OddDate = "malformed-date" ["epoch", "now", "empty"]
        "What does an unreadable `date_since` mean?"
        "As the missing one.";
    12 future_date: FutureDate = "future-date" ["refused"]
        "What does a date in the future bring?"
        "Nothing has changed since.";
    13 horizon: Horizon = "horizon" ["refuse:7d", "partial:7d"]
        "How far back does the differential reach?"
        "Nothing is stated.";
    14 collapse: Collapse = "collapse" ["last-change", "every-change"]
        "How are several changes of one website reported?"
        "Items are states, not operations.";
    15 re_added: ReAdded = "re-added" ["updated", "removed-and-added"]
        "How is a website reported that left and came back?"
        "It is a new subscription.";
    16 removed_payload: RemovedPayload = "removed-payload" ["last-known", "nulls"]
        "What does a `removed` item carry?"
        "The guide uses nothing but the id; Go tolerates absence.";
    17 unconfigured_under_filter: UnconfiguredUnderFilter = "unconfigured-under-filter" ["removed"]
        "What does `filter_configured=1` report of a website that stopped being configured?"
        "The literal reading of a filter; a hazard worth emulating.";
    18 first_configured: FirstConfigured = "first-configured" ["added"]
        "What does `filter_configured=1` report of a website configured for the first time?"
        "Its installation is older than the date.";
    19 configured_means: ConfiguredMeans = "configured-means" ["schema-valid", "non-empty"]
        "When does a website count as configured?"
        "The plain reading: somebody saved something.";
    20 unconfigured_settings: UnconfiguredSettings = "unconfigured-settings" ["null", "absent"]
        "What are the settings of a website that has none?"
        "Official examples read a member of it without a check.";
    21 plan_change: PlanChange = "plan-change" ["silent"]
        "Is a change of plan or price an `updated`?"
        "Both are part of the item.";
    22 free_plan: FreePlan = "free-plan" ["null", "absent"]
        "What is the plan of a website that pays nothing?"
        "The same shape as the others is the gentlest.";
    23 reinstall_token: ReinstallToken = "reinstall-token" ["same"]
        "Which token has a website that came back?"
        "It is a token of the subscription.";
    24 reinstall_settings: ReinstallSettings = "reinstall-settings" ["kept"]
        "Which settings has a website that came back?"
        "A new subscription starts clean.";
    25 merge_depth: MergeDepth = "merge-depth" ["deep", "rfc7396"]
        "How deep does a PATCH merge?"
        "A documented sample keeps null as a value, which RFC 7396 would delete.";
    26 invalid_save_status: InvalidSaveStatus = "invalid-save-status" ["422"]
        "Which status does a refused save have?"
        "Malformed input is 400 elsewhere.";
    26 invalid_save_reason: Reason = "invalid-save-reason" ["invalid_settings", "any_text"]
        "Which `reason` does a refused save have?"
        "`invalid_data`, as other refusals of bodies.";
    27 schema_draft: Draft = "schema-draft" ["draft-04", "draft-06", "2019-09", "2020-12"]
        "Which dialect is a schema without `$schema`?"
        "No sample names one; draft 7 was current when the guide was written.";
    27 schema_formats: SchemaFormats = "schema-formats" ["asserted"]
        "Is `format` asserted?"
        "Most validators annotate by default.";
    28 body_limit: BodyLimit = "body-limit" ["100KiB", "1KiB"]
        "How large may a body be?"
        "No limit was found. (The emulator's own is 2 MiB.)";
    29 unchanged_save: UnchangedSave = "unchanged-save" ["silent"]
        "Is a save that changes nothing an `updated`, with an event?"
        "A write is a write.";
    30 own_write_echo: OwnWriteEcho = "own-write-echo" ["silent"]
        "Do the plugin's own saves raise events?"
        "Nothing tells them apart in the event's fields.";
    31 quota_status: QuotaStatus = "quota-status" ["420"]
        "Which status comes when the daily quota is spent?"
        "429 and 420 are both documented; which is whose is not.";
    32 edge_status: EdgeStatus = "edge-status" ["429"]
        "Which status comes when the edge throttles?"
        "The other of the two.";
    32 edge_limit: EdgeLimit = "edge-limit" ["10/s", "1/s"]
        "How many requests a second does the edge let through?"
        "No figure is published; it is said to be very permissive.";
    33 quota_reset: QuotaReset = "quota-reset" ["rolling-24h", "09:00"]
        "When does the daily quota start anew?"
        "\"Daily\", and the API's dates are UTC.";
    34 refused_count: RefusedCount = "refused-count" ["never"]
        "Do refused requests count against the quota?"
        "A request is a request; without a session nobody can be charged.";
    35 retry_after: RetryAfter = "retry-after" ["seconds", "date"]
        "Does a throttled answer carry `Retry-After`?"
        "None is documented.";
    36 get_cache: GetCache = "get-cache" ["busted:5s", "kept:5s"]
        "Is there a cache in front of reads, and do writes empty it?"
        "`Bloom-Status` is documented; its times are not.";
    37 since_lag: Lag = "since-lag" ["1500ms", "5s"]
        "How long after its stamp does a write appear in the differential?"
        "Real stores have a lag; by default it is off.";
    37 list_lag: Lag = "list-lag" ["1500ms", "5s"]
        "How long after its stamp does a write appear in the list?"
        "As in the differential.";
    42 missing_tier: MissingTier = "missing-tier" ["401"]
        "What is a request without `X-Crisp-Tier`?"
        "The clients' own default is `user`.";
    43 session_refusal_status: SessionRefusalStatus = "session-refusal-status" ["403", "404"]
        "Which status does the session check give a bad key?"
        "401 elsewhere.";
    44 clock_offset: ClockOffset = "clock-offset" ["-60s", "90s"]
        "How far is the server's clock off?"
        "Needed to test clients against skew.";
    44 date_header: DateHeader = "date-header" ["none"]
        "Do answers carry a `Date`?"
        "HTTP servers send one.";
    45 unknown_agent: UnknownAgent = "unknown-agent" ["refused"]
        "What becomes of an unknown `User-Agent`?"
        "No demand was found.";
}

impl Quirks {
    /// How a settings schema is read under these quirks.
    #[must_use]
    pub fn schema_rules(&self) -> Rules {
        Rules { draft: self.schema_draft, formats: self.schema_formats == SchemaFormats::Asserted }
    }
}

/// Named sets of quirks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Every default.
    #[default]
    Typical,
    /// Every detail as awkward as a client might meet it, yet still livable.
    Hostile,
}

impl Profile {
    /// What the hostile profile changes. Each is something a correct client has to live with.
    const HOSTILE: &[(&'static str, &'static str)] = &[
        ("list-status", "200"),
        ("since-status", "206"),
        ("page-size", "3"),
        ("list-order", "newest-first"),
        ("since-boundary", "exclusive"),
        ("since-granularity", "1s-floor"),
        ("horizon", "refuse:1d"),
        ("collapse", "every-change"),
        ("re-added", "removed-and-added"),
        ("removed-payload", "nulls"),
        ("unconfigured-settings", "null"),
        ("free-plan", "absent"),
        ("merge-depth", "deep"),
        ("invalid-save-status", "422"),
        ("unchanged-save", "silent"),
        ("quota-status", "420"),
        ("quota-reset", "rolling-24h"),
        ("retry-after", "seconds"),
        ("get-cache", "kept:2s"),
        ("since-lag", "1500ms"),
        ("list-lag", "500ms"),
        ("clock-offset", "-90s"),
    ];

    /// The quirks of this set.
    #[must_use]
    pub fn quirks(self) -> Quirks {
        let mut quirks = Quirks::default();
        if self == Self::Hostile {
            for (name, value) in Self::HOSTILE {
                quirks.set(name, value).expect("a test sets every line of the profile");
            }
        }
        quirks
    }

    /// What this set changes, as (quirk, value).
    #[must_use]
    pub fn changes(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Typical => &[],
            Self::Hostile => Self::HOSTILE,
        }
    }
}

fn nearest(name: &str) -> &'static str {
    let known = TABLE.iter().map(|about| about.name);
    known.min_by_key(|known| crate::nearest::distance(known, name)).unwrap_or("since-boundary")
}

impl Serialize for Quirks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.values())
    }
}

/// Reads a map of names and values over the defaults. Numbers and booleans may stand unquoted.
impl<'de> Deserialize<'de> for Quirks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut quirks = Self::default();
        quirks.apply(&Settings::deserialize(deserializer)?).map_err(serde::de::Error::custom)?;
        Ok(quirks)
    }
}

impl Quirks {
    /// Sets every quirk that `settings` names and leaves the others alone.
    ///
    /// # Errors
    ///
    /// The first [`QuirkError`]; nothing is changed then.
    pub fn apply(&mut self, settings: &Settings) -> Result<(), QuirkError> {
        let mut changed = self.clone();
        for (name, value) in &settings.0 {
            changed.set(name, value)?;
        }
        *self = changed;
        Ok(())
    }
}

/// Quirks by name, as they stand in a file or a body: names that are not checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings(pub Vec<(String, String)>);

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Settings;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a map from quirks to their values")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Settings, A::Error> {
                let mut pairs = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    pairs.push((name, map.next_value::<Scalar>()?.into_text()));
                }
                Ok(Settings(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// YAML gives `off` and `200` as what they look like; a quirk's value is a text.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a text or a number")]
enum Scalar {
    Text(String),
    Number(i64),
    Flag(bool),
    Null(()),
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Flag(false) => "off".to_owned(),
            Self::Flag(true) => "on".to_owned(),
            Self::Null(()) => "null".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alternative_in_the_table_is_accepted_and_changes_something() {
        for about in TABLE {
            for alternative in about.alternatives {
                let mut quirks = Quirks::default();
                quirks.set(about.name, alternative).unwrap();
                assert_ne!(quirks, Quirks::default(), "{} = {alternative}", about.name);
            }
        }
    }

    #[test]
    fn every_value_is_read_back_as_it_is_written() {
        for profile in [Profile::Typical, Profile::Hostile] {
            let quirks = profile.quirks();
            let json = serde_json::to_string(&quirks).unwrap();
            assert_eq!(serde_json::from_str::<Quirks>(&json).unwrap(), quirks);
        }
    }

    #[test]
    fn every_switch_of_the_specification_but_hooks_and_events_is_there() {
        let mut numbers: Vec<u8> = TABLE.iter().map(|about| about.number).collect();
        numbers.dedup();
        let expected: Vec<u8> = (1..=37).chain(42..=45).collect();
        assert_eq!(numbers, expected);
    }

    #[test]
    fn a_misspelt_quirk_is_answered_with_the_nearest() {
        let error = Quirks::default().set("list_ordr", "by-id").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no quirk `list-ordr`; the nearest is `list-order` (docs/quirks.md lists them all)"
        );
    }

    #[test]
    fn a_value_that_does_not_fit_says_what_would() {
        let error = Quirks::default().set("since-boundary", "fuzzy").unwrap_err();
        assert_eq!(
            error.to_string(),
            "quirk `since-boundary`: `fuzzy` does not fit: choose `inclusive` or `exclusive`"
        );
    }

    #[test]
    fn one_bad_quirk_leaves_all_as_they_were() {
        let settings =
            Settings(vec![("list-order".into(), "by-id".into()), ("page-size".into(), "0".into())]);
        let mut quirks = Quirks::default();
        assert!(quirks.apply(&settings).is_err());
        assert_eq!(quirks, Quirks::default());
    }

    #[test]
    fn yaml_scalars_may_stand_unquoted() {
        let quirks: Quirks =
            serde_json::from_str(r#"{"page-size": 2, "get-cache": false, "free-plan": null}"#)
                .unwrap();
        assert_eq!(quirks.page_size, PageSize(2));
        assert_eq!(quirks.free_plan, FreePlan::Null);
    }
}
