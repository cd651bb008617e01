//! A schema without `$ref`, `allOf`, `anyOf`, `oneOf` and `if`: the plain alternatives it stands
//! for.

use serde_json::{Map, Value, json};

use crate::schema::SettingsSchema;

/// More alternatives than this are not looked at.
const MOST_ALTERNATIVES: usize = 16;
/// Schemas looked at in all; what is left then counts as impossible.
const MOST_STEPS: u32 = 10_000;

/// A schema with plain keywords only.
pub(super) type Plain = Map<String, Value>;

pub(super) struct Flattener<'a> {
    schema: &'a SettingsSchema,
    steps: u32,
}

const COMBINING: [&str; 7] = ["$ref", "allOf", "anyOf", "oneOf", "if", "then", "else"];

impl<'a> Flattener<'a> {
    pub fn new(schema: &'a SettingsSchema) -> Self {
        Self { schema, steps: MOST_STEPS }
    }

    /// The alternatives of a schema, in its own order; none if nothing can fit.
    pub fn alternatives(&mut self, schema: &Value) -> Vec<Plain> {
        let Some(steps) = self.steps.checked_sub(1) else {
            return Vec::new();
        };
        self.steps = steps;
        let map = match schema {
            Value::Bool(true) => return vec![Plain::new()],
            Value::Object(map) => map,
            _ => return Vec::new(),
        };
        let reference = map.get("$ref").and_then(Value::as_str);
        let target = reference.map(|reference| self.schema.target(reference));
        let alone = target.is_some() && self.schema.draft().ref_stands_alone();
        let plain = map.iter().filter(|(name, _)| !alone && !COMBINING.contains(&name.as_str()));
        let mut all = vec![plain.map(|(name, value)| (name.clone(), value.clone())).collect()];
        if let Some(target) = target {
            all = product(&all, &target.map(|found| self.alternatives(found)).unwrap_or_default());
        }
        if alone {
            return all;
        }
        for part in schemas(map, "allOf") {
            all = product(&all, &self.alternatives(part));
        }
        for keyword in ["anyOf", "oneOf"] {
            if map.contains_key(keyword) {
                let parts = schemas(map, keyword).iter();
                let either: Vec<Plain> = parts.flat_map(|part| self.alternatives(part)).collect();
                all = product(&all, &either);
            }
        }
        if let Some(condition) = map.get("if") {
            all = product(&all, &self.branches(map, condition));
        }
        all
    }

    /// `if` with `then`, and `else`.
    fn branches(&mut self, map: &Plain, condition: &Value) -> Vec<Plain> {
        let anything = Value::Bool(true);
        let then = self.alternatives(map.get("then").unwrap_or(&anything));
        let mut all = product(&self.alternatives(condition), &then);
        all.extend(self.alternatives(map.get("else").unwrap_or(&anything)));
        all
    }
}

fn schemas<'v>(map: &'v Plain, keyword: &str) -> &'v [Value] {
    map.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Each of the left with each of the right, where the two agree.
fn product(left: &[Plain], right: &[Plain]) -> Vec<Plain> {
    let pairs = left.iter().flat_map(|one| right.iter().map(move |other| (one, other)));
    pairs.filter_map(|(one, other)| merged(one, other)).take(MOST_ALTERNATIVES).collect()
}

/// What fits both; `None` if they plainly contradict each other.
fn merged(one: &Plain, other: &Plain) -> Option<Plain> {
    let mut all = one.clone();
    for (name, theirs) in other {
        let merged = match all.get(name) {
            None => theirs.clone(),
            Some(ours) if ours == theirs => continue,
            Some(ours) => merged_keyword(name, ours, theirs)?,
        };
        all.insert(name.clone(), merged);
    }
    Some(all)
}

fn merged_keyword(name: &str, ours: &Value, theirs: &Value) -> Option<Value> {
    let greater = || if ours.as_f64() < theirs.as_f64() { theirs } else { ours }.clone();
    let lesser = || if ours.as_f64() < theirs.as_f64() { ours } else { theirs }.clone();
    Some(match name {
        "type" => return common_types(ours, theirs),
        "const" => return None,
        "enum" => {
            let (ours, theirs) = (ours.as_array()?, theirs.as_array()?);
            let common: Vec<&Value> = ours.iter().filter(|one| theirs.contains(one)).collect();
            json!(common)
        }
        "required" => {
            let mut all = ours.as_array()?.clone();
            all.extend(theirs.as_array()?.iter().filter(|one| !ours_has(ours, one)).cloned());
            Value::Array(all)
        }
        "properties" | "patternProperties" => {
            let mut all = ours.as_object()?.clone();
            for (name, schema) in theirs.as_object()? {
                let both = all.get(name).map(|ours| json!({ "allOf": [ours, schema] }));
                all.insert(name.clone(), both.unwrap_or_else(|| schema.clone()));
            }
            Value::Object(all)
        }
        "items" | "additionalProperties" | "contains" if !ours.is_array() && !theirs.is_array() => {
            json!({ "allOf": [ours, theirs] })
        }
        name if name.starts_with("min") || name == "exclusiveMinimum" => greater(),
        name if name.starts_with("max") || name == "exclusiveMaximum" => lesser(),
        "uniqueItems" => json!(true),
        // Notes, and keywords that do not combine simply: the first; the rest shows in the check.
        _ => ours.clone(),
    })
}

fn ours_has(ours: &Value, one: &Value) -> bool {
    ours.as_array().is_some_and(|ours| ours.contains(one))
}

fn common_types(ours: &Value, theirs: &Value) -> Option<Value> {
    let (ours, theirs) = (types(ours), types(theirs));
    let allows = |all: &[&str], one: &str| {
        all.contains(&one) || (one == "integer" && all.contains(&"number"))
    };
    let mut common: Vec<&str> = Vec::new();
    for one in ours.iter().chain(&theirs) {
        if allows(&ours, one) && allows(&theirs, one) && !common.contains(one) {
            common.push(one);
        }
    }
    (!common.is_empty()).then(|| json!(common))
}

/// The types that a `type` names.
pub(super) fn types(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}
