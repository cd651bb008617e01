//! The JSON Schema of a fault, for editors and for the control API's description.
//!
//! A test feeds the same examples to the parser and to this schema. What a schema cannot say (a
//! window that ends before it starts, `#3..1`) only the parser refuses.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::parse::EFFECTS;
use super::plan::{Fault, FaultPlan};
use super::read::METHODS;
use crate::operation::Operation;

impl JsonSchema for FaultPlan {
    fn schema_name() -> Cow<'static, str> {
        "FaultPlan".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let fault = generator.subschema_for::<Fault>();
        json_schema!({
            "description": "One fault, or a list of them; the first of a kind wins.",
            "anyOf": [fault, { "type": "array", "items": fault }]
        })
    }
}

impl JsonSchema for Fault {
    fn schema_name() -> Cow<'static, str> {
        "Fault".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one_effect: Vec<Value> =
            EFFECTS.iter().map(|effect| json!({ "required": [effect] })).collect();
        json_schema!({
            "description": "Something that goes wrong: a target, one effect, and limits.",
            "type": "object",
            "properties": properties(),
            "additionalProperties": false,
            "oneOf": one_effect,
            "anyOf": [{ "required": ["at"] }, { "required": ["window"] }],
            "dependentRequired": { "chance": ["seed"], "reason": ["status"] },
            "dependentSchemas": dependent(),
        })
    }
}

fn dependent() -> Value {
    let clock = |which: &str| json!({ "required": ["clock"], "properties": { "clock": { "const": which } } });
    let side = |which: &str, shift: &str| json!({ "properties": { "clock": { "const": which } }, "required": [shift] });
    json!({
        "retry_after": { "anyOf": [{ "required": ["status"] }, { "required": ["throttle"] }] },
        "seed": { "anyOf": [
            { "required": ["chance"] },
            { "required": ["delay"], "properties": { "delay": { "type": "object" } } },
        ] },
        "skew": clock("server"),
        "step": clock("client"),
        "clock": {
            "required": ["window"],
            "oneOf": [side("server", "skew"), side("client", "step")],
            "properties": {
                "at": false, "website": false, "method": false, "times": false, "chance": false
            }
        },
        "empty_page": { "properties": { "at": { "pattern": "^(list|since)" } } },
        "short_page": { "properties": { "at": { "pattern": "^(list|since)" } } },
        "repeat_page": { "properties": { "at": { "pattern": "^list(/([2-9]|1[0-9])|#|$)" } } },
    })
}

/// An operation, a page of `list`, and the occurrences that are meant.
fn target_pattern() -> String {
    let names: Vec<_> = Operation::ALL.into_iter().map(Operation::name).collect();
    let number = "[1-9][0-9]*";
    format!(
        "^({names}|list/{number})(#({number}(\\.\\.({number})?)?|every:{number}))?$",
        names = names.join("|")
    )
}

fn properties() -> Map<String, Value> {
    let duration = "^[^-].*[A-Za-z]";
    let span = |text: &str| json!({ "type": "string", "pattern": duration, "description": text });
    let count = |least: u64, text: &str| json!({ "type": "integer", "minimum": least, "description": text });
    let flag = |text: &str| json!({ "const": true, "description": text });
    let table: [(&str, Value); 34] = [
        (
            "at",
            json!({
                "type": "string", "pattern": target_pattern(),
                "description": "The requests that are met: since, since#2, since#1..3, since#3.., \
                                since#every:3, list/2, list/2#1."
            }),
        ),
        (
            "window",
            json!({
                "type": "string", "pattern": "^.*[A-Za-z].*\\.\\.|\\.\\..*[A-Za-z]",
                "description": "A span of elapsed time: 65s..800s, 20s.., ..30s."
            }),
        ),
        (
            "website",
            json!({
                "type": "string",
                "pattern": "^(w[1-9][0-9]*|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$",
                "description": "Only requests about this website: w1, or a UUID."
            }),
        ),
        ("method", json!({ "enum": METHODS, "description": "Only requests with this method." })),
        ("times", count(1, "At most so many times.")),
        (
            "chance",
            json!({
                "type": "number", "exclusiveMinimum": 0, "maximum": 1,
                "description": "Only with this probability; needs a seed."
            }),
        ),
        ("seed", count(0, "What chance and uniform delays are drawn from.")),
        (
            "status",
            json!({
                "type": "integer", "minimum": 200, "maximum": 599,
                "description": "That answer, in the API's envelope; not carried out."
            }),
        ),
        (
            "reason",
            json!({
                "type": "string", "pattern": "^[a-z0-9_]+$",
                "description": "The reason in the envelope of `status`."
            }),
        ),
        ("retry_after", span("A Retry-After header, whole seconds rounded up.")),
        (
            "throttle",
            json!({
                "enum": [429, 420], "description": "A refusal as the API throttles; not carried out."
            }),
        ),
        (
            "delay",
            json!({
                "description": "A slow answer: 5s, or {uniform: [1s, 3s]}.",
                "oneOf": [span("Always the same."), {
                    "type": "object", "required": ["uniform"], "additionalProperties": false,
                    "properties": { "uniform": {
                        "type": "array", "minItems": 2, "maxItems": 2,
                        "items": { "type": "string", "pattern": duration }
                    } }
                }]
            }),
        ),
        ("hang", flag("No answer until the client gives up; not carried out.")),
        ("reset", flag("A TCP reset before any byte of an answer; not carried out.")),
        ("close", flag("An orderly close before any byte of an answer; not carried out.")),
        ("cut_body", count(0, "The full Content-Length, so many bytes, then the end.")),
        (
            "drip",
            json!({
                "type": "string", "pattern": "^ *0*[1-9][0-9]* *([kKM]i?)?B/s *$",
                "description": "A slow body: 100B/s, 1kB/s."
            }),
        ),
        ("garbage", flag("200 with bytes that are not JSON; not carried out.")),
        ("html", flag("200 with a web page; not carried out.")),
        ("empty_body", flag("200 without a body; not carried out.")),
        ("wrong_type", flag("200 with `data` of a type no route has; not carried out.")),
        ("error_envelope", flag("200 with `error: true`; not carried out.")),
        ("missing_data", flag("200 without `data`; not carried out.")),
        ("null_data", flag("200 with `data: null`; not carried out.")),
        ("lose_answer", flag("Carried out, then a reset instead of the answer.")),
        ("lose_request", flag("Not carried out, and a reset instead of an answer.")),
        ("stale", span("The answer as of so long ago, 10m at most, with Bloom-Status: HIT.")),
        ("empty_page", flag("A list answer without its items.")),
        ("short_page", flag("A list answer without its last item.")),
        ("repeat_page", flag("The page before the one that was asked for.")),
        ("hold_order", flag("Computed now, delivered after the next answer of its operation.")),
        (
            "clock",
            json!({
                "enum": ["server", "client"],
                "description": "A clock goes wrong while the window is open; the client's in virtual \
                                time only."
            }),
        ),
        (
            "skew",
            json!({
                "type": "string", "pattern": "^[-+]?[^-+].*[A-Za-z]",
                "description": "How far the server's clock is off: -60s is behind."
            }),
        ),
        (
            "step",
            json!({
                "type": "string", "pattern": "^[-+]?[^-+].*[A-Za-z]",
                "description": "How far the client's clock is moved: +90s is forward."
            }),
        ),
    ];
    table.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
