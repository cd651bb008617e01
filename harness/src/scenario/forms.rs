//! How the parts of a scenario are written that have another form in a file than in the program.

use std::borrow::Cow;

use crisp_mock_server::document::{OneOrMany, Pairs, True};
use crisp_mock_server::form::{Shift, WebsiteName};
use crisp_mock_server::id::WebsiteId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::words::Side;

/// Websites with the settings of each.
pub(super) type ByWebsite = Pairs<WebsiteName, SettingsForm>;

/// The settings of a website: an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SettingsForm(Value);

impl From<Value> for SettingsForm {
    fn from(settings: Value) -> Self {
        Self(settings)
    }
}

impl From<SettingsForm> for Value {
    fn from(form: SettingsForm) -> Self {
        form.0
    }
}

impl JsonSchema for SettingsForm {
    fn schema_name() -> Cow<'static, str> {
        "Settings".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "x-name": "settings",
            "x-hint": "settings are an object: `{ message: Hi }`, or `{}`",
        })
    }
}

/// `install: w4`, `install: [w4, w5]` or `install: { w4: { message: Hi } }`.
pub(super) struct Installs;

type Installed = Vec<(WebsiteId, Option<Value>)>;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-name" = "websites, or websites with settings,"))]
enum InstallsForm {
    With(#[serde(with = "ByWebsite")] Vec<(WebsiteId, Value)>),
    Bare(#[serde(with = "OneOrMany::<WebsiteName>")] Vec<WebsiteId>),
}

impl Installs {
    pub(super) fn serialize<S: Serializer>(
        websites: &[(WebsiteId, Option<Value>)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let with = websites.iter().map(|(id, settings)| Some((*id, settings.clone()?)));
        let form = match with.collect::<Option<Vec<_>>>() {
            Some(with) if !with.is_empty() => InstallsForm::With(with),
            // Settings of some and not of others cannot be read from one step, so none is written so.
            _ => InstallsForm::Bare(websites.iter().map(|(id, _)| *id).collect()),
        };
        form.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Installed, D::Error> {
        Ok(match InstallsForm::deserialize(deserializer)? {
            InstallsForm::With(with) => with.into_iter().map(|(id, s)| (id, Some(s))).collect(),
            InstallsForm::Bare(ids) => ids.into_iter().map(|id| (id, None)).collect(),
        })
    }
}

impl JsonSchema for Installs {
    fn schema_name() -> Cow<'static, str> {
        "Installs".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        InstallsForm::json_schema(generator)
    }
}

/// `clock: { client: +90s }`
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename = "clock", rename_all = "snake_case")]
#[schemars(extend(
    "x-name" = "`clock`",
    "x-hint" = "write `clock: { client: +90s }` or `clock: { server: -60s }`",
    "x-choice" = [{ "says": "whose clock is moved", "twice": "a step moves one clock" }]
))]
pub(super) enum ClockStep {
    /// The server's.
    Server(Shift),
    /// The client's.
    Client(Shift),
}

impl ClockStep {
    pub(super) fn serialize<S: Serializer>(
        side: &Side,
        millis: &i64,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let step = match side {
            Side::Server => Self::Server(Shift(*millis)),
            Side::Client => Self::Client(Shift(*millis)),
        };
        Serialize::serialize(&step, serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<(Side, i64), D::Error> {
        Ok(match <Self as Deserialize>::deserialize(deserializer)? {
            Self::Server(shift) => (Side::Server, shift.0),
            Self::Client(shift) => (Side::Client, shift.0),
        })
    }
}

/// `quiet: true`
#[derive(JsonSchema)]
#[schemars(transparent)]
pub(super) struct Always(True);

impl Always {
    pub(super) fn serialize<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
        True.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
        True::deserialize(deserializer).map(drop)
    }
}

/// `{ off: the reason }`
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "an oracle"))]
pub struct Off {
    /// Why it is not to judge.
    #[schemars(length(min = 1), extend("x-name" = "the reason why it is off"))]
    off: String,
}

impl From<String> for Off {
    fn from(off: String) -> Self {
        Self { off }
    }
}

impl From<Off> for String {
    fn from(form: Off) -> Self {
        form.off
    }
}
