//! What a schema wants, in words.

use serde_json::Value;

use super::node::{Kind, Node};

/// The bounds of a number: those that the schema states, or those of its type.
fn bounds(schema: &Value) -> (Option<f64>, Option<f64>) {
    let bound = |key| schema.get(key).and_then(Value::as_f64);
    let of_type = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => Some(f64::from(u32::MAX)),
        Some("int32") => Some(f64::from(i32::MAX)),
        _ => None,
    };
    (bound("minimum"), bound("maximum").or(of_type))
}

pub(super) fn in_range(schema: &Value, number: f64) -> bool {
    let (least, most) = bounds(schema);
    let above = schema.get("exclusiveMinimum").and_then(Value::as_f64);
    least.is_none_or(|least| number >= least)
        && most.is_none_or(|most| number <= most)
        && above.is_none_or(|above| number > above)
}

/// What to write where the schema has no advice of its own.
pub(super) fn usual_hint(schema: &Value, node: &Node) -> Option<String> {
    let scalar = matches!(node.kind, Kind::Number(_) | Kind::Bool(_));
    match schema.get("type").and_then(Value::as_str)? {
        "string" if scalar => Some("quote it, if it is meant as a text".to_owned()),
        "integer" => Some(format!("write a whole number{}", range(schema))),
        "number" => Some(format!("write a number{}", range(schema))),
        _ => None,
    }
}

fn range(schema: &Value) -> String {
    match bounds(schema) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" from {least}"),
        (None, Some(most)) => format!(" up to {most}"),
        (None, None) => String::new(),
    }
}

/// What should stand there, in words.
pub(super) fn wanted(schema: &Value) -> String {
    if let Some(name) = schema.get("x-name").and_then(Value::as_str) {
        return name.to_owned();
    }
    let kinds = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(kind)) => vec![kind.as_str()],
        _ => return "another value".to_owned(),
    };
    let words = kinds.iter().map(|kind| match *kind {
        "string" => "a text".to_owned(),
        "integer" => "a whole number".to_owned(),
        "number" => "a number".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "array" => "a list".to_owned(),
        "null" => "nothing".to_owned(),
        _ => "an object".to_owned(),
    });
    words.collect::<Vec<_>>().join(" or ")
}

pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The last step of a pointer.
pub(super) fn last(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or_default()
}
