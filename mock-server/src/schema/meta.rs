//! A schema against the rules of its draft, as the Marketplace's "Test Settings" does
//! (docs/wire.md#schema-errors).

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::draft::Draft;
use super::keyword;
use super::pattern::Originals;
use super::violation::Violation;
use super::wording::quoted;
use crate::document::Problem;

/// A report of more problems at once is not read.
const MOST_PROBLEMS: usize = 10;

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];

/// What breaks the draft's rules.
pub(super) fn problems(schema: &Value, draft: Draft) -> Vec<Problem> {
    let rules = draft.rules();
    if rules.is_valid(schema) {
        return Vec::new();
    }
    // The library's grammar of patterns is stricter than JavaScript's: they are looked at elsewhere.
    let is_pattern = |error: &ValidationError<'_>| match error.kind() {
        Kind::Format { format } => format == "regex",
        Kind::PropertyNames { error } => {
            matches!(error.kind(), Kind::Format { format } if format == "regex")
        }
        _ => false,
    };
    let errors = rules.iter_errors(schema).filter(|error| !is_pattern(error)).take(MOST_PROBLEMS);
    let mut problems: Vec<Problem> = errors.map(|error| explain(&error, schema)).collect();
    problems.dedup_by(|one, other| one.pointer == other.pointer && one.message == other.message);
    problems
}

fn explain(error: &ValidationError<'_>, schema: &Value) -> Problem {
    let pointer = error.instance_path().as_str();
    let value = schema.pointer(pointer);
    let known = value.and_then(|value| well_known(pointer, value));
    known.unwrap_or_else(|| {
        let violation = Violation::explain(error, &Originals::new());
        let name = pointer.rsplit('/').next().unwrap_or_default();
        let subject = if pointer.is_empty() { "the schema".to_owned() } else { quoted(name) };
        let problem = violation.problem();
        Problem::value(pointer, format!("{subject} {problem}"))
    })
}

/// Mistakes with a history, which deserve better words than the rule that they break.
fn well_known(pointer: &str, value: &Value) -> Option<Problem> {
    let mut tokens = pointer.rsplit('/');
    let (last, parent) = (tokens.next()?, tokens.next());
    if ["properties", "patternProperties", "definitions", "$defs"].contains(&parent?) {
        return None; // a schema that happens to be called like a keyword
    }
    let problem = |message: String| Problem::value(pointer, message);
    match (last, value) {
        ("type", Value::String(name)) => Some(unknown_type(pointer, name)),
        ("type", Value::Array(names)) => {
            let unknown = |name: &Value| name.as_str().is_none_or(|name| !TYPES.contains(&name));
            let index = names.iter().position(unknown)?;
            let pointer = format!("{pointer}/{index}");
            match &names[index] {
                Value::String(name) => Some(unknown_type(&pointer, name)),
                other => Some(unknown_type(&pointer, &other.to_string())),
            }
        }
        ("type", other) => Some(unknown_type(pointer, &other.to_string())),
        (_, Value::String(name)) if parent == Some("type") && !TYPES.contains(&name.as_str()) => {
            Some(unknown_type(pointer, name))
        }
        ("required", Value::Bool(_)) => {
            let message = format!("`required` must be an array of property names, found {value}");
            let example = r#"{"properties": {"a": …}, "required": ["a"]}"#;
            Some(problem(message).hint(format!("list the name beside `properties`: {example}")))
        }
        ("exclusiveMinimum" | "exclusiveMaximum", Value::Bool(_)) => {
            let limit = last.trim_start_matches("exclusive").to_lowercase();
            let message = format!("`{last}` must be a number, found {value}");
            let hint = format!("since draft-06 it is the limit itself, in place of `{limit}`");
            Some(problem(message).hint(hint))
        }
        ("exclusiveMinimum" | "exclusiveMaximum", Value::Number(_)) => {
            let message = format!("`{last}` must be true or false in draft-04, found {value}");
            Some(problem(message).hint("write the limit as `minimum` or `maximum` beside it"))
        }
        ("required" | "enum", Value::Array(items)) if items.is_empty() => {
            let message = format!("`{last}` must have at least one item");
            Some(problem(message).hint("leave it out if it has nothing to say"))
        }
        _ => None,
    }
}

fn unknown_type(pointer: &str, name: &str) -> Problem {
    let problem = Problem::value(pointer, format!("{} is not a type", quoted(name)));
    let meant = match name {
        "str" | "text" => Some("string"),
        "bool" => Some("boolean"),
        "int" | "long" => Some("integer"),
        "float" | "double" => Some("number"),
        "list" => Some("array"),
        "dict" | "map" => Some("object"),
        other => keyword::nearest(other, TYPES.into_iter()),
    };
    problem.hint(meant.map_or_else(
        || format!("the types are {}", TYPES.join(", ")),
        |meant| format!("did you mean `{meant}`?"),
    ))
}
