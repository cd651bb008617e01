//! Stored settings as text, and when a website counts as configured.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::bounds;
use crate::engine::website::Website;
use crate::engine::{Refusal, World, numbers};
use crate::quirks::{ConfiguredMeans, Numbers, Quirks};
use crate::schema::SettingsSchema;

pub(super) fn configured_by<'a>(
    schema: &'a SettingsSchema,
    quirks: &'a Quirks,
) -> impl Fn(&Website) -> bool + 'a {
    |website| is_configured(website.settings.as_deref(), schema, quirks)
}

pub(super) fn is_configured(
    settings: Option<&str>,
    schema: &SettingsSchema,
    quirks: &Quirks,
) -> bool {
    match quirks.configured_means {
        ConfiguredMeans::Saved => settings.is_some_and(|settings| settings != "{}"),
        ConfiguredMeans::SchemaValid => {
            schema.fits(&Value::Object(parsed(settings.unwrap_or("{}"))))
        }
        ConfiguredMeans::NonEmpty => {
            settings.is_some_and(|settings| parsed(settings).values().any(holds_something))
        }
    }
}

/// Numbers as doubles, which is all that a schema looks at.
fn parsed(stored: &str) -> Map<String, Value> {
    numbers::parsed(stored, Numbers::JavaScript)
}

fn holds_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

pub(super) fn text(settings: &Map<String, Value>, quirk: Numbers) -> Arc<str> {
    numbers::json(settings, quirk).unwrap_or_else(|| "{}".to_owned()).into()
}

impl World {
    /// Settings as they are stored in place of so many bytes, if there is room for them.
    pub(super) fn stored(
        &self,
        settings: &Map<String, Value>,
        before: usize,
    ) -> Result<Arc<str>, Refusal> {
        let text = text(settings, self.quirks.numbers);
        let too_much = |what: &str, bytes: usize, most: usize| {
            Refusal::TooMuch(format!(
                "{what} would have {bytes} bytes as JSON, and the emulator keeps {most}: save less"
            ))
        };
        if text.len() > bounds::SETTINGS_OF_A_WEBSITE {
            let what = "the settings of this website";
            return Err(too_much(what, text.len(), bounds::SETTINGS_OF_A_WEBSITE));
        }
        let all = (self.directory.settings_bytes() + text.len()).saturating_sub(before);
        if all > bounds::SETTINGS_OF_A_WORLD && text.len() > before {
            return Err(too_much("all settings of this world", all, bounds::SETTINGS_OF_A_WORLD));
        }
        Ok(text)
    }
}

pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
