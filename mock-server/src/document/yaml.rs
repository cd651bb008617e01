//! YAML as a tree. JSON is read as the YAML that it is.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
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
    let error = error.without_snippet();
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let problem = match error {
        serde_saphyr::Error::DuplicateMappingKey { key, .. } => {
            let message = key.as_ref().map_or_else(
                || "this key is given twice".to_owned(),
                |key| format!("`{key}` is given twice"),
            );
            Problem::value("", message).hint("leave one of them out")
        }
        serde_saphyr::Error::Budget { .. } => {
            Problem::value("", "from here on this is larger than a document may be")
                .hint(too_large())
        }
        error if error.to_string().contains("recursion limit") => {
            Problem::value("", "from here on this is nested deeper than a document may be")
                .hint(too_large())
        }
        error => {
            let message = error.to_string();
            let place = format!(" at line {}, column {}", location.line(), location.column());
            let message = message.replace(&place, "").replace('\n', " ");
            Problem::value("", format!("this is not YAML that can be read here: {message}"))
        }
    };
    (position(location), problem)
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
