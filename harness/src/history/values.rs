//! Settings and tokens as numbers, so that comparing two costs nothing.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use serde_json::{Map, Number, Value};

use super::event::State;

/// A settings object or a token. Two are equal when they mean the same JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Val(u32);

/// All values that a run has met.
#[derive(Debug, Clone, Default)]
pub struct Values {
    texts: Vec<Box<str>>,
    /// By any spelling that was met.
    known: HashMap<Box<str>, Val, FixedState>,
}

impl Values {
    /// The value of this JSON text; a text that is no JSON is a value of its own.
    pub fn json(&mut self, text: &str) -> Val {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let canonical = match serde_json::from_str::<Value>(text) {
            Ok(value) => canonical(value).to_string(),
            Err(_) => text.to_owned(),
        };
        let value = self.plain(&canonical);
        if canonical != text {
            self.known.insert(text.into(), value);
        }
        value
    }

    /// The value of this text as it is.
    pub fn plain(&mut self, text: &str) -> Val {
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        let value = Val(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        self.texts.push(text.into());
        self.known.insert(text.into(), value);
        value
    }

    /// A website with these settings (JSON text) and this token.
    pub fn state(&mut self, settings: &str, token: Option<&str>) -> State {
        State { settings: self.json(settings), token: token.map(|token| self.plain(token)) }
    }

    /// The text of a value.
    #[must_use]
    pub fn text(&self, value: Val) -> &str {
        self.texts.get(value.0 as usize).map_or("", |text| text)
    }
}

impl Values {
    /// A settings object as people read it: `message "old", counter 1`.
    #[must_use]
    pub fn pretty(&self, value: Val) -> String {
        let text = self.text(value);
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(members)) if !members.is_empty() => {
                let members = members.iter().map(|(key, value)| format!("{key} {value}"));
                members.collect::<Vec<_>>().join(", ")
            }
            _ => text.to_owned(),
        }
    }
}

/// The same JSON with members in order, and whole numbers written as such: a client in another
/// language may have read `1.0` as `1`.
fn canonical(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            let members = members.into_iter().map(|(key, value)| (key, canonical(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Number(number) => Value::Number(whole(number)),
        other => other,
    }
}

fn whole(number: Number) -> Number {
    // 2^53: up to here every whole number is a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within 2^53")]
            Number::from(float as i64)
        }
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_json_are_one_value() {
        let mut values = Values::default();
        let one = values.json(r#"{"b": 1.0, "a": [true, {"y": 2, "x": null}]}"#);
        let two = values.json(r#"{"a":[true,{"x":null,"y":2}],"b":1}"#);
        assert_eq!(one, two);
        assert_ne!(one, values.json(r#"{"a":[true,{"x":null,"y":2}],"b":1.5}"#));
        assert_ne!(values.json(r#"{"a":1}"#), values.json(r#"{"a":"1"}"#));
    }
}
