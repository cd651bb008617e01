//! YAML as a tree in which every node knows its place.

use std::collections::BTreeMap;
use std::fmt;

use crisp_mock_server::schema::locate::Position;
use crisp_mock_server::schema::report::{Remark, Severity};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Location, Spanned};

use super::{Mark, member};

/// Levels of nesting of a file; a settings schema may have 100.
const DEEPEST: usize = 120;
/// Nodes of a file once its aliases are written out.
const MOST_NODES: usize = 200_000;

/// Reads a text into its value and the places of its parts.
pub(super) fn read(text: &str) -> Result<(Value, BTreeMap<String, Mark>), Remark> {
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
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MOST_NODES,
        },
    };
    let root: Option<Spanned<Tree>> =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| refused(&error))?;
    let mut marks = BTreeMap::new();
    let value = root.map_or(Value::Null, |root| {
        let at = position(root.referenced);
        let mark = Mark { key: at, value: at };
        root.value.settle(String::new(), mark, &mut marks)
    });
    Ok((value, marks))
}

/// The reader's own complaint, with its place taken out of the sentence.
fn refused(error: &serde_saphyr::Error) -> Remark {
    let error = error.without_snippet();
    let location = error.location().unwrap_or(Location::UNKNOWN);
    if let serde_saphyr::Error::DuplicateMappingKey { key, .. } = error {
        return Remark {
            severity: Severity::Error,
            position: position(location),
            message: key.as_ref().map_or_else(
                || "this key is given twice".to_owned(),
                |key| format!("`{key}` is given twice"),
            ),
            hint: Some("leave one of them out".to_owned()),
        };
    }
    if let serde_saphyr::Error::Budget { .. } = error {
        return Remark {
            severity: Severity::Error,
            position: position(location),
            message: "from here on the file is larger than a file of this kind may be".to_owned(),
            hint: Some(format!(
                "it may have {MOST_NODES} values, aliases written out, and be nested {DEEPEST} deep; \
                 many websites are made by a number: `websites: 5000` in a config, `start: {{ \
                 generated: 5000 }}` in a scenario"
            )),
        };
    }
    let message = error.to_string();
    let (line, column) = (location.line(), location.column());
    let place = format!(" at line {line}, column {column}");
    let message = message.replace(&place, "").replace('\n', " ");
    Remark {
        severity: Severity::Error,
        position: position(location),
        message: format!("this is not YAML that can be read here: {message}"),
        hint: None,
    }
}

fn position(location: Location) -> Position {
    let from_one = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).max(1);
    Position { line: from_one(location.line()), column: from_one(location.column()) }
}

/// A value whose parts know their places.
enum Tree {
    Scalar(Value),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl Tree {
    fn settle(self, pointer: String, mark: Mark, marks: &mut BTreeMap<String, Mark>) -> Value {
        let value = match self {
            Self::Scalar(value) => value,
            Self::List(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| {
                    let at = position(item.referenced);
                    let mark = Mark { key: at, value: at };
                    item.value.settle(format!("{pointer}/{index}"), mark, marks)
                })
                .collect(),
            Self::Map(members) => {
                let mut map = Map::new();
                for (key, value) in members {
                    let mark =
                        Mark { key: position(key.referenced), value: position(value.referenced) };
                    let inner = value.value.settle(member(&pointer, &key.value), mark, marks);
                    map.insert(key.value, inner);
                }
                map.into()
            }
        };
        marks.insert(pointer, mark);
        value
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value that JSON has too")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(flag.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        let number = Number::from_f64(number).map_or(Value::Null, Value::Number);
        Ok(Tree::Scalar(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(text.into()))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(member) = members.next_entry()? {
            map.push(member);
        }
        Ok(Tree::Map(map))
    }
}
