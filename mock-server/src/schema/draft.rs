//! The drafts of JSON Schema, and which one a schema is written in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A draft of JSON Schema.
///
/// No sample of Crisp's names one, so draft-07 is the default (specification §3.4).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
pub enum Draft {
    /// Draft 4, of 2013
    #[serde(rename = "draft-04")]
    Draft04,
    /// Draft 6, of 2017
    #[serde(rename = "draft-06")]
    Draft06,
    /// Draft 7, of 2018
    #[default]
    #[serde(rename = "draft-07")]
    Draft07,
    /// Draft 2019-09
    #[serde(rename = "2019-09")]
    Draft201909,
    /// Draft 2020-12
    #[serde(rename = "2020-12")]
    Draft202012,
}

impl Draft {
    /// All of them, oldest first.
    pub const ALL: [Self; 5] =
        [Self::Draft04, Self::Draft06, Self::Draft07, Self::Draft201909, Self::Draft202012];

    /// The name as options and quirks write it: `draft-04`, `draft-06`, `draft-07`, `2019-09` or
    /// `2020-12`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft04 => "draft-04",
            Self::Draft06 => "draft-06",
            Self::Draft07 => "draft-07",
            Self::Draft201909 => "2019-09",
            Self::Draft202012 => "2020-12",
        }
    }

    /// What `$schema` says for this draft.
    #[must_use]
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Draft04 => "http://json-schema.org/draft-04/schema#",
            Self::Draft06 => "http://json-schema.org/draft-06/schema#",
            Self::Draft07 => "http://json-schema.org/draft-07/schema#",
            Self::Draft201909 => "https://json-schema.org/draft/2019-09/schema",
            Self::Draft202012 => "https://json-schema.org/draft/2020-12/schema",
        }
    }

    /// The draft that a `$schema` names; `http` or `https`, with or without a closing `#`.
    pub(super) fn from_uri(uri: &str) -> Option<Self> {
        fn core(uri: &str) -> &str {
            let uri = uri.trim_end_matches('#').trim_end_matches('/');
            uri.split_once("://").map_or(uri, |(_, rest)| rest)
        }
        let found = Self::ALL.into_iter().find(|draft| core(draft.uri()) == core(uri));
        // The address of "whatever is newest" meant draft-07 for most of its life.
        found.or((core(uri) == "json-schema.org/schema").then_some(Self::Draft07))
    }

    /// Whether keywords beside a `$ref` are ignored.
    pub(crate) fn ref_stands_alone(self) -> bool {
        self <= Self::Draft07
    }

    pub(super) fn engine(self) -> jsonschema::Draft {
        match self {
            Self::Draft04 => jsonschema::Draft::Draft4,
            Self::Draft06 => jsonschema::Draft::Draft6,
            Self::Draft07 => jsonschema::Draft::Draft7,
            Self::Draft201909 => jsonschema::Draft::Draft201909,
            Self::Draft202012 => jsonschema::Draft::Draft202012,
        }
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A text that names no draft.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a draft: write draft-04, draft-06, draft-07, 2019-09 or 2020-12")]
pub struct UnknownDraft(pub String);

impl FromStr for Draft {
    type Err = UnknownDraft;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|draft| draft.name() == text);
        found.ok_or_else(|| UnknownDraft(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draft_is_found_by_its_name_and_by_its_uri() {
        for draft in Draft::ALL {
            assert_eq!(draft.name().parse(), Ok(draft));
            assert_eq!(serde_json::to_value(draft).unwrap(), draft.name());
            assert_eq!(Draft::from_uri(draft.uri()), Some(draft));
        }
    }

    #[test]
    fn a_schema_uri_may_differ_in_scheme_and_closing_hash() {
        for uri in
            ["https://json-schema.org/draft-07/schema", "http://json-schema.org/draft-07/schema#"]
        {
            assert_eq!(Draft::from_uri(uri), Some(Draft::Draft07));
        }
        assert_eq!(Draft::from_uri("http://example.com/schema#"), None);
    }
}
