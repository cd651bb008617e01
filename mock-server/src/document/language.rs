//! A type that documents are read into, and how.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::check::check;
use super::node::{Kind, Node};
use super::problem::{Problem, member};
use super::text::Form;

/// A type that documents are read into.
///
/// Its JSON Schema may carry words for messages, which [`json_schema`] leaves out of what it prints:
///
/// | Keyword | Meaning |
/// |---|---|
/// | `x-name` | what a value is: "a fault" |
/// | `x-hint` | what to write instead; `{key}` is the key at which it stands |
/// | `x-form` | the [`TextForm`](super::TextForm) of a text |
/// | `x-choice` | one for each flattened enum: what it says, and what to do when two of it are given |
pub trait Language: DeserializeOwned + JsonSchema + 'static {
    /// The forms of the texts in it.
    fn forms() -> Vec<Form>;

    /// What is well spelt in a document and still contradicts itself, or can never happen.
    fn problems(&self, node: &Node) -> Vec<Problem> {
        let _ = node;
        Vec::new()
    }
}

/// Reads a tree.
///
/// # Errors
///
/// Every mistake, with JSON pointers.
pub fn read<L: Language>(node: &Node) -> Result<L, Vec<Problem>> {
    let checked = check(schema_of::<L>(), &L::forms(), node);
    if !checked.problems.is_empty() {
        return Err(checked.problems);
    }
    // The schema is derived from the type, so this fails only where the two disagree.
    let value = L::deserialize(checked.value(node))
        .map_err(|error| vec![Problem::value("", error.to_string())])?;
    let problems = value.problems(node);
    if problems.is_empty() { Ok(value) } else { Err(problems) }
}

/// Reads the JSON body of a request. A member that is null, where null says nothing of its own, is
/// as one that is left out.
///
/// # Errors
///
/// Every mistake, with JSON pointers.
pub fn read_body<L: Language>(body: &Value) -> Result<L, Vec<Problem>> {
    let mut node = Node::from_value(body);
    if let Kind::Map(entries) = &mut node.kind {
        let known = &schema_of::<L>()["properties"];
        entries.retain(|entry| {
            let nulls = known.get(&entry.key).is_none_or(may_be_null);
            nulls || !matches!(entry.value.kind, Kind::Null)
        });
    }
    read(&node)
}

fn may_be_null(schema: &Value) -> bool {
    let null = |kinds: &Value| {
        kinds == "null" || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|k| k == "null"))
    };
    let branches = schema.get("anyOf").and_then(Value::as_array);
    schema.get("type").is_some_and(null)
        || branches.is_some_and(|branches| branches.iter().any(may_be_null))
}

/// Reads as much of a map as can be read: what is wrong in one member does not hide what is wrong in
/// another, nor what a later check finds in the rest.
pub fn read_in_part<L: Language + Default>(node: &Node) -> (L, Vec<Problem>) {
    let checked = check(schema_of::<L>(), &L::forms(), node);
    let mut problems = checked.problems.clone();
    let mut rest = node.clone();
    let Kind::Map(entries) = &mut rest.kind else {
        return (L::default(), problems);
    };
    entries.retain(|entry| {
        let place = member("", &entry.key);
        let inside = |pointer: &str| {
            pointer
                .strip_prefix(&place)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !problems.iter().any(|problem| inside(&problem.pointer))
    });
    match L::deserialize(checked.value(&rest)) {
        Ok(value) => {
            problems.extend(value.problems(&rest));
            (value, problems)
        }
        Err(error) => {
            problems.push(Problem::value("", error.to_string()));
            (L::default(), problems)
        }
    }
}

/// The JSON Schema of a language, for editors: draft 2020-12. What a schema cannot say (a window
/// that ends before it starts) only [`read`] refuses.
#[must_use]
pub fn json_schema<L: Language>() -> Value {
    let mut schema = schema_of::<L>().clone();
    without_words(&mut schema);
    schema
}

/// The same for an OpenAPI document: without references to itself, name or dialect.
#[must_use]
pub fn inline_schema<L: Language>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let generator = settings.with_transform(absent_is_not_null).into_generator();
    let mut schema = generator.into_root_schema_for::<L>().to_value();
    without_words(&mut schema);
    if let Some(members) = schema.as_object_mut() {
        members.retain(|key, _| !matches!(key.as_str(), "title" | "description"));
    }
    schema
}

/// Takes the words for messages out of a schema.
pub fn without_words(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.retain(|key, _| !key.starts_with("x-"));
            members.values_mut().for_each(without_words);
        }
        Value::Array(items) => items.iter_mut().for_each(without_words),
        _ => {}
    }
}

/// The schema of a type, made once for each type.
fn schema_of<L: Language>() -> &'static Value {
    static SCHEMAS: LazyLock<Mutex<HashMap<TypeId, &'static Value>>> =
        LazyLock::new(Mutex::default);
    let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    // There are as many as there are types, so what is leaked is bounded.
    schemas.entry(TypeId::of::<L>()).or_insert_with(|| Box::leak(Box::new(derive::<L>())))
}

fn derive<L: Language>() -> Value {
    let settings = SchemaSettings::draft2020_12().with_transform(absent_is_not_null);
    SchemaGenerator::new(settings).into_root_schema_for::<L>().to_value()
}

/// An optional member is left out, not null: an empty `quota:` is a mistake more often than a wish.
fn absent_is_not_null(schema: &mut schemars::Schema) {
    let Some(members) = schema.as_object_mut() else { return };
    for (_, property) in
        members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
    {
        without_null(property);
    }
    schemars::transform::transform_subschemas(&mut absent_is_not_null, schema);
}

fn without_null(property: &mut Value) {
    let Some(members) = property.as_object_mut() else { return };
    if let Some(Value::Array(types)) = members.get_mut("type")
        && types.len() == 2
    {
        types.retain(|kind| kind != "null");
        let only = types.remove(0);
        members.insert("type".to_owned(), only);
    }
    members.retain(|key, value| key != "default" || !value.is_null());
    if let Some(Value::Array(branches)) = members.get_mut("anyOf")
        && branches.len() == 2
        && branches[1] == serde_json::json!({ "type": "null" })
        && let Value::Object(only) = branches.remove(0)
    {
        members.remove("anyOf");
        for (key, value) in only {
            members.entry(key).or_insert(value);
        }
    }
}
