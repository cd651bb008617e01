//! Numbers to the digit: `-0`, `1.50`, and whole numbers beyond 64 bits, which a [`Value`] cannot hold.
//!
//! In a tree of values such a number is a text: its digits behind a character that Unicode keeps for the
//! inside of programs. (The JSON library's own way is a feature, which is on for a whole program or not at
//! all.) What becomes of it is decided by quirk `numbers` (`engine/numbers.rs`): the digits again, or the
//! double.
//!
//! # Examples
//!
//! ```
//! use crisp_mock_server::exact;
//!
//! let settings = r#"{"id":123456789012345678901,"ratio":1.50}"#;
//! let value = exact::read(settings.as_bytes()).unwrap();
//! assert_eq!(exact::json(&value).unwrap(), settings);
//! ```

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Number, Value};

/// Stands before the digits of a number that is held as a text.
const MARK: char = '\u{FDD0}';

/// Members of a body, and of each website of a dump, in which numbers are a plugin's own.
const OF_A_PLUGIN: [&str; 3] = ["settings", "data", "payload"];

/// JSON in which every number keeps its digits.
///
/// # Errors
///
/// Those of the library, with the place in this text.
pub fn read(json: &[u8]) -> serde_json::Result<Value> {
    let value = match std::str::from_utf8(json).ok().and_then(with_digits) {
        // What is wrong with it is told of the text as it was sent.
        Some(digits) => serde_json::from_str(&digits).or_else(|_| serde_json::from_slice(json))?,
        None => serde_json::from_slice(json)?,
    };
    Ok(if double(&value).is_some() { plain(&value).into_owned() } else { value })
}

/// JSON in which numbers keep their digits inside of settings and payloads alone: those of the body itself, or of the
/// websites of a dump in it.
///
/// # Errors
///
/// As [`read`].
pub fn read_document(json: &[u8]) -> serde_json::Result<Value> {
    read(json).map(|mut value| {
        plain_outside(&mut value, true);
        value
    })
}

/// A value as compact JSON, numbers to the digit.
///
/// # Errors
///
/// When it has no JSON, as a map whose keys are no texts.
pub fn json(value: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(value).map(written)
}

/// A text with JSON of such values in it, compact or not, with the digits in their places.
#[must_use]
pub fn written(text: String) -> String {
    without_marks(&text).unwrap_or(text)
}

/// The double that a number to the digit stands for; none if this is anything else.
pub(crate) fn double(value: &Value) -> Option<Number> {
    digits(value)?.parse().ok()
}

fn digits(value: &Value) -> Option<&str> {
    let digits = value.as_str()?.strip_prefix(MARK)?;
    needs_digits(digits.as_bytes()).then_some(digits)
}

/// The value with doubles in place of numbers to the digit.
pub(crate) fn plain(value: &Value) -> Cow<'_, Value> {
    if !has_digits(value) {
        return Cow::Borrowed(value);
    }
    let mut plain = value.clone();
    to_doubles(&mut plain);
    Cow::Owned(plain)
}

fn has_digits(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_digits),
        Value::Object(members) => members.values().any(has_digits),
        other => digits(other).is_some(),
    }
}

fn to_doubles(value: &mut Value) {
    if let Some(number) = double(value) {
        *value = Value::Number(number);
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(to_doubles),
        Value::Object(members) => members.values_mut().for_each(to_doubles),
        _ => {}
    }
}

/// `is_theirs`: members of this object may be a plugin's own.
fn plain_outside(value: &mut Value, is_theirs: bool) {
    if let Some(number) = double(value) {
        *value = Value::Number(number);
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| plain_outside(item, false)),
        Value::Object(members) => {
            for (name, value) in members {
                match name.as_str() {
                    "schema" => to_doubles(value),
                    "websites" => of_websites(value),
                    name if is_theirs && OF_A_PLUGIN.contains(&name) && double(value).is_none() => {
                    }
                    name => plain_outside(value, is_theirs && name == "left"),
                }
            }
        }
        _ => {}
    }
}

fn of_websites(value: &mut Value) {
    match value {
        Value::Object(websites) => {
            websites.values_mut().for_each(|website| plain_outside(website, true));
        }
        other => plain_outside(other, false),
    }
}

/// The JSON with a text in place of each number that needs its digits; none if there is none.
fn with_digits(json: &str) -> Option<String> {
    let mut out = String::new();
    // Up to here the text is in `out`.
    let mut taken = 0;
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let length = match byte {
            b'"' => text(&bytes[at..]),
            b'-' | b'0'..=b'9' => {
                let length = number(&bytes[at..]);
                if needs_digits(&bytes[at..at + length]) {
                    let (before, number) = (&json[taken..at], &json[at..at + length]);
                    // Writing to a string cannot fail.
                    let _ = write!(out, "{before}\"{MARK}{number}\"");
                    taken = at + length;
                }
                length
            }
            _ => 1,
        };
        at += length;
    }
    (taken > 0).then(|| out + &json[taken..])
}

/// The length of the text, quotes and all, with which these bytes begin.
fn text(bytes: &[u8]) -> usize {
    let mut at = 1;
    loop {
        match bytes.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}

/// How many bytes of a number's alphabet these bytes begin with.
fn number(bytes: &[u8]) -> usize {
    let others = |byte: &u8| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    bytes.iter().position(others).unwrap_or(bytes.len())
}

/// Whether this is a number of JSON, in the range of doubles, which a [`Number`] would write otherwise.
fn needs_digits(text: &[u8]) -> bool {
    let is_short = text.len() < 19 && text.iter().all(u8::is_ascii_digit);
    // The library would take blanks around a number, too.
    if is_short || number(text) < text.len() {
        return false;
    }
    let known = serde_json::from_slice::<Number>(text);
    known.is_ok_and(|known| known.to_string().as_bytes() != text)
}

/// The text with the digits in place of what stands for them; none if nothing does.
///
/// In JSON the mark follows quotes where a text begins, or inside of one, and then a backslash is before them.
fn without_marks(json: &str) -> Option<String> {
    let mark = format!("\"{MARK}");
    let mut parts = json.split(&mark);
    let mut out = parts.next()?.to_owned();
    let mut is_changed = false;
    for part in parts {
        let number = part.split_once('"').filter(|(digits, _)| needs_digits(digits.as_bytes()));
        match number {
            Some((digits, rest)) if !out.ends_with('\\') => {
                is_changed = true;
                out.push_str(digits);
                out.push_str(rest);
            }
            _ => {
                out.push_str(&mark);
                out.push_str(part);
            }
        }
    }
    is_changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn again(text: &str) -> String {
        json(&read(text.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn every_number_keeps_its_digits() {
        for text in [
            r#"{"a":-0,"b":-0.0,"c":1.0,"d":1.50,"e":1E3,"f":1e+21,"g":0.1}"#,
            r#"{"a":123456789012345678901234567890,"b":-9223372036854775809}"#,
            r#"[18446744073709551615,18446744073709551616,0.1000000000000000055511151231257827]"#,
            r#"{"a":"1.50","b\"":[{"c":[-0]}],"-0":"\"-0\"","d":"\\"}"#,
        ] {
            assert_eq!(again(text), text);
        }
    }

    #[test]
    fn what_is_no_json_is_refused_at_its_place_in_the_text_that_was_sent() {
        for text in
            ["{\"a\":1.50,\"b\":01}", "{\"a\":-0,}", "[1.50,1e400]", "1.5.0", "-", "[\"1.50]"]
        {
            let expected = serde_json::from_str::<Value>(text).unwrap_err().to_string();
            assert_eq!(read(text.as_bytes()).unwrap_err().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_only_begins_like_a_number_of_ours_stays_a_text() {
        for text in ["1", "abc", "01", "", "1.50 ", "\\\"1.50"] {
            let json = format!("{{\"a\":\"{MARK}{text}\",\"b\":\"a\\\"{MARK}1.50\"}}");
            assert_eq!(again(&json), json);
        }
    }

    #[test]
    fn outside_of_settings_a_number_is_a_number() {
        let document =
            br#"{"chance":0.50,"data":1.50,"a":{"data":[1.50]},"schema":{"settings":[1.50]},
            "websites":{"w1":{"settings":{"a":[1.50]},"price":1e2}}}"#;
        let value = read_document(document).unwrap();
        assert_eq!((&value["chance"], &value["data"]), (&json!(0.5), &json!(1.5)));
        assert_eq!(value["a"]["data"], json!([1.5]));
        assert_eq!(value["schema"]["settings"], json!([1.5]));
        assert_eq!(value["websites"]["w1"]["price"], json!(100.0));
        assert_eq!(plain(&value)["websites"]["w1"]["settings"], json!({ "a": [1.5] }));
        let kept = r#"{"w1":{"settings":{"a":[1.50]},"price":100.0}}"#;
        assert_eq!(json(&value["websites"]).unwrap(), kept);
        assert_eq!(read(b"1.50").unwrap(), json!(1.5), "a number alone is no settings");
        let pretty = "{\n  \"a\": [\n    1.50\n  ]\n}";
        let settings = &value["websites"]["w1"]["settings"];
        assert_eq!(written(serde_json::to_string_pretty(settings).unwrap()), pretty);
    }
}
