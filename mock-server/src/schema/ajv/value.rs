//! Values as JavaScript has them.

use serde_json::{Map, Number, Value};

use super::inherited::is_function;
use crate::javascript::number;

fn float(number: &Number) -> f64 {
    number.as_f64().unwrap_or(f64::NAN)
}

/// Whether a value of the settings equals one of a schema.
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    if is_function(one) {
        return false;
    }
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => float(one) == float(other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let same = |(name, value)| other.get(name).is_some_and(|found| equal(value, found));
            one.len() == other.len() && one.iter().all(same)
        }
        (one, other) => one == other,
    }
}

/// A text that equal values have in common.
pub(super) fn key(value: &Value, out: &mut String) {
    match value {
        // -0 is 0.
        Value::Number(given) => out.push_str(&number(float(given))),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                key(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (name, member) in members {
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                key(member, out);
                out.push(',');
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

/// The members of an object in JavaScript's order: whole numbers first, by size.
pub(super) fn members(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = map.iter().collect();
    if members.iter().any(|(name, _)| index(name).is_some()) {
        // The sort is stable: all others keep their order, behind the numbers.
        members.sort_by_key(|(name, _)| index(name).unwrap_or(u32::MAX));
    }
    members
}

/// The index that a name is: `25`, and neither `025` nor `4294967295`.
fn index(name: &str) -> Option<u32> {
    let plain = name == "0" || name.starts_with(|c: char| ('1'..='9').contains(&c));
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    name.parse().ok().filter(|index| plain && digits && *index < u32::MAX)
}
