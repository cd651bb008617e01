//! How a cache differs from the raw settings, so that the two can be compared.
//!
//! Plugins rarely keep what they got: they keep the one member that they need, put defaults in, or
//! drop websites without settings. A view says so, and the verdict prints it.

use crisp_mock_server::document::{Document, Form, Invalid, Language, Node, Problem, read};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

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
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend(
    "additionalProperties" = false,
    "x-name" = "a view",
    "x-hint" = "a view is a map, as `value: message`"
))]
pub struct View {
    /// The members that are compared; without it all of them.
    #[schemars(extend("x-name" = "a list of members", "x-hint" = "write `keys: [message]`"))]
    keys: Option<Vec<String>>,
    unconfigured: Unconfigured,
    /// What stands in the cache where a member is not set.
    #[schemars(extend("x-name" = "a map", "x-hint" = "write `defaults: { message: Hello }`"))]
    defaults: Map<String, Value>,
    /// The member that the cache holds in place of the settings.
    #[schemars(extend("x-name" = "the name of a member", "x-hint" = "write `value: message`"))]
    value: Option<String>,
}

/// How a website that has no settings stands in the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(extend(
    "x-name" = "`absent` or `empty`",
    "x-hint" = "`absent`: the cache does not have such a website; `empty`: it has {}"
))]
enum Unconfigured {
    /// As `{}`, which is how the API gives it.
    #[default]
    Empty,
    /// Not at all.
    Absent,
}

impl Language for View {
    fn forms() -> Vec<Form> {
        Vec::new()
    }
}

impl View {
    /// Reads a view that a person wrote, as YAML or JSON; `file` is only for the messages.
    ///
    /// # Errors
    ///
    /// Every mistake with its line and column.
    pub fn parse(file: &str, text: &str) -> Result<Self, Invalid> {
        Document::parse(file, text)?.read()
    }

    /// Reads the view that a client gives of itself.
    pub(super) fn declared(value: &Value) -> Result<Self, String> {
        read(&Node::from_value(value)).map_err(|problems| {
            let texts = problems.into_iter().map(|problem| {
                let Problem { pointer, message, hint, .. } = problem;
                let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
                format!("`view{}`: {message}{hint}", pointer.replace('/', "."))
            });
            texts.collect::<Vec<_>>().join("; ")
        })
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
        view.yaml:1:7: `message` stands where a list of members should
          |
        1 | keys: message
          |       ^^^^^^^
          = help: write `keys: [message]`

        view.yaml:2:15: `gone` stands where `absent` or `empty` should
          |
        2 | unconfigured: gone
          |               ^^^^
          = help: `absent`: the cache does not have such a website; `empty`: it has {}

        view.yaml:3:1: a view has no key `values`
          |
        3 | values: message
          | ^^^^^^
          = help: did you mean `value`?

        view.yaml:4:11: a list stands where a map should
          |
        4 | defaults: [a]
          |           ^^
          = help: write `defaults: { message: Hello }`
        ");
        assert_eq!(
            View::declared(&json!({"value": 3})).unwrap_err(),
            "`view.value`: `3` stands where the name of a member should (write `value: message`)"
        );
        assert!(View::declared(&json!(["message"])).unwrap_err().starts_with("`view`: a list"));
    }
}
