//! Stored settings as text, and when a website counts as configured.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::website::Website;
use crate::quirks::{ConfiguredMeans, Quirks};
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

fn holds_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// Stored settings were written by [`text`], so they always parse.
pub(super) fn parsed(stored: &str) -> Map<String, Value> {
    serde_json::from_str(stored).unwrap_or_default()
}

pub(super) fn text(settings: &Map<String, Value>) -> Arc<str> {
    serde_json::to_string(settings).unwrap_or_else(|_| "{}".to_owned()).into()
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
