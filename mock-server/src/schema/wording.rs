//! Words for what a value should have been, and what it is.

use jsonschema::error::TypeKind;
use jsonschema::{JsonType, JsonTypeSet, ValidationError, error::ValidationErrorKind as Kind};
use serde_json::Value;

use super::pattern::Originals;

/// What is said when a match was given up.
pub(super) const UNFINISHED: &str = "takes too many steps to match with a pattern of the schema: \
                                     shorten it, or write the pattern with fewer repetitions inside \
                                     each other";

/// Values are quoted with at most so many characters.
const QUOTED: usize = 60;

/// The text in backticks, cut when it is long; control characters become spaces.
pub(super) fn quoted(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = text.chars().take(QUOTED).map(clean).collect();
    if text.chars().nth(QUOTED).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// What a value is: `null`, `the number 5`, `the text "x"`, `an array of 3 items`.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(_) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) if text.is_empty() => "an empty text".to_owned(),
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Array(items) => format!("an array of {}", count(items.len() as u64, "item")),
        Value::Object(map) if map.is_empty() => "an empty object".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// `1 item`, `2 items`, `1 property`, `2 properties`.
fn count(n: u64, noun: &str) -> String {
    match (n, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        _ => format!("{n} {noun}s"),
    }
}

fn article(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Number => "a number",
        JsonType::String => "a string",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
    }
}

/// `a string or null`.
pub(super) fn types(set: JsonTypeSet) -> String {
    // Null reads best at the end: "a string or null".
    let mut names: Vec<&str> = set.iter().map(article).collect();
    names.sort_by_key(|name| *name == "null");
    alternatives(&names)
}

fn alternatives(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

/// The types that an error asks for, if that is all it asks for.
pub(super) fn wanted_types(error: &ValidationError<'_>) -> Option<JsonTypeSet> {
    match error.kind() {
        Kind::Type { kind: TypeKind::Single(one) } => Some(JsonTypeSet::from(*one)),
        Kind::Type { kind: TypeKind::Multiple(set) } => Some(*set),
        _ => None,
    }
}

fn json(value: &Value) -> String {
    quoted(&value.to_string())
}

fn options(options: &Value) -> String {
    const SHOWN: usize = 6;
    let all = options.as_array().map_or(&[][..], Vec::as_slice);
    let mut shown: Vec<String> = all.iter().take(SHOWN).map(json).collect();
    if all.len() > SHOWN {
        shown.push(format!("{} more", all.len() - SHOWN));
    }
    alternatives(&shown.iter().map(String::as_str).collect::<Vec<_>>())
}

fn names(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| quoted(name)).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    shown.join(", ")
}

/// What is wrong with the value at which the error happened: `must be a string, found null`.
pub(super) fn fault(error: &ValidationError<'_>, originals: &Originals) -> String {
    let found = found(error.instance());
    let must = |what: String| format!("must {what}, found {found}");
    match error.kind() {
        Kind::Type { .. } => {
            let set = wanted_types(error).unwrap_or_else(JsonTypeSet::empty);
            must(format!("be {}", types(set)))
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            format!("must have the property {}, which is missing", quoted(name))
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("must not have {}: the schema allows no such property", names(unexpected))
        }
        Kind::Enum { options: allowed } => must(format!("be {}", options(allowed))),
        Kind::Constant { expected_value } => must(format!("be {}", json(expected_value))),
        Kind::Pattern { pattern } => {
            let original = originals.get(pattern).unwrap_or(pattern);
            must(format!("match the pattern {}", quoted(original)))
        }
        Kind::BacktrackLimitExceeded { .. } => UNFINISHED.to_owned(),
        Kind::Format { format } => must(format!("be a valid {}", quoted(format))),
        Kind::Minimum { limit } => must(format!("be at least {limit}")),
        Kind::Maximum { limit } => must(format!("be at most {limit}")),
        Kind::ExclusiveMinimum { limit } => must(format!("be more than {limit}")),
        Kind::ExclusiveMaximum { limit } => must(format!("be less than {limit}")),
        Kind::MultipleOf { multiple_of } => must(format!("be a multiple of {multiple_of}")),
        Kind::FalseSchema => "must be absent: the schema is `false` here".to_owned(),
        Kind::Not { schema } => must(format!("not match {}", json(schema))),
        Kind::UniqueItems => "must not have two equal items".to_owned(),
        Kind::Contains => "must have an item as `contains` asks for, and none fits".to_owned(),
        Kind::PropertyNames { error } => {
            format!("has a property with a bad name: the name {}", fault(error, originals))
        }
        Kind::OneOfMultipleValid { .. } => {
            must("fit exactly one of the alternatives of `oneOf`, and fits several".to_owned())
        }
        other => must(size(error, other)),
    }
}

/// The keywords that count something.
fn size(error: &ValidationError<'_>, kind: &Kind) -> String {
    match kind {
        Kind::MinLength { limit } => format!("have at least {}", count(*limit, "character")),
        Kind::MaxLength { limit } => format!("have at most {}", count(*limit, "character")),
        Kind::MinItems { limit } => format!("have at least {}", count(*limit, "item")),
        Kind::MaxItems { limit } => format!("have at most {}", count(*limit, "item")),
        Kind::AdditionalItems { limit } => {
            format!("have at most {}", count(*limit as u64, "item"))
        }
        Kind::MinProperties { limit } => format!("have at least {}", count(*limit, "property")),
        Kind::MaxProperties { limit } => format!("have at most {}", count(*limit, "property")),
        _ => {
            let path = error.schema_path().as_str();
            format!("satisfy {} of the schema", quoted(path))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn long_and_strange_texts_are_quoted_short_and_clean() {
        assert_eq!(quoted("a\nb"), "`a b`");
        assert_eq!(quoted(&"é".repeat(500)).chars().count(), QUOTED + 3);
    }

    #[test]
    fn values_are_named_by_what_they_are() {
        assert_eq!(found(&json!(null)), "null");
        assert_eq!(found(&json!([1])), "an array of 1 item");
        assert_eq!(found(&json!({})), "an empty object");
        assert_eq!(found(&json!("")), "an empty text");
    }
}
