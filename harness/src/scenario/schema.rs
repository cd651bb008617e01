//! The JSON Schema of the language, for editors.

use crisp_mock_server::fault::FaultPlan;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::quirks::TABLE;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::words::Rule;

/// The JSON Schema of a scenario file (draft 2020-12). What a schema cannot say (a page that the
/// list never has, a fault that can never fire) only [`Scenario::parse`](super::Scenario::parse)
/// refuses. `mutants` are the names that may stand under `kills`.
#[must_use]
pub fn json_schema(mutants: &[&str]) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let faults = FaultPlan::json_schema(&mut generator).to_value();
    let definitions = definitions(generator);
    let mutant_names = json!({ "type": "string", "enum": mutants });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A crisp-mock scenario",
        "description": "What happens to some websites, and what a client must have made of it.",
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": text("One sentence that says what happens."),
            "about": text("What it teaches."),
            "server": server(),
            "client": client(),
            "start": start(),
            "faults": faults,
            "when": {
                "description": "What happens; equal anchors in the written order.",
                "type": "array",
                "items": step()
            },
            "expect": expect(),
            "kills": {
                "description": "Mutants of the zoo that this scenario catches.",
                "anyOf": [mutant_names, { "type": "array", "items": mutant_names }]
            },
            "by": {
                "description": "The oracles that must catch them.",
                "type": "array",
                "items": rule_names()
            },
            "found": object("Where it comes from, when a search found it.", &[
                ("rule", text("The verdict.")),
                ("client", text("Which client it convicts.")),
                ("seed", json!({ "type": "integer", "minimum": 0 })),
                ("quirk", text("The quirk that it needs.")),
            ])
        },
        "$defs": definitions
    })
}

fn definitions(mut generator: SchemaGenerator) -> Value {
    let mut definitions: Map<String, Value> = generator.take_definitions(true);
    let more = json!({
        "duration": {
            "description": "A number and a unit: 250ms, 5s, 1m30s, 2h, 3d.",
            "type": "string",
            "pattern": "^([0-9.]+ ?[a-zA-Z]+ ?)+$|^0$"
        },
        "shift": { "description": "How far a clock is moved.", "type": "string", "pattern": "^[+-]?[0-9]" },
        "website": { "description": "w1, w2, … or a UUID.", "type": "string", "pattern": "^w[1-9][0-9]*$|^[0-9a-fA-F-]{36}$" },
        "websites": { "anyOf": [
            { "$ref": "#/$defs/website" },
            { "type": "array", "items": { "$ref": "#/$defs/website" } }
        ] },
        "settings": {
            "description": "Websites with the settings of each.",
            "type": "object",
            "propertyNames": { "$ref": "#/$defs/website" },
            "additionalProperties": { "type": "object" }
        },
        "spot": {
            "description": "One request: since#2, list/1, list/1#2.",
            "type": "string",
            "pattern": format!("^({})(/[1-9][0-9]*)?(#[1-9][0-9]*)?$", operations().join("|"))
        }
    });
    if let Value::Object(more) = more {
        definitions.extend(more);
    }
    Value::Object(definitions)
}

fn operations() -> Vec<&'static str> {
    Operation::ALL.map(Operation::name).to_vec()
}

fn rule_names() -> Value {
    json!({ "enum": Rule::ALL.map(Rule::name) })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

fn reference(name: &str, description: &str) -> Value {
    json!({ "description": description, "$ref": format!("#/$defs/{name}") })
}

fn object(description: &str, members: &[(&str, Value)]) -> Value {
    let members: Map<_, _> = members.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    json!({
        "description": description,
        "type": "object",
        "properties": members,
        "additionalProperties": false
    })
}

fn server() -> Value {
    let quirks: Map<_, _> = TABLE
        .iter()
        .map(|about| {
            let examples = about.alternatives;
            let scalar = json!(["string", "number", "boolean", "null"]);
            let quirk =
                json!({ "description": about.question, "type": scalar, "examples": examples });
            (about.name.to_owned(), quirk)
        })
        .collect();
    object(
        "How the server behaves.",
        &[
            ("page_size", json!({ "type": "integer", "minimum": 1, "maximum": 100 })),
            ("quota", json!({ "description": "Requests a day.", "type": "integer", "minimum": 0 })),
            ("seed", json!({ "type": "integer", "minimum": 0 })),
            ("schema", json!({ "description": "The plugin's settings schema.", "type": "object" })),
            ("profile", json!({ "enum": ["typical", "hostile"] })),
            (
                "quirks",
                json!({
                    "description": "Undocumented details, over the profile; `_` may stand for `-`.",
                    "type": "object",
                    "properties": quirks
                }),
            ),
        ],
    )
}

fn client() -> Value {
    let whole = json!({ "type": "integer", "minimum": 0 });
    object(
        "How the client is set up.",
        &[
            ("poll_every", reference("duration", "From one poll to the next (60 s).")),
            ("overlap", reference("duration", "How far back each poll looks behind the last.")),
            ("relist_every", reference("duration", "From one full list to the next.")),
            ("longest_gap", reference("duration", "After a gap this long it lists again.")),
            ("request_timeout", reference("duration", "How long it waits for an answer.")),
            ("quota", whole.clone()),
            ("seed", whole),
            ("clock", reference("shift", "How far its wall clock is ahead of the true time.")),
        ],
    )
}

fn start() -> Value {
    object(
        "What is there before anything happens.",
        &[
            ("websites", reference("settings", "Websites with their settings.")),
            ("unconfigured", reference("websites", "Websites without settings.")),
            (
                "generated",
                json!({
                    "description": "So many websites, w1, w2, …, with made-up settings (3 when nothing is said).",
                    "type": "integer", "minimum": 0, "maximum": 100_000
                }),
            ),
        ],
    )
}

fn step() -> Value {
    let required = |keys: &[&str]| -> Vec<Value> {
        keys.iter().map(|key| json!({ "required": [key] })).collect()
    };
    let mut step = object(
        "An anchor and one deed.",
        &[
            ("at", reference("duration", "At this time since the start.")),
            ("after", reference("spot", "When the answer to this request has just arrived.")),
            ("during", reference("spot", "While the answer to this request is under way.")),
            ("wait", reference("duration", "How long after that.")),
            ("save", reference("settings", "An operator saves at the dashboard.")),
            (
                "install",
                json!({
                    "description": "The plugin is installed.",
                    "anyOf": [{ "$ref": "#/$defs/websites" }, { "$ref": "#/$defs/settings" }]
                }),
            ),
            ("uninstall", reference("websites", "The plugin is uninstalled.")),
            (
                "plan",
                json!({
                    "description": "A website changes its plan.",
                    "type": "object",
                    "propertyNames": { "$ref": "#/$defs/website" },
                    "additionalProperties": { "type": "string" }
                }),
            ),
            ("client_save", reference("settings", "The plugin replaces settings (PUT).")),
            ("client_update", reference("settings", "The plugin changes some settings (PATCH).")),
            (
                "clock",
                json!({
                    "description": "A wall clock is moved.",
                    "type": "object",
                    "properties": { "server": { "$ref": "#/$defs/shift" }, "client": { "$ref": "#/$defs/shift" } },
                    "additionalProperties": false,
                    "minProperties": 1,
                    "maxProperties": 1
                }),
            ),
            ("restart", json!({ "description": "The client is started anew.", "const": "client" })),
            (
                "quiet",
                json!({ "description": "From here on nothing goes wrong any more.", "const": true }),
            ),
        ],
    );
    step["allOf"] = json!([
        { "oneOf": required(&super::deed::ANCHORS) },
        { "oneOf": required(&super::deed::DEEDS) }
    ]);
    step
}

fn expect() -> Value {
    let counts: Map<_, _> = operations()
        .into_iter()
        .map(|name| (name.to_owned(), json!({ "type": "integer", "minimum": 0 })))
        .collect();
    let off = object("An oracle.", &[("off", text("Why it is not to judge."))]);
    let oracles: Vec<_> = Rule::ALL.iter().map(|rule| (rule.name(), off.clone())).collect();
    object(
        "What the client must have made of it.",
        &[
            (
                "converged_within",
                reference("duration", "After the last change and the last fault."),
            ),
            ("ready_within", reference("duration", "The client says that it is ready by then.")),
            (
                "websites",
                json!({
                    "description": "What the cache holds at the end.",
                    "anyOf": [{ "$ref": "#/$defs/websites" }, { "$ref": "#/$defs/settings" }]
                }),
            ),
            (
                "requests",
                json!({
                    "description": "How many requests of each operation.",
                    "type": "object", "properties": counts, "additionalProperties": false
                }),
            ),
            (
                "requests_per_hour",
                json!({ "description": "At most.", "type": "integer", "minimum": 0 }),
            ),
            ("never_seen", reference("settings", "What the cache must not show at any time.")),
            (
                "status",
                json!({ "description": "At the end.", "enum": ["loading", "fresh", "stale"] }),
            ),
            (
                "saves",
                json!({
                    "description": "How the client's saves ended, in the order of the orders.",
                    "type": "array", "items": { "enum": ["done", "refused", "unknown"] }
                }),
            ),
            ("oracles", object("Oracles that are not to judge, with the reason.", &oracles)),
        ],
    )
}
