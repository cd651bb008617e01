//! How a cache differs from the raw settings, so that the two can be compared.
//!
//! Plugins rarely keep what they got: they keep the one member that they need, put defaults in, or
//! drop websites without settings. A view says so, and the verdict prints it.

use crisp_mock_server::nearest::nearest;
use serde_json::{Map, Value};

use super::log::shortened;
use crisp_mock_server::document::{Document, Invalid, Problem, member};

/// What a view may say.
const KEYS: [&str; 4] = ["keys", "unconfigured", "defaults", "value"];

/// How a cache differs from the raw settings.
///
/// # Examples
///
/// ```
/// use crisp_harness::peer::View;
///
/// let view = View::parse("view.yaml", "value: message\ndefaults: { message: Hi }\n").unwrap();
/// assert_eq!(view.of(Some(r#"{"message":"new","count":1}"#)).as_deref(), Some("\"new\""));
/// assert_eq!(view.of(None).as_deref(), Some("\"Hi\""));
///
/// let error = View::parse("view.yaml", "kyes: [message]\n").unwrap_err();
/// assert!(error.to_string().starts_with("view.yaml:1:1: a view has no key `kyes`"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    keys: Option<Vec<String>>,
    unconfigured: Unconfigured,
    defaults: Map<String, Value>,
    value: Option<String>,
}

/// How a website that has no settings stands in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Unconfigured {
    /// As `{}`, which is how the API gives it.
    #[default]
    Empty,
    /// Not at all.
    Absent,
}

impl View {
    /// Reads a view that a person wrote, as YAML or JSON; `file` is only for the messages.
    ///
    /// # Errors
    ///
    /// Every mistake with its line and column.
    pub fn parse(file: &str, text: &str) -> Result<Self, Invalid> {
        let document = Document::parse(file, text)?;
        Self::read(&document.value()).map_err(|problems| document.invalid(problems))
    }

    /// Reads the view that a client gives of itself.
    pub(super) fn declared(value: &Value) -> Result<Self, String> {
        Self::read(value).map_err(|problems| {
            let texts = problems.into_iter().map(|problem| {
                let Problem { pointer, message, hint, .. } = problem;
                let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                format!("`view{}`: {message}{hint}", pointer.replace('/', "."))
            });
            texts.collect::<Vec<_>>().join("; ")
        })
    }

    fn read(value: &Value) -> Result<Self, Vec<Problem>> {
        let Value::Object(members) = value else {
            let message = format!("{} stands where a view (a map) should", kind(value));
            let hint = format!("a view may say {}", KEYS.join(", "));
            return Err(vec![Problem::value("", message).hint(hint)]);
        };
        let mut view = Self::default();
        let mut problems = Vec::new();
        for (key, value) in members {
            if let Err((message, hint)) = view.take(key, value) {
                problems.push(Problem::key(member("", key), message).hint(hint));
            }
        }
        if problems.is_empty() { Ok(view) } else { Err(problems) }
    }

    fn take(&mut self, key: &str, value: &Value) -> Result<(), (String, String)> {
        let wrong = |wanted: &str, hint: &str| {
            let message = format!("{} stands where {wanted} should", kind(value));
            Err((message, hint.to_owned()))
        };
        match (key, value) {
            ("keys", Value::Array(names)) if names.iter().all(Value::is_string) => {
                let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
                self.keys = Some(names.collect());
            }
            ("keys", _) => return wrong("a list of members", "write `keys: [message]`"),
            ("unconfigured", Value::String(word)) if word == "absent" => {
                self.unconfigured = Unconfigured::Absent;
            }
            ("unconfigured", Value::String(word)) if word == "empty" => {
                self.unconfigured = Unconfigured::Empty;
            }
            ("unconfigured", _) => {
                let hint = "`absent`: the cache does not have such a website; `empty`: it has {}";
                return wrong("`absent` or `empty`", hint);
            }
            ("defaults", Value::Object(defaults)) => self.defaults = defaults.clone(),
            ("defaults", _) => return wrong("a map", "write `defaults: { message: Hello }`"),
            ("value", Value::String(name)) => self.value = Some(name.clone()),
            ("value", _) => return wrong("the name of a member", "write `value: message`"),
            _ => {
                let hint = match nearest(key, KEYS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it may say {}", KEYS.join(", ")),
                };
                return Err((format!("a view has no key `{}`", shortened(key, 60)), hint));
            }
        }
        Ok(())
    }

    /// How the server's settings (JSON text; none: unconfigured) are to stand in the cache; none:
    /// the cache is not to have the website.
    #[must_use]
    pub fn of(&self, settings: Option<&str>) -> Option<String> {
        if settings.is_none() && self.unconfigured == Unconfigured::Absent {
            return None;
        }
        if *self == Self::default() {
            return Some(settings.unwrap_or("{}").to_owned());
        }
        let settings = settings.unwrap_or("{}");
        let Ok(Value::Object(mut members)) = serde_json::from_str(settings) else {
            return Some(settings.to_owned());
        };
        for (name, value) in &self.defaults {
            members.entry(name).or_insert_with(|| value.clone());
        }
        self.comparable(Value::Object(members))
    }

    /// What a cache holds for a website, as it is compared; none: nothing.
    #[must_use]
    pub(super) fn held(&self, held: Value) -> Option<String> {
        match self.value {
            // In some languages a member that is not there is held as null.
            Some(_) if held.is_null() => None,
            Some(_) => Some(held.to_string()),
            None => self.comparable(held),
        }
    }

    fn comparable(&self, mut held: Value) -> Option<String> {
        if let (Some(keys), Value::Object(members)) = (&self.keys, &mut held) {
            members.retain(|name, _| keys.contains(name));
        }
        match (&self.value, held) {
            (Some(name), Value::Object(mut members)) => match members.remove(name) {
                None | Some(Value::Null) => None,
                Some(value) => Some(value.to_string()),
            },
            (_, held) => Some(held.to_string()),
        }
    }

    /// The view in words; none for the raw settings.
    #[must_use]
    pub fn in_words(&self) -> Option<String> {
        let mut words = Vec::new();
        if let Some(keys) = &self.keys {
            words.push(match keys.as_slice() {
                [] => "no member is compared".to_owned(),
                keys => format!("only {} compared", listed(keys.iter())),
            });
        }
        if let Some(name) = &self.value {
            words.push(format!("the cache holds `{name}` alone"));
        }
        if self.unconfigured == Unconfigured::Absent {
            words.push("websites without settings are absent".to_owned());
        }
        for (name, value) in &self.defaults {
            words.push(format!("`{name}` is {value} where it is not set"));
        }
        (!words.is_empty()).then(|| words.join("; "))
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What a value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn view(text: &str) -> View {
        View::parse("view.yaml", text).unwrap()
    }

    #[test]
    fn without_a_view_the_raw_settings_are_compared() {
        let raw = View::default();
        assert_eq!(
            raw.of(Some(r#"{"b": 1.0, "a": null}"#)).as_deref(),
            Some(r#"{"b": 1.0, "a": null}"#)
        );
        assert_eq!(raw.of(None).as_deref(), Some("{}"));
        assert_eq!(raw.held(json!({"a": 1})).as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(raw.in_words(), None);
    }

    #[test]
    fn keys_reduce_both_sides_and_absent_drops_what_has_no_settings() {
        let view = view("keys: [message]\nunconfigured: absent\n");
        assert_eq!(view.of(None), None);
        assert_eq!(view.of(Some("{}")).as_deref(), Some("{}"));
        let both = r#"{"color":"red","message":"Hi"}"#;
        assert_eq!(view.of(Some(both)).as_deref(), Some(r#"{"message":"Hi"}"#));
        let held = json!({"message": "Hi", "loaded_at": 12});
        assert_eq!(view.held(held).as_deref(), Some(r#"{"message":"Hi"}"#));
        assert_eq!(
            view.in_words().as_deref(),
            Some("only `message` compared; websites without settings are absent")
        );
    }

    #[test]
    fn defaults_stand_where_nothing_is_set_and_never_hide_a_value() {
        let view = view(r#"{"defaults": {"message": "Hello"}}"#);
        assert_eq!(view.of(None).as_deref(), Some(r#"{"message":"Hello"}"#));
        assert_eq!(view.of(Some(r#"{"message":"new"}"#)).as_deref(), Some(r#"{"message":"new"}"#));
        // A cache that lost the value shows the default, and differs from the truth.
        assert_ne!(view.held(json!({"message": "Hello"})), view.of(Some(r#"{"message":"new"}"#)));
        assert_ne!(view.held(json!({})), view.of(Some(r#"{"message":"new"}"#)));
    }

    #[test]
    fn a_cache_of_one_member_has_nothing_where_it_is_not_set() {
        let view = view("value: message\n");
        assert_eq!(view.of(Some(r#"{"message":"Hi"}"#)).as_deref(), Some("\"Hi\""));
        for nothing in [None, Some("{}"), Some(r#"{"message":null}"#)] {
            assert_eq!(view.of(nothing), None);
        }
        assert_eq!(view.held(json!("Hi")).as_deref(), Some("\"Hi\""));
        assert_eq!(view.held(json!(null)), None);
    }

    #[test]
    fn every_mistake_in_a_view_is_told_with_its_place() {
        let text = "keys: message\nunconfigured: gone\nvalues: message\ndefaults: [a]\n";
        insta::assert_snapshot!(View::parse("view.yaml", text).unwrap_err(), @r"
        view.yaml:1:1: a text stands where a list of members should
          |
        1 | keys: message
          | ^^^^
          = help: write `keys: [message]`

        view.yaml:2:1: a text stands where `absent` or `empty` should
          |
        2 | unconfigured: gone
          | ^^^^^^^^^^^^
          = help: `absent`: the cache does not have such a website; `empty`: it has {}

        view.yaml:3:1: a view has no key `values`
          |
        3 | values: message
          | ^^^^^^
          = help: did you mean `value`?

        view.yaml:4:1: a list stands where a map should
          |
        4 | defaults: [a]
          | ^^^^^^^^
          = help: write `defaults: { message: Hello }`
        ");
        assert_eq!(
            View::declared(&json!({"value": 3})).unwrap_err(),
            "`view.value`: a number stands where the name of a member should (write `value: message`)"
        );
        assert!(View::declared(&json!(["message"])).unwrap_err().starts_with("`view`: a list"));
    }
}
