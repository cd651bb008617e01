//! Quirks by name, as files and bodies have them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, json};

use super::{QuirkError, Quirks, TABLE};
use crate::document::{Form, Language, Node, Problem, member};

impl Serialize for Quirks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.values())
    }
}

/// Reads a map of names and values over the defaults. Numbers and booleans may stand unquoted.
impl<'de> Deserialize<'de> for Quirks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut quirks = Self::default();
        quirks.apply(&Settings::deserialize(deserializer)?).map_err(serde::de::Error::custom)?;
        Ok(quirks)
    }
}

/// Quirks by name, as they stand in a file or a body: names that are not checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings(pub Vec<(String, String)>);

impl<'de> Deserialize<'de> for Settings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Settings;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a map from quirks to their values")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Settings, A::Error> {
                let mut pairs = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    pairs.push((name, map.next_value::<Scalar>()?.into_text()));
                }
                Ok(Settings(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

impl Serialize for Settings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// Every quirk with its question, its default and its alternatives. Of other names the values alone are
/// looked at: [`Settings::problems`] knows `_` for `-`.
impl JsonSchema for Settings {
    fn schema_name() -> Cow<'static, str> {
        "Quirks".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let kinds = json!(["string", "integer", "boolean", "null"]);
        let defaults = Quirks::default().values();
        let rows = TABLE.iter().zip(defaults).map(|(about, (_, default))| {
            let alternatives = about.alternatives.iter().map(|&value| value.to_owned());
            let examples: Vec<_> = std::iter::once(default.clone()).chain(alternatives).collect();
            let described = json!({
                "description": format!("{} {}", about.question, about.why),
                "type": kinds,
                "default": default,
                "examples": examples,
            });
            (about.name.to_owned(), described)
        });
        json_schema!({
            "type": "object",
            "properties": rows.collect::<Map<_, _>>(),
            "additionalProperties": { "type": kinds },
            "x-name": "a map of quirks",
            "x-hint": "write a map, as `quirks: { since-boundary: exclusive }`",
        })
    }
}

impl Language for Settings {
    fn forms() -> Vec<Form> {
        Vec::new()
    }

    fn problems(&self, _: &Node) -> Vec<Problem> {
        Self::problems(self, "")
    }
}

impl Settings {
    /// What is wrong with them where they stand at `base` in a document.
    #[must_use]
    pub fn problems(&self, base: &str) -> Vec<Problem> {
        let each = self.0.iter().filter_map(|(name, value)| {
            let error = Quirks::default().set(name, value).err()?;
            let place = member(base, name);
            Some(match &error {
                QuirkError::Unknown { .. } => Problem::key(place, error.to_string()),
                QuirkError::Value { .. } => Problem::value(place, error.to_string()),
            })
        });
        each.collect()
    }
}

/// YAML gives `off` and `200` as what they look like; a quirk's value is a text.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a text or a number")]
enum Scalar {
    Text(String),
    Number(i64),
    Flag(bool),
    Null(()),
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Flag(false) => "off".to_owned(),
            Self::Flag(true) => "on".to_owned(),
            Self::Null(()) => "null".to_owned(),
        }
    }
}
