//! Schemas of bodies and parameters for the OpenAPI document, as exact as JSON Schema can be.
//!
//! What the document calls valid is taken, and what it calls invalid is refused; a test holds the
//! running server to it. What no schema can say (two options that contradict each other, settings
//! that do not fit the plugin's schema) is refused all the same.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use strum::VariantNames;

use crate::document::{self, Language};
use crate::hooks::State;
use crate::operation::Operation;
use crate::quirks::{Quirks, TABLE};

/// A body that is read as a document, where null stands for a member that is left out; `exact` are
/// members that can be told better than their types do.
pub(super) fn body<L: Language>(exact: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let mut schema = document::inline_schema::<L>();
    for (name, member) in exact {
        schema["properties"][name] = member;
    }
    let members = schema["properties"].as_object().cloned().unwrap_or_default();
    let bound = |key| schema.get(key).and_then(Value::as_u64);
    match (bound("minProperties"), bound("maxProperties")) {
        (None, _) => schema["properties"] = Value::Object(all_or_null(&members)),
        (Some(_), most) => {
            // One at least is not null; of a body that takes one, the others are.
            let shapes = members.keys().map(|needed| {
                let others = members.iter().map(|(name, member)| {
                    let member = match most {
                        _ if name == needed => member.clone(),
                        Some(1) => json!({ "type": "null" }),
                        _ => or_null(member),
                    };
                    (name.clone(), member)
                });
                json!({
                    "type": "object",
                    "properties": others.collect::<Map<_, _>>(),
                    "required": [needed],
                    "additionalProperties": false,
                })
            });
            schema = json!({ "anyOf": shapes.collect::<Vec<_>>() });
        }
    }
    schema
}

/// An answer, as its type writes it.
pub(super) fn answer<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    if let Some(members) = schema.as_object_mut() {
        members.remove("title");
    }
    schema
}

/// Members that may be null, as left out, where they need not be there.
fn all_or_null(members: &Map<String, Value>) -> Map<String, Value> {
    members.iter().map(|(name, member)| (name.clone(), or_null(member))).collect()
}

fn or_null(schema: &Value) -> Value {
    let nothing = json!({ "type": "null" });
    if schema["anyOf"].as_array().is_some_and(|branches| branches.contains(&nothing)) {
        return schema.clone();
    }
    json!({ "anyOf": [schema, nothing] })
}

/// Makes the members of a component that need not be there ones that may be null.
pub(super) fn may_be_null(component: &mut Value) {
    let required = component["required"].as_array().cloned().unwrap_or_default();
    let Some(members) = component.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, member) in members {
        may_be_null(member);
        if !required.iter().any(|needed| needed == name) {
            *member = or_null(member);
        }
    }
}

/// A duration as calls take it.
pub(super) fn duration() -> Value {
    json!({
        "type": "string",
        "minLength": 2,
        "pattern": "^([0-9]{1,2}d ?)?([0-9]{1,3}h ?)?([0-9]{1,4}m ?)?([0-9]{1,6}s ?)?([0-9]{1,6}ms)?$",
        "examples": ["5s", "1m30s"],
    })
}

/// One step of the clock; what a step does not take may be null.
pub(super) fn clock_step() -> Value {
    let no = || json!({ "type": "null" });
    let date = json!({ "type": "string", "format": "date-time" });
    let settle = json!({
        "type": ["boolean", "null"],
        "description": "Whether a manual clock stops at each delivery of a web hook that falls due \
            and waits for its answer; true without it.",
    });
    let step = |name: &str, value: Value| {
        let mut members = json!({ "advance": no(), "skew": no(), "set": no(), "settle": no() });
        members[name] = value;
        if name == "advance" {
            members["settle"] = settle.clone();
        }
        json!({
            "type": "object", "properties": members, "required": [name],
            "additionalProperties": false,
        })
    };
    json!({ "anyOf": [step("advance", duration()), step("skew", shift()), step("set", date)] })
}

/// Where a delivery stands.
pub(super) fn delivery_state() -> Value {
    json!({ "type": "string", "enum": State::VARIANTS })
}

/// A duration that may have a sign.
pub(super) fn shift() -> Value {
    json!({
        "type": "string",
        "pattern": "^[-+]?[0-9]{1,6}(ms|s|m|h)( [0-9]{1,6}ms)?$",
        "examples": ["-60s", "+90s"],
    })
}

/// One fault or a list of them. What a fault is, is more than tools that make up bodies understand:
/// `crisp-mock schema config` has it.
pub(super) fn faults() -> Value {
    json!({ "type": ["object", "array"], "description": "One fault or a list of them: docs/faults.md." })
}

/// A website, as a short name or a UUID.
pub(super) fn website() -> Value {
    let number = "([1-9][0-9]{0,8}|[1-3][0-9]{9})";
    let uuid = "[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";
    json!({ "type": "string", "pattern": format!("^(w{number}|{uuid})$"), "examples": ["w1"] })
}

/// The name of an operation.
pub(super) fn operation() -> Value {
    json!({ "type": "string", "enum": Operation::ALL.map(Operation::name) })
}

/// The name of an event.
pub(super) fn event_name() -> Value {
    json!({
        "type": "string",
        "maxLength": 100,
        "pattern": "^[a-z0-9_]+(:[a-z0-9_]+)+$",
        "examples": ["message:send"],
    })
}

/// A number that 64 bits hold.
pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX })
}

/// A body of quirks: of each the values that it has, numbers and booleans as such, too.
pub(super) fn quirks() -> Value {
    let defaults = Quirks::default().values();
    let rows = TABLE.iter().zip(defaults).map(|(quirk, (name, default))| {
        let alternatives = quirk.alternatives.iter().map(|&value| value.to_owned());
        let known: Vec<String> = std::iter::once(default).chain(alternatives).collect();
        let written = known.iter().flat_map(|text| as_written(text)).collect::<Vec<_>>();
        if Quirks::default().set(name, "any_word").is_ok() {
            return (name.to_owned(), any_word(quirk.question));
        }
        let mut forms = vec![json!({ "enum": written })];
        let patterns: Vec<_> = known.iter().filter_map(|text| numbers_of(name, text)).collect();
        if !patterns.is_empty() {
            let any = format!("^({})$", patterns.join("|"));
            forms.push(json!({ "type": "string", "pattern": any }));
        }
        let described = json!({ "description": quirk.question, "anyOf": forms });
        (name.to_owned(), described)
    });
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": rows.collect::<Map<_, _>>(),
    })
}

/// Of a quirk that takes any word, numbers, booleans and null are words.
fn any_word(question: &str) -> Value {
    json!({
        "description": question,
        "anyOf": [
            { "type": "string", "pattern": "^[a-z0-9_]{1,64}$" },
            { "type": "integer", "minimum": 0, "maximum": i64::MAX },
            { "type": ["boolean", "null"] },
        ],
    })
}

/// A value as a text, and as the number, boolean or null that it looks like.
fn as_written(text: &str) -> Vec<Value> {
    let other = match text {
        "off" => Some(json!(false)),
        "on" => Some(json!(true)),
        "null" => Some(Value::Null),
        "0s" => return vec![json!("0s"), json!("0"), json!(0)],
        number => number.parse::<u32>().ok().map(Value::from),
    };
    std::iter::once(Value::from(text)).chain(other).collect()
}

/// A pattern for values like this one with another number, if the quirk takes any.
fn numbers_of(quirk: &str, text: &str) -> Option<String> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let (head, rest) = text.split_at(start);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let tail = &rest[end..];
    let takes =
        |digits: &str| Quirks::default().set(quirk, &format!("{head}{digits}{tail}")).is_ok();
    // From 1 to as many nines as it takes.
    let most = (1..=4).take_while(|digits| takes(&"9".repeat(*digits)) && takes("1")).last()?;
    let (head, tail) = (regex::escape(head), regex::escape(tail));
    Some(format!("{head}[1-9][0-9]{{0,{}}}{tail}", most - 1))
}
