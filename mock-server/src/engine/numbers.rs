//! Settings as a service in JavaScript keeps them (quirk `numbers`).

use serde::Serialize;
use serde_json::{Map, Number, Value};

use crate::quirks::Numbers;
use crate::{exact, javascript};

/// The greatest key that JavaScript orders as an index of an array.
const LAST_INDEX: u32 = u32::MAX - 1;

/// Settings as they are kept, by the quirk.
pub fn kept(settings: Map<String, Value>, quirk: Numbers) -> Map<String, Value> {
    match quirk {
        Numbers::JavaScript => members(settings),
        Numbers::AsSent => settings,
    }
}

/// JSON whose numbers are written by the quirk; none if the value has no JSON.
pub fn json(value: &impl Serialize, quirk: Numbers) -> Option<String> {
    match quirk {
        Numbers::JavaScript => javascript::json(value),
        Numbers::AsSent => exact::json(value).ok(),
    }
}

/// A body that was sent, or what [`json`] wrote; numbers to the digit where the quirk keeps them.
pub fn read(json: &[u8], quirk: Numbers) -> serde_json::Result<Value> {
    match quirk {
        Numbers::JavaScript => serde_json::from_slice(json),
        Numbers::AsSent => exact::read(json),
    }
}

/// Settings that [`json`] wrote.
pub fn parsed(json: &str, quirk: Numbers) -> Map<String, Value> {
    match read(json.as_bytes(), quirk) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// Members whose names are indices come first, by number; the others stay in their order.
fn members(map: Map<String, Value>) -> Map<String, Value> {
    let (mut indices, others): (Vec<_>, Vec<_>) = map
        .into_iter()
        .map(|(key, value)| (index(&key), key, value))
        .partition(|one| one.0.is_some());
    indices.sort_unstable_by_key(|one| one.0);
    indices.into_iter().chain(others).map(|(_, key, value)| (key, through(value))).collect()
}

/// The number that a name is, written as JavaScript writes it.
fn index(key: &str) -> Option<u32> {
    let number: u32 = key.parse().ok()?;
    (number <= LAST_INDEX && number.to_string() == key).then_some(number)
}

/// A value read and written by JavaScript. The depth is that of a body, which was read before.
fn through(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(double(&number)),
        Value::String(_) if let Some(number) = exact::double(&value) => {
            Value::Number(double(&number))
        }
        Value::Array(items) => items.into_iter().map(through).collect(),
        Value::Object(map) => Value::Object(members(map)),
        other => other,
    }
}

/// The double that a number becomes, as a whole number where it is one.
fn double(number: &Number) -> Number {
    let Some(double) = number.as_f64() else { return number.clone() };
    if double == 0.0 {
        return Number::from(0);
    }
    if double.fract() != 0.0 {
        return Number::from_f64(double).unwrap_or_else(|| number.clone());
    }
    // The shortest digits that give the double, then zeros: what JavaScript writes up to 1e21.
    let digits = javascript::number(double);
    let whole = digits.parse().map(|whole: i64| whole.into());
    let whole = whole.or_else(|_| digits.parse().map(|whole: u64| whole.into()));
    whole.ok().or_else(|| Number::from_f64(double)).unwrap_or_else(|| number.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str, quirk: Numbers) -> String {
        let settings = parsed(text, Numbers::AsSent);
        json(&kept(settings, quirk), quirk).unwrap()
    }

    #[test]
    fn numbers_are_doubles_and_indices_come_first() {
        for (sent, expected) in [
            (r#"{"a":1.0}"#, r#"{"a":1}"#),
            (r#"{"a":-0}"#, r#"{"a":0}"#),
            (r#"{"a":-0.0}"#, r#"{"a":0}"#),
            (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#),
            (r#"{"a":-9007199254740993}"#, r#"{"a":-9007199254740992}"#),
            (r#"{"a":18446744073709551615}"#, r#"{"a":18446744073709552000}"#),
            (r#"{"a":-123456789012345678901}"#, r#"{"a":-123456789012345680000}"#),
            (r#"{"a":1e21}"#, r#"{"a":1e+21}"#),
            (r#"{"a":0.0000001}"#, r#"{"a":1e-7}"#),
            (r#"{"a":9223372036854775807}"#, r#"{"a":9223372036854776000}"#),
            (r#"{"a":[1.5,1e2,{"b":2.0}]}"#, r#"{"a":[1.5,100,{"b":2}]}"#),
            (r#"{"b":1,"10":2,"2":3,"01":4}"#, r#"{"2":3,"10":2,"b":1,"01":4}"#),
            (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
            (
                r#"{"4294967295":1,"x":2,"4294967294":3}"#,
                r#"{"4294967294":3,"4294967295":1,"x":2}"#,
            ),
        ] {
            assert_eq!(after(sent, Numbers::JavaScript), expected, "{sent}");
            assert_eq!(after(&after(sent, Numbers::JavaScript), Numbers::JavaScript), expected);
        }
    }

    #[test]
    fn as_sent_every_digit_and_the_order_of_members_stay() {
        for sent in [
            r#"{"b":9007199254740993,"10":1.0,"2":-9223372036854775808}"#,
            r#"{"a":-0,"b":1e21,"c":[123456789012345678901234567890,1.50]}"#,
        ] {
            assert_eq!(after(sent, Numbers::AsSent), sent);
            let settings = parsed(sent, Numbers::AsSent);
            assert_eq!(json(&settings, Numbers::AsSent).unwrap(), sent);
        }
    }

    #[test]
    fn what_javascript_wrote_is_read_as_what_it_was_written_from() {
        let kept = kept(parsed(r#"{"a":1e21,"b":1e-7}"#, Numbers::JavaScript), Numbers::JavaScript);
        let written = json(&kept, Numbers::JavaScript).unwrap();
        assert_eq!(written, r#"{"a":1e+21,"b":1e-7}"#);
        assert_eq!(parsed(&written, Numbers::JavaScript), kept);
    }
}
