//! Warnings about a schema, and a review of a schema's text for people.

use serde_json::Value;

use super::draft::Draft;
use super::keyword::{Odd, join, odd};
use super::outline::Outline;
use super::problem::{InvalidSchema, SchemaProblem};
use super::wording::quoted;
use super::{Rules, SettingsSchema, reference};
use crate::document::{Position, Problem, Severity, render};

/// A schema's text, judged.
#[derive(Debug)]
pub struct Review {
    /// The schema, or why it is refused.
    pub schema: Result<SettingsSchema, InvalidSchema>,
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
    let schema = SettingsSchema::parse(text, rules);
    let (severity, problems) = match &schema {
        Ok(schema) => (Severity::Warning, schema.warnings()),
        Err(invalid) => (Severity::Error, invalid.problems()),
    };
    let placed: Vec<_> = problems.iter().map(|one| placed(severity, one)).collect();
    let report = render(file, text, &placed);
    Review { schema, report }
}

fn placed(severity: Severity, problem: &SchemaProblem) -> (Position, Problem) {
    let shown = Problem::value(&problem.pointer, &problem.message);
    let shown = Problem { hint: problem.hint.clone(), severity, ..shown };
    (problem.position.unwrap_or(Position::START), shown)
}

/// More warnings than these are not shown.
const MOST_WARNINGS: usize = 50;

/// What is allowed and probably not meant.
pub(super) fn warnings(outline: &Outline<'_>, draft: Draft) -> Vec<SchemaProblem> {
    let mut warnings = Vec::from_iter(no_object_fits(outline.all[0].schema));
    for one in &outline.all {
        let names = one.schema.as_object().into_iter().flat_map(|map| map.keys());
        warnings.extend(names.filter_map(|name| {
            odd(name, draft).map(|odd| odd_keyword(&one.pointer, name, &odd, draft))
        }));
    }
    warnings.extend(reference::ignored_beside(outline, draft));
    warnings.truncate(MOST_WARNINGS);
    warnings
}

fn odd_keyword(pointer: &str, name: &str, odd: &Odd, draft: Draft) -> SchemaProblem {
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
    SchemaProblem::new(join(pointer, name), message).at_key().hint(hint)
}

/// Settings are always an object, so a schema for anything else refuses every save. A warning and
/// no refusal: the schema is valid by its draft, which is all that "Test Settings" looks at
/// (docs/wire.md#settings).
fn no_object_fits(root: &Value) -> Option<SchemaProblem> {
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
        SchemaProblem::new(pointer, "no settings fit this schema: settings are always an object")
            .hint("write \"type\": \"object\" and list the settings under `properties`")
    })
}
