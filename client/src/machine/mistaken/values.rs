//! Mistakes with what settings hold: texts, keys and objects that are altered when a list is read.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::mistake::{Mistake, Mistakes};
use crate::wire::{self, ItemList, Unreadable};
use crate::{Settings, Website};

/// Characters of a text that fit a column of a database.
const COLUMN: usize = 255;
/// Bytes of an object that fit another.
const LARGE: usize = 16 << 10;
/// Levels of objects and lists that are followed.
const DEEP: usize = 4;
/// Bytes that a stream hands over at once.
const PIECE: usize = 256;

/// Reads the body of a page or of a differential, and alters what it holds.
pub(crate) fn read(
    mistakes: Mistakes,
    body: &[u8],
    of_page: bool,
) -> Option<Result<ItemList, Unreadable>> {
    let alter: fn(Value) -> Value = match mistakes.0? {
        Mistake::SplitsCharacters => {
            let pieces = body.chunks(PIECE).map(String::from_utf8_lossy);
            return Some(wire::read_items(pieces.collect::<String>().as_bytes(), of_page));
        }
        Mistake::DropsProtoKeys => |value| members(value, |key, _| key != "__proto__"),
        Mistake::ComposesCharacters => |value| texts(value, &|text| text.replace("e\u{301}", "é")),
        Mistake::CutsLongTexts => |value| texts(value, &|text| text.chars().take(COLUMN).collect()),
        Mistake::EscapesMarkup => {
            |value| texts(value, &|text| text.replace('&', "&amp;").replace('<', "&lt;"))
        }
        Mistake::OneKindOfLineEnd => |value| texts(value, &|text| text.replace("\r\n", "\n")),
        Mistake::RewritesDates => |value| {
            let rewritten = |text: &str| match text.parse::<jiff::civil::Date>() {
                Ok(date) if text.len() == 10 => format!("{date}T00:00:00Z"),
                _ => text.to_owned(),
            };
            texts(value, &rewritten)
        },
        Mistake::FlattensDeepValues => |value| flattened(value, DEEP),
        Mistake::LargeObjectsAreEmpty => |value| match value.to_string().len() {
            ..=LARGE => value,
            _ => Value::Object(Map::new()),
        },
        _ => return None,
    };
    Some(wire::read_items(body, of_page).map(|mut list| {
        for item in &mut list.items {
            let settings = item.website.settings.parse::<Value>().map(alter);
            if let Ok(settings) = settings.and_then(|value| Settings::from_value(&value)) {
                item.website = Arc::new(Website { settings, ..Website::clone(&item.website) });
            }
        }
        list
    }))
}

/// A value without the members that are not wanted, at any depth.
fn members(value: Value, wanted: fn(&str, &Value) -> bool) -> Value {
    match value {
        Value::Object(all) => {
            let kept = all.into_iter().filter(|(key, value)| wanted(key, value));
            kept.map(|(key, value)| (key, members(value, wanted))).collect()
        }
        Value::Array(items) => items.into_iter().map(|item| members(item, wanted)).collect(),
        other => other,
    }
}

/// A value with each of its texts altered.
fn texts(value: Value, alter: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(alter(&text)),
        Value::Array(items) => items.into_iter().map(|item| texts(item, alter)).collect(),
        Value::Object(all) => {
            all.into_iter().map(|(key, value)| (key, texts(value, alter))).collect()
        }
        other => other,
    }
}

/// A value without what lies deeper than so many levels.
fn flattened(value: Value, levels: usize) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => Value::Null,
        Value::Array(items) => items.into_iter().map(|item| flattened(item, levels - 1)).collect(),
        Value::Object(all) => {
            all.into_iter().map(|(key, value)| (key, flattened(value, levels - 1))).collect()
        }
        other => other,
    }
}

/// Whether two settings look alike to one who compares their members, and of those that are
/// objects no more than that.
pub(super) fn alike(one: &Settings, other: &Settings) -> bool {
    let (Some(one), Some(other)) = (one.object(), other.object()) else {
        return false;
    };
    one.len() == other.len()
        && one.iter().all(|(key, value)| match (value, other.get(key)) {
            (Value::Object(_), Some(Value::Object(_))) => true,
            (value, other) => other == Some(value),
        })
}
