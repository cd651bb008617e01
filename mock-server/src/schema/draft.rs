//! The drafts of JSON Schema, and which one a schema is written in.

use jsonschema::meta::MetaValidator;
use jsonschema::{draft4, draft6, draft7, draft201909, draft202012};
use strum::VariantArray;

/// A draft of JSON Schema.
///
/// No sample of Crisp's names one, so draft-07 is the default (quirk `schema-draft`).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    strum::Display,
    strum::VariantArray,
    strum::VariantNames,
)]
pub enum Draft {
    /// Draft 4, of 2013
    #[strum(serialize = "draft-04")]
    Draft04,
    /// Draft 6, of 2017
    #[strum(serialize = "draft-06")]
    Draft06,
    /// Draft 7, of 2018
    #[default]
    #[strum(serialize = "draft-07")]
    Draft07,
    /// Draft 2019-09
    #[strum(serialize = "2019-09")]
    Draft201909,
    /// Draft 2020-12
    #[strum(serialize = "2020-12")]
    Draft202012,
}

impl Draft {
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
        let found = Self::VARIANTS.iter().find(|draft| core(draft.uri()) == core(uri)).copied();
        // The address of "the newest draft" meant draft-07 for most of its life.
        found.or((core(uri) == "json-schema.org/schema").then_some(Self::Draft07))
    }

    /// Whether keywords beside a `$ref` are ignored.
    pub(crate) fn ref_stands_alone(self) -> bool {
        self <= Self::Draft07
    }

    /// Whether Ajv 6 speaks it.
    pub(super) fn is_of_ajv(self) -> bool {
        self <= Self::Draft07
    }

    /// The draft as the library knows it.
    pub(super) fn engine(self) -> jsonschema::Draft {
        match self {
            Self::Draft04 => jsonschema::Draft::Draft4,
            Self::Draft06 => jsonschema::Draft::Draft6,
            Self::Draft07 => jsonschema::Draft::Draft7,
            Self::Draft201909 => jsonschema::Draft::Draft201909,
            Self::Draft202012 => jsonschema::Draft::Draft202012,
        }
    }

    /// What holds a schema against the rules of this draft.
    pub(super) fn rules(self) -> MetaValidator<'static> {
        match self {
            Self::Draft04 => draft4::meta::validator(),
            Self::Draft06 => draft6::meta::validator(),
            Self::Draft07 => draft7::meta::validator(),
            Self::Draft201909 => draft201909::meta::validator(),
            Self::Draft202012 => draft202012::meta::validator(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draft_is_found_by_its_uri() {
        for draft in Draft::VARIANTS {
            assert_eq!(Draft::from_uri(draft.uri()), Some(*draft));
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
