//! Refusals of saves in the words of Ajv 6, which says itself what they are.

pub mod chance;
mod pairs;

use std::io::Write as _;
use std::process::{Command, Stdio};

use crisp_mock_server::schema::{Rules, SettingsSchema};
use serde_json::{Map, Value, json};

use crate::install::{node_modules, repository};
use crate::want::{or_skip, program};
use chance::Chance;

const FOLDER: &str = "tests/clients/ajv";

/// A schema and settings.
struct Pair {
    schema: Value,
    settings: Value,
}

/// What is said of a pair.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    Fits,
    Unfit(String),
    /// The schema is not taken.
    Refused,
}

/// What Ajv says of each pair, if it can be had.
fn oracle(pairs: &[Pair]) -> Option<Vec<Said>> {
    let node = or_skip(program("node"))?;
    let modules = or_skip(node_modules(FOLDER))?;
    let script = repository(FOLDER).join("oracle.js");
    let mut command = Command::new(node);
    command.arg(script).env("NODE_PATH", modules);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("node starts");
    let asked = pairs.iter().map(|pair| json!({"schema": pair.schema, "settings": pair.settings}));
    let asked = Value::from_iter(asked).to_string();
    let written = child.stdin.take().map(|mut to| to.write_all(asked.as_bytes()));
    written.expect("it was asked for").expect("node reads");
    let output = child.wait_with_output().expect("node ends");
    assert!(output.status.success(), "the oracle failed");
    let said: Vec<Value> = serde_json::from_slice(&output.stdout).expect("node answers in JSON");
    let said = said.into_iter().map(|said| match (&said["refused"], &said["text"]) {
        (Value::String(_), _) => Said::Refused,
        (_, Value::String(text)) => Said::Unfit(text.clone()),
        _ => Said::Fits,
    });
    Some(said.collect())
}

fn ours(pair: &Pair) -> Said {
    let Ok(schema) = SettingsSchema::from_value(pair.schema.clone(), Rules::default()) else {
        return Said::Refused;
    };
    match schema.hold(&pair.settings, 1) {
        Ok(()) => Said::Fits,
        Err(misfit) => Said::Unfit(misfit.ajv()),
    }
}

/// Holds all pairs against the oracle, and shows the first few that differ.
fn compare(pairs: &[Pair]) -> Option<Vec<Said>> {
    let said = oracle(pairs)?;
    let differs = |(pair, wanted): (&Pair, &Said)| {
        let found = ours(pair);
        let (schema, settings) = (&pair.schema, &pair.settings);
        let shown = format!("{schema}\n  {settings}\n  Ajv:  {wanted:?}\n  ours: {found:?}");
        (found != *wanted).then_some(shown)
    };
    let differing: Vec<_> = pairs.iter().zip(&said).filter_map(differs).collect();
    let shown = differing.iter().take(12).cloned().collect::<Vec<_>>().join("\n");
    assert!(differing.is_empty(), "{} of {} differ:\n{shown}", differing.len(), pairs.len());
    Some(said)
}

#[test]
fn two_thousand_saves_are_judged_and_told_as_ajv_does() {
    let mut chance = Chance::new(6);
    let pairs: Vec<_> = (0..2_000).map(|_| pairs::pair(&mut chance)).collect();
    let Some(said) = compare(&pairs) else {
        return;
    };
    let count = |wanted: fn(&Said) -> bool| said.iter().filter(|said| wanted(said)).count();
    assert!(count(|said| *said == Said::Fits) > 300, "too few fit");
    assert!(count(|said| matches!(said, Said::Unfit(_))) > 600, "too few do not fit");
    let several = |said: &Said| matches!(said, Said::Unfit(text) if text.contains(", data"));
    assert!(count(several) > 20, "too few have several failures");
    assert!(count(|said| *said == Said::Refused) < 100, "too few schemas are taken");
}

#[test]
fn values_of_every_format_are_judged_as_ajv_does() {
    let mut chance = Chance::new(7);
    let pairs: Vec<_> = (0..4_000).map(|_| pairs::of_format(&mut chance)).collect();
    compare(&pairs);
}

#[test]
fn patterns_are_read_and_matched_as_ajv_does() {
    let mut chance = Chance::new(8);
    let pairs: Vec<_> = (0..3_000).map(|_| pairs::of_pattern(&mut chance)).collect();
    compare(&pairs);
}

#[test]
fn names_that_every_object_inherits_are_judged_as_ajv_does() {
    let names = ["toString", "constructor", "__proto__", "hasOwnProperty", "valueOf", "toLocale"];
    let mut pairs = Vec::new();
    for name in names {
        let kinds = [
            json!({"type": "string"}),
            json!({"type": "object"}),
            json!({"type": "null"}),
            json!({"minLength": 3}),
            json!({"enum": [1, null]}),
            json!({"const": null}),
            json!({"not": {"type": "null"}}),
            json!({"anyOf": [{"type": "string"}, {"type": "null"}]}),
            json!(false),
            json!({}),
        ];
        let of_kind = kinds.into_iter().map(|kind| json!({"properties": {name: kind}}));
        let nine: Map<String, Value> = ('a'..='i').map(|c| (c.to_string(), json!({}))).collect();
        let schemas = [
            json!({"required": [name]}),
            json!({"required": [name], "properties": {name: {"type": "string"}}}),
            json!({"dependencies": {name: ["b"]}}),
            json!({"dependencies": {name: {"required": ["b"]}}}),
            json!({"dependencies": {"b": [name]}}),
            json!({"additionalProperties": false, "properties": {"a": {}}}),
            json!({"additionalProperties": false, "properties": {name: {}}}),
            json!({"additionalProperties": false, "properties": nine}),
            json!({"propertyNames": {"maxLength": 2}}),
            json!({"properties": {"a": {"required": [name]}}}),
            json!({"minProperties": 1}),
        ];
        for schema in of_kind.chain(schemas) {
            for settings in [
                json!({}),
                json!({name: "a"}),
                json!({name: "abcd"}),
                json!({name: null}),
                json!({"b": 1}),
                json!({"a": {}}),
                json!({"a": {name: 1}}),
            ] {
                pairs.push(Pair { schema: schema.clone(), settings });
            }
        }
    }
    compare(&pairs);
}
