//! YAML as a tree. JSON is read as the YAML that it is.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::granit_parser::ErrorKind;
use serde_saphyr::{Location, Spanned};

use super::node::{Entry, Kind, Node, Position};
use super::problem::Problem;

/// Levels of nesting; a settings schema may have 100.
const DEEPEST: usize = 120;
/// Values of a document once its aliases are written out.
const MOST_NODES: usize = 200_000;

/// Reads one document, or says where it is none.
pub(super) fn read(text: &str) -> Result<Node, (Position, Problem)> {
    if text.len() > super::MOST_BYTES {
        let message = format!("this has more than {} MiB", super::MOST_BYTES >> 20);
        return Err((Position::START, Problem::value("", message).hint(too_large())));
    }
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_nodes: MOST_NODES,
            max_events: 2 * MOST_NODES,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MOST_NODES },
    };
    let empty = || Node { position: Position::START, kind: Kind::Null };
    serde_saphyr::from_str_with_options::<Option<Spanned<Bare>>>(text, options)
        .map(|root| root.map_or_else(empty, Node::from))
        .map_err(|error| refused(&error))
}

fn too_large() -> String {
    format!(
        "it may have {MOST_NODES} values, aliases written out, and be nested {DEEPEST} deep; many \
         websites are made by a number: `websites: 5000` in a config, `start: {{ generated: 5000 \
         }}` in a scenario"
    )
}

/// The library's complaint, with the place taken out of the sentence.
fn refused(error: &serde_saphyr::Error) -> (Position, Problem) {
    let mut error = error.without_snippet();
    let location = error.location().unwrap_or(Location::UNKNOWN);
    // What is wrong with what an alias stands for, told where the alias stands.
    while let serde_saphyr::Error::AliasError { error: inner, .. } = error {
        error = inner.without_snippet();
    }
    (position(location), problem(error))
}

fn problem(error: &serde_saphyr::Error) -> Problem {
    use serde_saphyr::{Error, ExternalMessageSource};

    let (message, hint) = match error {
        Error::DuplicateMappingKey { key, .. } => {
            let message = key.as_ref().map_or_else(
                || "this key is given twice".to_owned(),
                |key| format!("`{key}` is given twice"),
            );
            return Problem::value("", message).hint("leave one of them out");
        }
        Error::Budget { breach, .. } => return too_much(breach),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => return larger(),
        Error::AliasReplayStackDepthExceeded { .. } => return deeper(),
        Error::ExternalMessage { source, .. } => match &**source {
            ExternalMessageSource::Parser(error)
                if *error.kind() == ErrorKind::RecursionLimitExceeded =>
            {
                return deeper();
            }
            ExternalMessageSource::Parser(error)
                if *error.kind() == ErrorKind::ExpectedDocumentStart =>
            {
                ("the document has ended before this", "one file has one document")
            }
            _ => return unreadable(error),
        },
        Error::MultipleDocuments { .. } => return second(),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            ("this alias stands inside of what it names", "write out what is meant")
        }
        Error::UnknownAnchor { .. } => {
            ("there is no anchor of this name before it", "a name is given by `&`, as in `a: &a 1`")
        }
        Error::MergeValueNotMapOrSeqOfMaps { .. } => {
            ("`<<` takes in the keys of a map, and this is none", "write `<<: *name` for a map")
        }
        Error::NullIntoString { .. } => ("a key is a text, and this is null", "write it in quotes"),
        Error::Unexpected { expected: "string scalar", .. } => {
            ("a key is a text, and this is a list or a map", "write it in quotes")
        }
        Error::NonFiniteFloat { .. } => {
            ("JSON has no such number", "write a finite number, or a text in quotes")
        }
        _ => return unreadable(error),
    };
    Problem::value("", message).hint(hint)
}

fn too_much(breach: &BudgetBreach) -> Problem {
    match breach {
        BudgetBreach::Depth { .. } => deeper(),
        BudgetBreach::Documents { .. } => second(),
        _ => larger(),
    }
}

fn larger() -> Problem {
    Problem::value("", "from here on this is larger than a document may be").hint(too_large())
}

fn deeper() -> Problem {
    Problem::value("", "from here on this is nested deeper than a document may be")
        .hint(format!("it may be nested {DEEPEST} deep"))
}

fn second() -> Problem {
    Problem::value("", "a second document begins here")
        .hint("a file has one: put each into a file of its own, or leave the `---` out")
}

fn unreadable(error: &serde_saphyr::Error) -> Problem {
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let place = format!(" at line {}, column {}", location.line(), location.column());
    let message = error.to_string().replace(&place, "").replace('\n', " ");
    Problem::value("", format!("this is not YAML that can be read here: {message}"))
}

fn position(location: Location) -> Position {
    let from_one = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).max(1);
    Position { line: from_one(location.line()), column: from_one(location.column()) }
}

/// A value without its own place, which the `Spanned` around it knows.
struct Bare(Kind);

impl From<Spanned<Bare>> for Node {
    fn from(spanned: Spanned<Bare>) -> Self {
        Self { position: position(spanned.referenced), kind: spanned.value.0 }
    }
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyKind).map(Self)
    }
}

struct AnyKind;

impl<'de> Visitor<'de> for AnyKind {
    type Value = Kind;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value that JSON has too")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kind, D::Error> {
        Bare::deserialize(deserializer).map(|bare| bare.0)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Kind, E> {
        Number::from_f64(number)
            .map(Kind::Number)
            .ok_or_else(|| E::custom("JSON has no such number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Kind, E> {
        Ok(Kind::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element::<Spanned<Bare>>()? {
            items.push(item.into());
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let value = map.next_value::<Spanned<Bare>>()?.into();
            entries.push(Entry { position: position(key.referenced), key: key.value, value });
        }
        Ok(Kind::Map(entries))
    }
}
