//! The library's validator of a schema, made at once or when it is first asked.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use super::draft::Draft;
use super::{Rules, format, pattern, wording};
use crate::document::Problem;

/// Where a schema comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// From outside: all that can be wrong with it is looked for.
    Given,
    /// The sample: a test has held it against the rules of its draft. Reading these rules would take
    /// longer than all else of a start, and its validator is made when settings are first refused.
    Sample,
}

/// A validator that may not be made yet.
pub(super) type Lazy = LazyLock<Validator, Box<dyn FnOnce() -> Validator + Send>>;

/// The validator of a schema without its id.
pub(super) fn lazy(
    bare: Value,
    draft: Draft,
    rules: Rules,
    origin: Origin,
) -> Result<Lazy, Problem> {
    Ok(LazyLock::new(match origin {
        Origin::Given => {
            let made = make(&bare, draft, rules)?;
            Box::new(move || made)
        }
        #[expect(clippy::expect_used, reason = "a constant that a test reads")]
        Origin::Sample => {
            Box::new(move || make(&bare, draft, rules).expect("the sample schema is valid"))
        }
    }))
}

fn make(bare: &Value, draft: Draft, rules: Rules) -> Result<Validator, Problem> {
    let options = format::with_formats(jsonschema::options().offline())
        .with_draft(draft.engine())
        .with_pattern_options(pattern::engine())
        .should_validate_formats(rules.formats);
    options.build(bare).map_err(|error| {
        let reason = wording::quoted(&error.to_string());
        let message = format!("the schema cannot be used: {reason}");
        Problem::value(error.instance_path().as_str(), message)
    })
}
