//! The JSON Schema of the config file, for editors.

use std::collections::BTreeMap;

use crisp_mock_server::clock::Mode;
use crisp_mock_server::document::without_words;
use crisp_mock_server::fault::FaultPlan;
use crisp_mock_server::quirks::{Profile, Quirks, TABLE};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::arguments::Print;

/// The keys of the config file, in the order of the product surface.
pub const KEYS: [&str; 24] = [
    "listen",
    "websites",
    "unconfigured",
    "seed",
    "schema",
    "identifier",
    "key",
    "quota",
    "page_size",
    "profile",
    "quirks",
    "clock",
    "now",
    "settings_url",
    "stub",
    "control_token",
    "faults",
    "state",
    "journal",
    "ready_file",
    "print",
    "public_url",
    "idle_exit",
    "parent_pid",
];

/// The options of `crisp-mock serve` as a file; every key may be left out.
#[derive(JsonSchema)]
#[schemars(title = "crisp-mock server config", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used; the reader judges each key by itself")]
struct Config {
    /// Where to read this schema; for editors alone.
    #[schemars(rename = "$schema")]
    schema_address: Option<String>,
    /// Address and port to listen on (port 8420 of both loopback addresses); port 0 means any free
    /// one.
    #[schemars(example = "127.0.0.1:8420")]
    listen: Option<String>,
    /// Websites that have the plugin installed (25).
    websites: Option<u32>,
    /// How many of them have no settings yet (0).
    unconfigured: Option<u32>,
    /// Same seed, same ids, tokens and settings (1).
    seed: Option<u64>,
    /// The plugin's settings schema: a path, relative to this file, or the schema itself.
    schema: Option<PathOrObject>,
    /// The plugin token's identifier (a fixed development pair).
    identifier: Option<String>,
    /// The plugin token's key (a fixed development pair).
    key: Option<String>,
    /// Requests a day, or `off` (off).
    quota: Option<QuotaKey>,
    /// Websites on a page of the list (20).
    #[schemars(range(min = 1, max = 100))]
    page_size: Option<u32>,
    /// Which set of guesses about undocumented details to start from (typical).
    profile: Option<Profile>,
    /// Single undocumented details, over the profile.
    quirks: Option<QuirkMap>,
    /// Whether time passes by itself (real).
    clock: Option<Mode>,
    /// What the world's clock shows at the start (now).
    #[schemars(extend("format" = "date-time"))]
    now: Option<String>,
    /// The plugin's settings page.
    #[schemars(extend("format" = "uri"))]
    settings_url: Option<String>,
    /// Answers for routes outside the plugin area.
    #[schemars(example = ["POST website/*/conversation/*/message=202"])]
    stub: Option<Vec<String>>,
    /// Demanded from every control call; `none` to listen openly without one.
    control_token: Option<String>,
    /// What goes wrong, and when: a path, relative to this file, or the plan itself.
    faults: Option<PathOrPlan>,
    /// A dump of a world to start from, in place of `websites`, `unconfigured` and `seed`: a path,
    /// relative to this file, or the dump itself.
    state: Option<PathOrObject>,
    /// Where to write every request, one line of JSON each.
    journal: Option<String>,
    /// Where to write the addresses and credentials once the port accepts.
    ready_file: Option<String>,
    /// What to print at the start (text).
    print: Option<Print>,
    /// What the server is to call itself behind a mapped port.
    #[schemars(extend("format" = "uri"))]
    public_url: Option<String>,
    /// End when no request came for so long.
    #[schemars(example = "10m")]
    idle_exit: Option<String>,
    /// End when this process has ended.
    parent_pid: Option<u32>,
}

/// The schema as JSON.
#[must_use]
pub fn config_schema() -> Value {
    let mut schema = schemars::schema_for!(Config).to_value();
    without_words(&mut schema);
    schema
}

macro_rules! written_by_hand {
    ($name:ident, $generator:ident => $schema:expr) => {
        struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
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

written_by_hand!(PathOrObject, _generator => json_schema!({ "type": ["string", "object"] }));
written_by_hand!(PathOrPlan, generator => {
    let plan = generator.subschema_for::<FaultPlan>();
    json_schema!({ "anyOf": [{ "type": "string" }, plan] })
});
written_by_hand!(QuotaKey, _generator => json_schema!({
    "anyOf": [{ "type": "integer", "minimum": 0 }, { "const": "off" }]
}));
written_by_hand!(QuirkMap, _generator => json_schema!({
    "type": "object",
    "properties": quirks(),
    "additionalProperties": false,
}));

/// Every quirk with its question, its default and its alternatives.
fn quirks() -> Map<String, Value> {
    let defaults: BTreeMap<_, _> = Quirks::default().values().into_iter().collect();
    let mut properties = Map::new();
    for about in TABLE {
        let default = defaults.get(about.name).cloned().unwrap_or_default();
        let mut examples = vec![default.clone()];
        examples.extend(about.alternatives.iter().map(|&value| value.to_owned()));
        let described = json!({
            "description": format!("{} {}", about.question, about.why),
            "type": ["string", "number", "boolean", "null"],
            "default": default,
            "examples": examples,
        });
        properties.insert(about.name.to_owned(), described);
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_exactly_the_keys_that_the_reader_knows() {
        let schema = config_schema();
        let properties = schema["properties"].as_object().unwrap();
        let mut names: Vec<_> = properties.keys().map(String::as_str).collect();
        names.retain(|name| *name != "$schema");
        assert_eq!(names, KEYS);
    }
}
