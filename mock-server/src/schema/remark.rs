//! Warnings about a schema, and a review of a schema's text for people.

use serde_json::Value;

use super::draft::Draft;
use super::keyword::{Odd, odd};
use super::locate::{locate, position_of_error};
use super::outline::Outline;
use super::wording::quoted;
use super::{LARGEST_TEXT, Rules, SettingsSchema, reference};
use crate::document::{Position, Problem, member, render};

/// A schema's text, judged.
#[derive(Debug)]
pub struct Review {
    /// The schema, or why it is refused.
    pub schema: Result<SettingsSchema, Vec<Problem>>,
    /// What to show: a few lines for each problem or warning, nothing for a schema without fault.
    pub report: String,
}

/// Reads a schema's text and says what is wrong with it, in lines that start with
/// `file:line:column`.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::schema::{Rules, review};
///
/// let review = review("schema.json", r#"{"type": "objekt"}"#, Rules::default());
/// assert!(review.schema.is_err());
/// assert_eq!(
///     review.report,
///     "schema.json:1:10: `objekt` is not a type\n\
///      \x20 |\n\
///      1 | {\"type\": \"objekt\"}\n\
///      \x20 |          ^^^^^^^^\n\
///      \x20 = help: did you mean `object`?\n"
/// );
/// ```
#[must_use]
pub fn review(file: &str, text: &str, rules: Rules) -> Review {
    let value = match value(text) {
        Ok(value) => value,
        Err((position, problem)) => {
            let report = render(file, text, &[(position, problem.clone())]);
            return Review { schema: Err(vec![problem]), report };
        }
    };
    let schema = SettingsSchema::from_value(value, rules);
    let problems = schema.as_ref().map_or_else(Vec::as_slice, SettingsSchema::warnings);
    let place = |one: &Problem| (locate(text, &one.pointer, one.part), one.clone());
    let report = render(file, text, &problems.iter().map(place).collect::<Vec<_>>());
    Review { schema, report }
}

/// The JSON value that a text is, or where it is none.
fn value(text: &str) -> Result<Value, (Position, Problem)> {
    if text.len() > LARGEST_TEXT {
        let message = format!("the schema has more than {} KiB", LARGEST_TEXT / 1024);
        let problem = Problem::value("", message).hint("settings schemas are small");
        return Err((Position::START, problem));
    }
    serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&place).unwrap_or(&message);
        let problem = Problem::value("", format!("this is not JSON: {message}"));
        let problem = match text.trim_start().starts_with('{') {
            true => problem,
            false => problem.hint("a settings schema is an object of JSON; YAML is not read here"),
        };
        (position_of_error(text, &error), problem)
    })
}

/// More warnings than these are not shown.
const MOST_WARNINGS: usize = 50;

/// What is allowed and probably not meant.
pub(super) fn warnings(outline: &Outline<'_>, draft: Draft) -> Vec<Problem> {
    let mut warnings = Vec::from_iter(no_object_fits(outline.all[0].schema));
    for one in &outline.all {
        let names = one.schema.as_object().into_iter().flat_map(|map| map.keys());
        warnings.extend(names.filter_map(|name| {
            odd(name, draft).map(|odd| odd_keyword(&one.pointer, name, &odd, draft))
        }));
    }
    warnings.extend(reference::ignored_beside(outline, draft));
    warnings.truncate(MOST_WARNINGS);
    warnings.into_iter().map(Problem::warning).collect()
}

fn odd_keyword(pointer: &str, name: &str, odd: &Odd, draft: Draft) -> Problem {
    let shown = quoted(name);
    let (message, hint) = match odd {
        Odd::Misspelt(meant) => {
            (format!("{shown} is not a keyword and is ignored"), format!("did you mean `{meant}`?"))
        }
        Odd::Since(first) => (
            format!("{shown} is ignored in {draft}: it came with {first}"),
            format!("write \"$schema\": \"{}\"", first.uri()),
        ),
        Odd::Until(last) => (
            format!("{shown} is ignored in {draft}: it went after {last}"),
            format!("write \"$schema\": \"{}\"", last.uri()),
        ),
    };
    Problem::key(member(pointer, name), message).hint(hint)
}

/// Settings are always an object, so a schema for anything else refuses every save. A warning and
/// no refusal: the schema is valid by its draft, which is all that "Test Settings" looks at
/// (docs/wire.md#settings).
fn no_object_fits(root: &Value) -> Option<Problem> {
    let (pointer, refuses) = match root {
        Value::Bool(accepts) => ("", !accepts),
        root => {
            let is_object = |value: &Value| value.is_object();
            let named = |value: &Value| value == "object";
            let wrong_type = root.get("type").is_some_and(|kind| match kind {
                Value::Array(kinds) => !kinds.iter().any(named),
                kind => !named(kind),
            });
            let options = root.get("enum").and_then(Value::as_array);
            if wrong_type {
                ("/type", true)
            } else if options.is_some_and(|options| !options.iter().any(is_object)) {
                ("/enum", true)
            } else {
                ("/const", root.get("const").is_some_and(|value| !value.is_object()))
            }
        }
    };
    refuses.then(|| {
        Problem::value(pointer, "no settings fit this schema: settings are always an object")
            .hint("write \"type\": \"object\" and list the settings under `properties`")
    })
}
