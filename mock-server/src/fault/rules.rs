//! What the JSON Schema of a fault says beyond its keys, for editors: the contradictions of
//! [`contradictions`](super::contradiction::contradictions) that a schema can state.

use schemars::Schema;
use serde_json::{Value, json};

/// Adds the rules to the schema that is derived from the type.
pub(super) fn add(fault: &mut Schema) {
    let clock =
        |side: &str| json!({ "required": ["clock"], "properties": { "clock": { "const": side } } });
    let shifted = |side: &str, shift: &str| json!({ "properties": { "clock": { "const": side } }, "required": [shift] });
    let at = |pattern: &str| json!({ "properties": { "at": { "pattern": pattern } } });
    let rules = json!({
        "unevaluatedProperties": false,
        "anyOf": [{ "required": ["at"] }, { "required": ["window"] }],
        "dependentRequired": {
            "chance": ["seed"], "reason": ["status"], "retry_after_as": ["retry_after"],
        },
        "dependentSchemas": {
            "retry_after": { "anyOf": [{ "required": ["status"] }, { "required": ["throttle"] }] },
            "seed": { "anyOf": [
                { "required": ["chance"] },
                { "required": ["delay"], "properties": { "delay": { "type": "object" } } },
            ] },
            "skew": clock("server"),
            "step": clock("client"),
            "clock": {
                "required": ["window"],
                "oneOf": [shifted("server", "skew"), shifted("client", "step")],
                "properties": {
                    "at": false, "website": false, "method": false, "times": false, "chance": false
                }
            },
            "empty_page": at("^(list|since)"),
            "short_page": at("^(list|since)"),
            "drop": at("^(hook|rtm_event)"),
            "duplicate": at("^(hook|rtm_event)"),
            "bad_signature": at("^hook"),
            "old_timestamp": at("^hook"),
            "other_website": at("^hook"),
            "mute_pings": at("^rtm(#|$)"),
            "refuse_auth": at("^rtm(#|$)"),
            "kick": at("^rtm"),
            "repeat_page": at("^list(/([2-9]|1[0-9])|#|$)"),
        },
    });
    if let Value::Object(rules) = rules {
        fault.ensure_object().extend(rules);
    }
}
