//! The plugin's settings schema: read, judged, and held against settings.
//!
//! A [`SettingsSchema`] comes from a text or a JSON value, in any draft from 04 to 2020-12, and is
//! safe to take from any source: it is bounded in size, depth and work, its matches come to an
//! end, and nothing is ever fetched for a reference.
//!
//! | Module | What it holds |
//! |---|---|
//! | [`locate`] | JSON pointers to lines and columns |

pub mod locate;

mod draft;
mod ecma;
mod format;
mod keyword;
mod meta;
mod meter;
mod outline;
mod pattern;
mod problem;
mod reference;
mod remark;
mod violation;
mod wording;
mod work;

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jsonschema::Validator;
use serde_json::Value;
use strum::VariantArray;

pub use draft::Draft;
pub use problem::{InvalidSchema, SchemaProblem};
pub use remark::{Review, review};
pub use violation::Violation;

use outline::Outline;
use violation::deeper_than;

/// How a schema is read where it does not say so itself: the quirks
/// `schema-draft` and `schema-formats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The draft of a schema without `$schema`.
    pub draft: Draft,
    /// Whether `format` refuses values; otherwise it is a note.
    pub formats: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self { draft: Draft::default(), formats: true }
    }
}

/// Bytes of a schema's text: some hundred times the largest sample.
const LARGEST_TEXT: usize = 256 * 1024;
/// JSON values in a schema that comes as a value, in place of the bytes of its text.
const MOST_VALUES: usize = 64 * 1024;
/// Levels of nesting of a schema. A schema 1,000 levels deep overflows the stack of a thread when
/// it is compiled; this many fit with room to spare.
const DEEPEST_SCHEMA: usize = 100;
/// Levels of nesting of settings: together with the longest chain of schemas on one value it
/// bounds the stack of a check.
const DEEPEST_SETTINGS: usize = 64;

/// A valid settings schema. Cheap to clone, and shared between threads.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::schema::{Rules, SettingsSchema};
/// use serde_json::json;
///
/// let text = r#"{
///   "$id": "crisp:service:api/_schema/plugin#urn:acme:greeter:0",
///   "type": "object",
///   "properties": { "message": { "type": ["string", "null"] } }
/// }"#;
/// let schema = SettingsSchema::parse(text, Rules::default())?;
/// assert!(schema.check(&json!({ "message": "Hi" })).is_ok());
///
/// let violation = schema.check(&json!({ "message": 5 })).unwrap_err();
/// assert_eq!(violation.pointer, "/message");
/// assert_eq!(violation.message, "/message must be a string or null, found the number 5");
/// # Ok::<(), crisp_mock_server::schema::InvalidSchema>(())
/// ```
#[derive(Clone)]
pub struct SettingsSchema(Arc<Compiled>);

struct Compiled {
    raw: Value,
    draft: Draft,
    rules: Rules,
    warnings: Vec<SchemaProblem>,
    validator: Validator,
    originals: pattern::Originals,
    meter: Option<meter::Meter>,
    /// Pointers to what references lead to
    targets: HashMap<String, String>,
}

impl SettingsSchema {
    /// Reads a schema from a JSON text.
    ///
    /// A `$schema` in the text wins over `rules.draft`. An `$id` or `id` of any form is accepted.
    ///
    /// # Errors
    ///
    /// What is wrong with the schema, each with its place in the text: no JSON, against its draft,
    /// a reference that is not local, a pattern that is none, a format that nothing checks, too large
    /// or deep.
    pub fn parse(text: &str, rules: Rules) -> Result<Self, InvalidSchema> {
        if text.len() > LARGEST_TEXT {
            let message = format!("the schema has more than {} KiB", LARGEST_TEXT / 1024);
            let problem = SchemaProblem::new("", message).hint("settings schemas are small");
            return Err(problem.at_position(locate::Position { line: 1, column: 1 }).into());
        }
        let value = serde_json::from_str(text).map_err(|error| syntax_problem(text, &error))?;
        let mut schema = Self::compile(value, rules).map_err(|mut invalid| {
            invalid.locate_in(text);
            invalid
        })?;
        if let Some(compiled) = Arc::get_mut(&mut schema.0) {
            for warning in &mut compiled.warnings {
                warning.locate_in(text);
            }
        }
        Ok(schema)
    }

    /// Takes a schema that is a JSON value already, as a control call or a YAML file has it.
    ///
    /// The value may come from anywhere: its depth and size are measured without recursion before
    /// anything else looks at it, so one that was built in code and is too deep is refused, not
    /// compiled. (What serde_json reads from a text has at most 128 levels.)
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), without places in a text.
    pub fn from_value(value: Value, rules: Rules) -> Result<Self, InvalidSchema> {
        Self::compile(value, rules)
    }

    /// The schema of Crisp's own sample plugins: an object with a `message`, a string
    /// (docs/wire.md#settings).
    ///
    /// # Panics
    ///
    /// Never: the schema is a constant, and a test reads it.
    #[must_use]
    pub fn sample() -> Self {
        let value = serde_json::json!({
            "$id": "crisp:service:api/_schema/plugin#urn:crisp.mock:sample:0",
            "type": "object",
            "properties": { "message": { "type": "string" } },
        });
        #[expect(clippy::expect_used, reason = "a constant that a test reads")]
        Self::from_value(value, Rules::default()).expect("the sample schema is valid")
    }

    fn compile(raw: Value, rules: Rules) -> Result<Self, InvalidSchema> {
        measure(&raw)?;
        let draft = draft_of(&raw, rules)?;
        let mut outline = Outline::of(&raw, draft)?;
        let references = reference::connect(&mut outline, draft)?;
        let mut bare = outline::without_id(&raw, &outline);

        let mut problems = meta::problems(&bare, draft);
        problems.extend(pattern::problems(&outline));
        if rules.formats {
            problems.extend(format::problems(&outline, draft));
        }
        problems.extend(references);
        if !problems.is_empty() {
            return Err(InvalidSchema::new(problems));
        }
        let meter = work::bound(&outline)?;
        let warnings = remark::warnings(&outline, draft);
        let targets = reference::targets(&outline);
        let originals = pattern::write_out(&mut bare, &outline);
        let options = format::with_formats(jsonschema::options().offline());
        let validator = options
            .with_draft(draft.engine())
            .with_pattern_options(pattern::engine())
            .should_validate_formats(rules.formats)
            .build(&bare)
            .map_err(|error| {
                let reason = wording::quoted(&error.to_string());
                let message = format!("the schema cannot be used: {reason}");
                SchemaProblem::new(error.instance_path().as_str(), message)
            })?;
        Ok(Self(Arc::new(Compiled {
            raw,
            draft,
            rules,
            warnings,
            validator,
            originals,
            meter,
            targets,
        })))
    }

    /// The schema as it was given.
    #[must_use]
    pub fn raw(&self) -> &Value {
        &self.0.raw
    }

    /// The draft that it is read by.
    #[must_use]
    pub fn draft(&self) -> Draft {
        self.0.draft
    }

    /// The rules that it was read with, to read its successor in the same way.
    #[must_use]
    pub fn rules(&self) -> Rules {
        self.0.rules
    }

    /// The schema that a reference of the whole leads to.
    pub(crate) fn target(&self, reference: &str) -> Option<&Value> {
        let pointer = self.0.targets.get(reference)?;
        self.0.raw.pointer(pointer)
    }

    /// What is allowed and probably not meant: misspelt keywords, keywords of another draft, a
    /// whole that no settings can fit.
    #[must_use]
    pub fn warnings(&self) -> &[SchemaProblem] {
        &self.0.warnings
    }

    /// Holds settings against the schema. Takes microseconds for settings that fit, and a bounded
    /// time for any.
    ///
    /// # Errors
    ///
    /// The first way in which they do not fit, in words for the answer on the wire.
    pub fn check(&self, settings: &Value) -> Result<(), Violation> {
        self.refuse_excess(settings)?;
        let verdict = self.0.validator.validate(settings);
        verdict.map_err(|error| Violation::explain(&error, &self.0.originals))
    }

    /// All ways in which settings do not fit, at most `limit` of them.
    #[must_use]
    pub fn violations(&self, settings: &Value, limit: usize) -> Vec<Violation> {
        if let Err(violation) = self.refuse_excess(settings) {
            return Vec::from_iter((limit > 0).then_some(violation));
        }
        let errors = self.0.validator.iter_errors(settings).take(limit);
        errors.map(|error| Violation::explain(&error, &self.0.originals)).collect()
    }

    fn refuse_excess(&self, settings: &Value) -> Result<(), Violation> {
        if deeper_than(settings, DEEPEST_SETTINGS) {
            let problem = format!("must not be nested deeper than {DEEPEST_SETTINGS} levels");
            return Err(Violation::new("", &problem));
        }
        if self.0.meter.as_ref().is_some_and(|meter| meter.is_too_much(settings)) {
            let problem = "take too many steps to check against this schema: make them smaller, \
                           or let the schema refer to itself or repeat patterns fewer times";
            return Err(Violation::new("", problem));
        }
        Ok(())
    }
}

impl fmt::Debug for SettingsSchema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SettingsSchema")
            .field("draft", &self.0.draft)
            .field("raw", &self.0.raw)
            .finish_non_exhaustive()
    }
}

/// A pattern as an expression that texts can be made of. Conditions and back-references are left
/// out: a text that was made has to be checked.
pub(crate) fn for_samples(pattern: &str) -> Option<String> {
    ecma::Pattern::read(pattern).ok().map(|read| read.relaxed())
}

fn syntax_problem(text: &str, error: &serde_json::Error) -> SchemaProblem {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    SchemaProblem::new("", format!("this is not JSON: {message}"))
        .at_position(locate::position_of_error(text, error))
}

/// Refuses a value that is too deep or too large, without recursion.
fn measure(value: &Value) -> Result<(), SchemaProblem> {
    if deeper_than(value, DEEPEST_SCHEMA) {
        let message = format!("the schema is nested deeper than {DEEPEST_SCHEMA} levels");
        return Err(SchemaProblem::new("", message)
            .hint("move inner schemas under `definitions` and point to them with `$ref`"));
    }
    let mut waiting = vec![value];
    let (mut values, mut bytes) = (0_usize, 0_usize);
    while let Some(value) = waiting.pop() {
        values += 1;
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(map) => {
                bytes += map.keys().map(String::len).sum::<usize>();
                waiting.extend(map.values());
            }
            Value::String(text) => bytes += text.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    if values > MOST_VALUES || bytes > LARGEST_TEXT {
        return Err(SchemaProblem::new("", "the schema is too large")
            .hint(format!("the limit is {MOST_VALUES} values and {LARGEST_TEXT} bytes of text")));
    }
    Ok(())
}

fn draft_of(raw: &Value, rules: Rules) -> Result<Draft, SchemaProblem> {
    let Some(uri) = raw.get("$schema").and_then(Value::as_str) else {
        return Ok(rules.draft);
    };
    Draft::from_uri(uri).ok_or_else(|| {
        let known: Vec<_> = Draft::VARIANTS.iter().map(|draft| draft.uri()).collect();
        let message = format!("{} is not a draft that is known here", wording::quoted(uri));
        SchemaProblem::new("/$schema", message).hint(format!("the drafts are {}", known.join(", ")))
    })
}
