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

mod ajv;
mod draft;
mod ecma;
mod format;
mod keyword;
mod meta;
mod meter;
mod misfit;
mod outline;
mod pattern;
mod reference;
mod remark;
mod size;
mod stack;
mod validator;
mod violation;
mod wording;
mod work;

#[cfg(test)]
mod chaos;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde_json::Value;
use strum::VariantArray;

pub use draft::Draft;
pub use misfit::Misfit;
pub use remark::{Review, review};
pub use violation::Violation;

use ajv::{Failure, Unfit};
use outline::Outline;
use validator::Origin;
use violation::levels;

use crate::document::{Invalid, Problem};

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
/// Levels of nesting of settings, as many as a body may have: together with the longest chain of
/// schemas on one value it bounds the stack of a check.
const DEEPEST_SETTINGS: usize = 127;

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
/// # Ok::<(), crisp_mock_server::document::Invalid>(())
/// ```
#[derive(Clone)]
pub struct SettingsSchema(Arc<Compiled>);

struct Compiled {
    raw: Value,
    draft: Draft,
    rules: Rules,
    warnings: Vec<Problem>,
    validator: validator::Lazy,
    originals: pattern::Originals,
    /// The rules as Ajv runs them; the judge of drafts that Ajv 6 speaks
    ajv: ajv::Rules,
    meter: meter::Meter,
    /// The most schemas in a row that one value is held against
    longest_chain: usize,
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
    pub fn parse(text: &str, rules: Rules) -> Result<Self, Invalid> {
        let Review { schema, report } = review("schema", text, rules);
        schema.map_err(|problems| Invalid { problems, report })
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
    pub fn from_value(value: Value, rules: Rules) -> Result<Self, Vec<Problem>> {
        Self::read(value, rules, Origin::Given)
    }

    /// The schema of Crisp's own sample plugins: an object with a `message`, a string
    /// (docs/wire.md#settings).
    ///
    /// # Panics
    ///
    /// Never: the schema is a constant, and a test reads it.
    #[must_use]
    pub fn sample() -> Self {
        static SAMPLE: LazyLock<SettingsSchema> = LazyLock::new(|| {
            let value = serde_json::json!({
                "$id": "crisp:service:api/_schema/plugin#urn:crisp.mock:sample:0",
                "type": "object",
                "properties": { "message": { "type": "string" } },
            });
            #[expect(clippy::expect_used, reason = "a constant that a test reads")]
            SettingsSchema::read(value, Rules::default(), Origin::Sample)
                .expect("the sample schema is valid")
        });
        SAMPLE.clone()
    }

    fn read(raw: Value, rules: Rules, origin: Origin) -> Result<Self, Vec<Problem>> {
        let alone = |problem| vec![problem];
        size::measure(&raw).map_err(alone)?;
        let draft = draft_of(&raw, rules).map_err(alone)?;
        let mut outline = Outline::of(&raw, draft).map_err(alone)?;
        let references = reference::connect(&mut outline, draft).map_err(alone)?;
        let mut bare = outline::without_id(&raw, &outline);

        let mut problems = match origin {
            Origin::Given => meta::problems(&bare, draft),
            Origin::Sample => Vec::new(),
        };
        problems.extend(pattern::problems(&outline));
        if rules.formats {
            problems.extend(format::problems(&outline, draft));
        }
        problems.extend(references);
        if !problems.is_empty() {
            return Err(problems);
        }
        let (meter, longest_chain) = work::bound(&outline).map_err(alone)?;
        let ajv = ajv::Rules::of(&outline, draft, rules.formats).map_err(alone)?;
        let warnings = remark::warnings(&outline, draft);
        let targets = reference::targets(&outline);
        let originals = pattern::write_out(&mut bare, &outline);
        let validator = validator::lazy(bare, draft, rules, origin).map_err(alone)?;
        Ok(Self(Arc::new(Compiled {
            raw,
            draft,
            rules,
            warnings,
            validator,
            originals,
            ajv,
            meter,
            longest_chain,
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
    pub fn warnings(&self) -> &[Problem] {
        &self.0.warnings
    }

    /// Whether settings fit the schema. Takes microseconds, and a bounded time for any settings.
    #[must_use]
    pub fn fits(&self, settings: &Value) -> bool {
        self.judge(settings).is_ok()
    }

    /// Holds settings against the schema.
    ///
    /// # Errors
    ///
    /// The first way in which they do not fit, in words for people.
    pub fn check(&self, settings: &Value) -> Result<(), Violation> {
        let verdict = self.judge(settings);
        verdict.map_err(|reason| {
            let first = self.violations_of(settings, reason, 1).pop();
            first.unwrap_or_else(Violation::untold)
        })
    }

    /// Holds settings against the schema, for an answer on the wire.
    ///
    /// # Errors
    ///
    /// All ways in which they do not fit, at most `limit` of them, and what Ajv 6 says.
    pub fn hold(&self, settings: &Value, limit: usize) -> Result<(), Misfit> {
        let verdict = self.judge(settings);
        verdict.map_err(|reason| {
            let ajv = match &reason {
                Reason::Unfit(Some(failure)) => Some(failure.text.clone()),
                Reason::Unfit(None) | Reason::Excess(_) => None,
            };
            Misfit::new(ajv, self.violations_of(settings, reason, limit.max(1)))
        })
    }

    /// All ways in which settings do not fit, at most `limit` of them.
    #[must_use]
    pub fn violations(&self, settings: &Value, limit: usize) -> Vec<Violation> {
        match self.judge(settings) {
            Ok(()) => Vec::new(),
            Err(reason) => self.violations_of(settings, reason, limit),
        }
    }

    fn judge(&self, settings: &Value) -> Result<(), Reason> {
        let levels = levels(settings);
        if levels > DEEPEST_SETTINGS {
            let problem = format!("must not be nested deeper than {DEEPEST_SETTINGS} levels");
            return Err(Reason::Excess(Violation::new("", &problem)));
        }
        if self.0.meter.is_too_much(settings) {
            let problem = "take too many steps to check against this schema: make them smaller, \
                           or let the schema refer to itself or repeat patterns fewer times";
            return Err(Reason::Excess(Violation::new("", problem)));
        }
        let run = || {
            let ajv = self.0.ajv.check(settings);
            if self.0.draft.is_of_ajv() {
                return ajv;
            }
            // What Ajv 6 does not know it cannot tell either.
            if self.0.validator.is_valid(settings) { Ok(()) } else { ajv.and(Err(Failure::Untold)) }
        };
        let run = stack::with_room(levels * self.0.longest_chain, run);
        match run.unwrap_or(Err(Failure::NoRoom)) {
            Ok(()) => Ok(()),
            Err(Failure::Unfit(failure)) => Err(Reason::Unfit(Some(failure))),
            Err(Failure::Untold) => Err(Reason::Unfit(None)),
            Err(Failure::Unfinished { pointer }) => {
                Err(Reason::Excess(Violation::new(&pointer, wording::UNFINISHED)))
            }
            Err(Failure::NoRoom) => {
                let problem = "cannot be checked: the system has no room for a deep check. Nest \
                               them less deep, or give it more memory";
                Err(Reason::Excess(Violation::new("", problem)))
            }
        }
    }

    fn violations_of(&self, settings: &Value, reason: Reason, limit: usize) -> Vec<Violation> {
        let failure = match reason {
            Reason::Excess(violation) => return Vec::from_iter((limit > 0).then_some(violation)),
            Reason::Unfit(failure) => failure,
        };
        let mut told = Vec::new();
        if !self.0.meter.fills_memory(settings) {
            let tell = || -> Vec<Violation> {
                let errors = self.0.validator.iter_errors(settings).take(limit);
                errors.map(|error| Violation::explain(&error, &self.0.originals)).collect()
            };
            let levels = levels(settings);
            told = stack::with_room(levels * self.0.longest_chain, tell).unwrap_or_default();
        }
        if told.is_empty() && limit > 0 {
            told.push(failure.map_or_else(Violation::untold, |failure| failure.into()));
        }
        told
    }
}

/// Why settings are refused.
enum Reason {
    /// They do not fit: Ajv's words, if it has any
    Unfit(Option<Unfit>),
    /// They were not looked at to the end
    Excess(Violation),
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
    ecma::Pattern::read_whole(pattern).ok().map(|read| read.relaxed())
}

fn draft_of(raw: &Value, rules: Rules) -> Result<Draft, Problem> {
    let Some(uri) = raw.get("$schema").and_then(Value::as_str) else {
        return Ok(rules.draft);
    };
    Draft::from_uri(uri).ok_or_else(|| {
        let known: Vec<_> = Draft::VARIANTS.iter().map(|draft| draft.uri()).collect();
        let message = format!("{} is not a draft that is known here", wording::quoted(uri));
        Problem::value("/$schema", message).hint(format!("the drafts are {}", known.join(", ")))
    })
}
