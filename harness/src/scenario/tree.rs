//! YAML as a tree that knows where each of its parts stands.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use serde_saphyr::{Location, Options, Spanned};

use super::diagnostic::{Diagnostic, Place};

/// A scenario is read by people; one that needs more than this is no scenario.
const MOST_BYTES: usize = 1 << 20;
const MOST_NODES: usize = 50_000;
const DEEPEST: usize = 64;

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_place: Place,
    pub(super) value: Node,
}

impl Node {
    /// Reads one document.
    pub(super) fn parse(text: &str) -> Result<Self, Diagnostic> {
        if text.len() > MOST_BYTES {
            let message = format!("the file has {} bytes, which is more than 1 MiB", text.len());
            return Err(Diagnostic::new(Place::START, message).hint(
                "a scenario is about a few websites; `start: { generated: 1000 }` makes many \
                 without writing them down",
            ));
        }
        serde_saphyr::from_str_with_options::<Spanned<Bare>>(text, options())
            .map(Self::from)
            .map_err(|error| unreadable(&error))
    }

    pub(super) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(flag) => Value::Bool(*flag),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::Text(text) => Value::String(text.clone()),
            Kind::List(items) => items.iter().map(Self::to_value).collect(),
            Kind::Map(entries) => {
                let members = entries.iter().map(|e| (e.key.clone(), e.value.to_value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }

    pub(super) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Bool(_) => "a boolean",
            Kind::Number(_) => "a number",
            Kind::Text(_) => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
        }
    }

    /// The place that a JSON pointer leads to; for a member, that of its key.
    pub(super) fn place_of(&self, pointer: &str) -> Place {
        let (mut node, mut place) = (self, self.place);
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            let next = match &node.kind {
                Kind::Map(entries) => entries
                    .iter()
                    .find(|entry| entry.key == part)
                    .map(|entry| (&entry.value, entry.key_place)),
                Kind::List(items) => part
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index))
                    .map(|item| (item, item.place)),
                _ => None,
            };
            let Some(next) = next else { break };
            (node, place) = next;
        }
        place
    }
}

fn options() -> Options {
    let mut options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            flow_nesting_limit: DEEPEST,
            max_nodes: MOST_NODES,
            max_events: 4 * MOST_NODES,
            max_aliases: 0,
            max_anchors: 0,
            max_documents: 1,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
    };
    options.with_snippet = false;
    options
}

fn unreadable(error: &serde_saphyr::Error) -> Diagnostic {
    let place = error.location().map_or(Place::START, place_at);
    let message = error.to_string();
    // The location is told apart from the message, and the library's options are not ours.
    let message = message.split(" at line ").next().unwrap_or(&message);
    let message = message.split(", set ").next().unwrap_or(message);
    if message.contains("Documents") {
        return Diagnostic::new(place, "a second document begins here")
            .hint("one scenario a file: without `---` between");
    }
    if message.contains("budget") || message.contains("limit") {
        return Diagnostic::new(place, "this needs more memory than a scenario may").hint(format!(
            "a scenario has no anchors and aliases, is nested {DEEPEST} deep at most, and has \
             {MOST_NODES} values at most"
        ));
    }
    Diagnostic::new(place, message.trim().to_owned())
}

fn place_at(location: Location) -> Place {
    let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).max(1);
    Place { line: number(location.line()), column: number(location.column()) }
}

/// A value without its own place, which the `Spanned` around it knows.
struct Bare(Kind);

impl From<Spanned<Bare>> for Node {
    fn from(spanned: Spanned<Bare>) -> Self {
        Self { place: place_at(spanned.referenced), kind: spanned.value.0 }
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
        out.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Kind, E> {
        Ok(Kind::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Kind, E> {
        Number::from_f64(number)
            .map(Kind::Number)
            .ok_or_else(|| E::custom("JSON has no such number"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Kind, E> {
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
            let (key, key_place) = (key.value, place_at(key.referenced));
            entries.push(Entry { key, key_place, value });
        }
        Ok(Kind::Map(entries))
    }
}
