//! Why settings are refused.

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{JsonTypeSet, ValidationError};
use serde_json::Value;

use super::ajv::Unfit;
use super::pattern::Originals;
use super::wording;

/// One way in which settings do not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Violation {
    /// Where in the settings, as a JSON pointer (RFC 6901); empty for the whole.
    pub pointer: String,
    /// `<path> <problem>`, as the wire carries it (docs/wire.md#schema-errors): what was expected
    /// and what
    /// was found. At most 400 characters.
    pub message: String,
    /// Where in the message the path ends.
    problem_at: usize,
}

/// More than this is cut: an answer's message is read by people.
const LONGEST: usize = 400;
/// A path longer than this is shown by its end, which is the part that differs.
const LONGEST_PATH: usize = 120;

impl Violation {
    pub(super) fn new(pointer: &str, problem: &str) -> Self {
        let path = shown_path(pointer);
        let message = format!("{path} {problem}");
        Self {
            pointer: pointer.to_owned(),
            message: message.chars().take(LONGEST).collect(),
            problem_at: path.len() + 1,
        }
    }

    /// A failure that cannot be told.
    pub(super) fn untold() -> Self {
        let problem = "does not fit the schema, and the failures are too many or too large to be \
                       told: make the settings smaller";
        Self::new("", problem)
    }

    /// The message without its path.
    pub(super) fn problem(&self) -> &str {
        self.message.get(self.problem_at..).unwrap_or_default()
    }

    pub(super) fn explain(error: &ValidationError<'_>, originals: &Originals) -> Self {
        let (error, problem) = explain(error, originals, 0);
        Self::new(error.instance_path().as_str(), &problem)
    }
}

impl From<Unfit> for Violation {
    /// For settings whose failures fill too much memory to be told in words of our own.
    fn from(failure: Unfit) -> Self {
        Self::new(&failure.pointer, &format!("does not fit the schema: {}", failure.text))
    }
}

/// The whole is called `settings`: an empty path would leave the sentence without a subject.
fn shown_path(pointer: &str) -> String {
    let length = pointer.chars().count();
    if pointer.is_empty() {
        return "settings".to_owned();
    }
    if length <= LONGEST_PATH {
        return pointer.replace(char::is_control, " ");
    }
    let end: String = pointer.chars().skip(length - LONGEST_PATH).collect();
    format!("…{}", end.replace(char::is_control, " "))
}

/// The error worth telling, and its problem in words.
///
/// `anyOf` and `oneOf` fail as a whole; what helps is the alternative that came nearest.
fn explain<'a, 'e>(
    error: &'a ValidationError<'e>,
    originals: &Originals,
    depth: usize,
) -> (&'a ValidationError<'e>, String)
where
    'static: 'e,
{
    let (Kind::AnyOf { context } | Kind::OneOfNotValid { context }) = error.kind() else {
        return (error, wording::fault(error, originals));
    };
    if let Some(types) = only_types(error, context) {
        let found = wording::found(error.instance());
        return (error, format!("must be {}, found {found}", wording::types(types)));
    }
    let nearest = nearest(error, context).filter(|_| depth < 8);
    let Some(nearest) = nearest else {
        let found = wording::found(error.instance());
        return (error, format!("must fit one of the alternatives, found {found}"));
    };
    let (_, problem) = explain(nearest, originals, depth + 1);
    let path = nearest.instance_path().as_str();
    let inner = path.strip_prefix(error.instance_path().as_str()).filter(|inner| !inner.is_empty());
    let count = context.len();
    let told = match inner {
        _ if count == 1 && inner.is_none() => problem,
        Some(inner) => format!("fits none of {count} alternatives; the nearest: {inner} {problem}"),
        None => format!("fits none of {count} alternatives; the nearest: it {problem}"),
    };
    (error, told)
}

/// If all that every alternative asks for is another type: those types.
fn only_types(
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
) -> Option<JsonTypeSet> {
    let mut all = JsonTypeSet::empty();
    for branch in context {
        let [one] = branch.as_slice() else {
            return None;
        };
        if one.instance_path() != error.instance_path() {
            return None;
        }
        all = all.union(wording::wanted_types(one)?);
    }
    (!all.is_empty()).then_some(all)
}

/// The first error of the alternative that nearly fitted: not of another type, fewest errors.
fn nearest<'a>(
    error: &ValidationError<'_>,
    context: &'a [Vec<ValidationError<'static>>],
) -> Option<&'a ValidationError<'static>> {
    let distance = |branch: &&'a Vec<ValidationError<'static>>| {
        let wrong_type = branch.iter().any(|one| {
            one.instance_path() == error.instance_path() && wording::wanted_types(one).is_some()
        });
        (wrong_type, branch.len())
    };
    let branches = context.iter().filter(|branch| !branch.is_empty());
    branches.min_by_key(distance)?.first()
}

/// How deep a value is nested: 1 for `{}`, 0 for a number; looks at it without recursion.
pub(super) fn levels(value: &Value) -> usize {
    let mut level: Vec<&Value> = Some(value).filter(|value| nests(value)).into_iter().collect();
    let mut levels = 0;
    while !level.is_empty() {
        levels += 1;
        level = level.into_iter().flat_map(members).collect();
    }
    levels
}

fn members(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter().filter(|item| nests(item))),
        Value::Object(map) => Box::new(map.values().filter(|item| nests(item))),
        _ => Box::new(std::iter::empty()),
    }
}

fn nests(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}
