//! The settings of one website, kept as the JSON text that the API sent.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The settings object of one website (docs/wire.md#settings): raw JSON, parsed when asked for.
///
/// The text is kept as it came, so memory stays close to the bare JSON. Two settings are equal
/// when they mean the same JSON, whatever the order of members and the white space.
///
/// ```
/// use crisp_sync::Settings;
///
/// let one = Settings::from_json(r#"{"message": "Hi", "alerts": true}"#)?;
/// let two = Settings::from_json(r#"{"alerts":true,"message":"Hi"}"#)?;
/// assert_eq!(one, two);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Settings(Box<RawValue>);

impl Settings {
    /// The settings of a website that was never configured: `{}`.
    pub fn unconfigured() -> Self {
        Self(RawValue::from_string("{}".to_owned()).expect("`{}` is valid JSON"))
    }

    /// Settings from JSON text.
    ///
    /// # Errors
    /// When the text is not one JSON value.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Box<RawValue>>(text).map(Self)
    }

    /// Settings from anything that serialises to JSON, usually the plugin's own type.
    ///
    /// # Errors
    /// When the value cannot be written as JSON (a map with keys that are no text, for example).
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(Self)
    }

    /// As the API wrote them; null and an absent member both mean unconfigured (hazard A11).
    pub(crate) fn from_wire(raw: Option<&RawValue>) -> Self {
        match raw {
            Some(raw) if raw.get() != "null" => Self(raw.to_owned()),
            _ => Self::unconfigured(),
        }
    }

    /// The JSON text.
    pub fn as_json(&self) -> &str {
        self.0.get()
    }

    /// Whether this is the empty object, which is what an unconfigured website has.
    pub fn is_unconfigured(&self) -> bool {
        let text = self.as_json();
        text == "{}" || text == "null" || self.object().is_some_and(|object| object.is_empty())
    }

    /// Reads the settings as the plugin's own type.
    ///
    /// # Errors
    /// When the JSON does not have the shape of `T`. The text stays at hand in
    /// [`as_json`](Self::as_json).
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_json())
    }

    /// The members, when the settings are an object.
    pub(crate) fn object(&self) -> Option<Map<String, Value>> {
        self.parse().ok()
    }

    /// These settings with the members of `patch` put over them, top level only: what a `PATCH`
    /// does when the merge is shallow (docs/wire.md#saves).
    pub(crate) fn merged(&self, patch: &Settings) -> Option<Settings> {
        let mut object = self.object()?;
        object.extend(patch.object()?);
        Settings::from_value(&object).ok()
    }

    /// Whether every top-level member of `patch` is in these settings, by value; members that
    /// are objects or null count as held, because the depth of the merge is not documented.
    pub(crate) fn reflects(&self, patch: &Settings) -> bool {
        let (Some(held), Some(patch)) = (self.object(), patch.object()) else {
            return false;
        };
        patch.iter().all(|(name, value)| match value {
            Value::Null => held.get(name).is_none_or(Value::is_null),
            Value::Object(_) => contains(held.get(name), value),
            other => held.get(name) == Some(other),
        })
    }

    /// Whether these settings prove that a PATCH was carried out on what they were `before`, however
    /// deep the API merges: each member is what came of it, and nothing else.
    pub(crate) fn prove(&self, patch: &Settings, before: &Settings) -> bool {
        let (Some(held), Some(patch)) = (self.object(), patch.object()) else {
            return false;
        };
        let before = before.object().unwrap_or_default();
        patch.iter().all(|(name, value)| comes_of(before.get(name), value, held.get(name)))
    }
}

/// Whether `held`, which a PATCH of `patch` may have made of `before`, can only come of it: it is what
/// was sent, or what a merge in depth gives (with a null that is kept, or that deletes), and another
/// value than before. A merge in depth that changes nothing leaves no trace.
fn comes_of(before: Option<&Value>, patch: &Value, held: Option<&Value>) -> bool {
    let is_merged = |deletes| held == merged_in_depth(before, patch, deletes).as_ref();
    held == Some(patch) || (held != before && (is_merged(false) || is_merged(true)))
}

/// A member after a merge in depth, in which a null is kept or deletes.
fn merged_in_depth(before: Option<&Value>, patch: &Value, deletes: bool) -> Option<Value> {
    let Value::Object(patch) = patch else {
        return (!deletes || !patch.is_null()).then(|| patch.clone());
    };
    let mut merged = before.and_then(Value::as_object).cloned().unwrap_or_default();
    for (name, value) in patch {
        match merged_in_depth(merged.get(name), value, deletes) {
            Some(value) => merged.insert(name.clone(), value),
            None => merged.remove(name),
        };
    }
    Some(Value::Object(merged))
}

/// Whether `held` has every leaf of `patch`, at any depth.
fn contains(held: Option<&Value>, patch: &Value) -> bool {
    match (held, patch) {
        (Some(Value::Object(held)), Value::Object(patch)) => {
            patch.iter().all(|(name, value)| contains(held.get(name), value))
        }
        (held, Value::Null) => held.is_none_or(Value::is_null),
        (held, patch) => held == Some(patch),
    }
}

/// A sum that the order of members and white space outside of strings do not change; `None` when
/// there are escapes, by which one value can be written in two ways.
fn order_free_sum(text: &str) -> Option<u64> {
    /// The squares of so many bytes have a sum within 32 bits.
    const EXACT: usize = 1 << 16;
    if text.contains('\\') {
        return None;
    }
    let weight = |byte: u8| match byte {
        b' ' | b'\n' | b'\r' | b'\t' => 0,
        // Squared, so that one changed digit up and another one down do not cancel.
        byte => u32::from(byte) * u32::from(byte),
    };
    let sum = |chunk: &[u8]| chunk.iter().fold(0_u32, |sum, byte| sum.wrapping_add(weight(*byte)));
    Some(text.as_bytes().chunks(EXACT).map(|chunk| u64::from(sum(chunk))).sum())
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        if self.as_json() == other.as_json() {
            return true;
        }
        // Nearly all settings that differ in their text differ in their meaning: one pass over
        // the bytes says so, without reading the JSON. Numbers are written in one way by
        // every writer, so `1.0` against `1.00` is not looked for.
        if let (Some(one), Some(two)) =
            (order_free_sum(self.as_json()), order_free_sum(other.as_json()))
            && one != two
        {
            return false;
        }
        match (self.parse::<Value>(), other.parse::<Value>()) {
            (Ok(one), Ok(two)) => one == two,
            _ => false,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_json())
    }
}

impl Serialize for Settings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Settings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        Settings::from_json(text).unwrap()
    }

    #[test]
    fn order_white_space_and_escapes_do_not_make_a_difference_and_values_do() {
        let one = settings(r#"{"a": "x y", "b": [1, 2]}"#);
        assert_eq!(one, settings(r#"{"b":[1,2],"a":"x y"}"#));
        assert_eq!(settings(r#"{"a":"\u0078"}"#), settings(r#"{"a":"x"}"#));
        assert_ne!(one, settings(r#"{"b":[2,1],"a":"x y"}"#));
        assert_ne!(one, settings(r#"{"b":[1,2],"a":"xy"}"#));
        assert_ne!(one, settings(r#"{"b":[1,3],"a":"x y"}"#));
    }

    #[test]
    fn a_shallow_merge_replaces_whole_members() {
        let merged = settings(r#"{"a":{"x":1},"b":1}"#).merged(&settings(r#"{"a":{"y":2}}"#));
        assert_eq!(merged, Some(settings(r#"{"a":{"y":2},"b":1}"#)));
    }

    #[test]
    fn a_patch_is_reflected_whatever_the_depth_of_the_merge() {
        let patch = settings(r#"{"a":{"y":2},"c":null}"#);
        assert!(settings(r#"{"a":{"y":2},"c":null}"#).reflects(&patch), "shallow");
        assert!(settings(r#"{"a":{"x":1,"y":2}}"#).reflects(&patch), "deep, null deletes");
        assert!(!settings(r#"{"a":{"x":1}}"#).reflects(&patch), "not carried out");
    }

    #[test]
    fn a_patch_is_proven_by_what_it_changed_and_by_nothing_else() {
        let proven = |before: &str, held: &str| {
            let patch = settings(r#"{"a":{"y":2,"z":null}}"#);
            settings(held).prove(&patch, &settings(before))
        };
        let before = r#"{"a":{"x":1},"b":1}"#;
        assert!(proven(before, r#"{"a":{"y":2,"z":null},"b":1}"#), "shallow");
        assert!(proven(before, r#"{"a":{"x":1,"y":2,"z":null},"b":1}"#), "deep");
        assert!(proven(before, r#"{"a":{"x":1,"y":2},"b":2}"#), "null deletes");
        assert!(!proven(before, r#"{"a":{"x":3,"y":2,"z":null}}"#), "an operator's");
        assert!(!proven(before, before), "not carried out");
        let merged = r#"{"a":{"x":1,"y":2}}"#;
        assert!(!proven(merged, merged), "carried out or not, nothing changed");
        assert!(!proven(before, "{}"), "an operator emptied them");
    }

    #[test]
    fn null_and_absent_settings_are_unconfigured() {
        assert!(Settings::from_wire(None).is_unconfigured());
        let null = RawValue::from_string("null".to_owned()).unwrap();
        assert!(Settings::from_wire(Some(&null)).is_unconfigured());
        assert!(!settings(r#"{"a":1}"#).is_unconfigured());
    }
}
