//! The values of options that are more than a text or a number.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::document::{Form, Language as _};
use crate::fault::FaultPlan;
use crate::hooks::Hook;
use crate::stub::{Stub, StubFile};

/// The forms of the texts in options.
#[must_use]
pub fn forms() -> Vec<Form> {
    let mut forms = FaultPlan::forms();
    forms.push(Form::of::<Stub>());
    forms.push(Form::of::<Hook>());
    forms
}

/// Requests a day; none means without limit. Written as a number, or `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota(pub Option<u64>);

impl Quota {
    const WANTED: &'static str = "a number of requests a day";
    const HINT: &'static str = "write a whole number of requests a day, or `off`";
}

impl From<u64> for Quota {
    fn from(requests: u64) -> Self {
        Self(Some(requests))
    }
}

impl FromStr for Quota {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self(None)),
            number => number.parse().map(|limit| Self(Some(limit))).map_err(|_| Self::HINT),
        }
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(limit) => serializer.serialize_u64(limit),
            None => serializer.serialize_str("off"),
        }
    }
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(number) if number.is_u64() => Ok(Self(number.as_u64())),
            Value::String(text) if text == "off" => Ok(Self(None)),
            _ => Err(de::Error::custom(Self::HINT)),
        }
    }
}

impl JsonSchema for Quota {
    fn schema_name() -> Cow<'static, str> {
        "Quota".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [{ "type": "integer", "minimum": 0 }, { "const": "off" }],
            "x-name": Self::WANTED,
            "x-hint": Self::HINT,
        })
    }
}

macro_rules! schema_only {
    ($(#[$doc:meta])* $name:ident, $generator:ident => $schema:expr) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

schema_only!(PathOrObject, _generator => json_schema!({
    "type": ["string", "object"],
    "x-name": "a path or an object",
    "x-hint": "write the path of a file, or what the file would say",
}));
schema_only!(PathOrStubs, generator => {
    let stubs = generator.subschema_for::<StubFile>();
    json_schema!({ "anyOf": [{ "type": "string" }, stubs] })
});
schema_only!(PathOrPlan, generator => {
    let plan = generator.subschema_for::<FaultPlan>();
    json_schema!({ "anyOf": [{ "type": "string" }, plan] })
});

/// Reads a whole number, 0 or more.
///
/// # Errors
///
/// What to write instead.
pub fn whole<N: FromStr>(text: &str) -> Result<N, String> {
    at_least(0, text)
}

/// Reads a whole number of a type whose least value is `least`.
///
/// # Errors
///
/// What to write instead.
pub fn at_least<N: FromStr>(least: u8, text: &str) -> Result<N, String> {
    let wanted = |_| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let large = digits && text.bytes().any(|byte| byte != b'0');
        let problem = if large { "this is too large: " } else { "" };
        format!("{problem}write a whole number, {least} or more")
    };
    text.parse().map_err(wanted)
}

#[cfg(feature = "clap")]
pub(super) use arguments::{date, page_size, path, word};

/// Values as arguments of the command line.
#[cfg(feature = "clap")]
mod arguments {
    use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
    use jiff::Timestamp;
    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use crate::document::TextForm as _;
    use crate::form::Date;

    /// How many websites a page has; what is out of bounds is reported later, with its place.
    pub(crate) fn page_size(text: &str) -> Result<u32, &'static str> {
        text.parse().map_err(|_| "write a whole number from 1 to 100")
    }

    pub(crate) fn date(text: &str) -> Result<Timestamp, &'static str> {
        text.parse().map_err(|_| Date::HINT)
    }

    /// The path of a file; the program reads it before the world is made.
    pub(crate) fn path() -> impl TypedValueParser<Value = Value> {
        OsStringValueParser::new().map(|path| Value::String(path.to_string_lossy().into_owned()))
    }

    /// One of the words that `T` is written as.
    pub(crate) fn word<T>(words: [&'static str; 2]) -> impl TypedValueParser<Value = T>
    where
        T: DeserializeOwned + Clone + Send + Sync + 'static,
    {
        PossibleValuesParser::new(words)
            .try_map(|text: String| serde_json::from_value::<T>(Value::String(text)))
    }
}
