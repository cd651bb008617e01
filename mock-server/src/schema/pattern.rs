//! Patterns are matched in linear time, so that none can stall a check.
//!
//! The price is that look-around and back-references are refused, which need a matcher that can be
//! made to run for ages. A look-ahead at the start can always be written as a second pattern.

use jsonschema::PatternOptions;
use serde_json::{Value, json};

use super::keyword::join;
use super::outline::Outline;
use super::problem::SchemaProblem;
use super::wording::quoted;

/// Bytes that a compiled pattern may take. A match visits each of them for each character at worst.
const LARGEST: usize = 1024 * 1024;

/// How patterns are matched, here and when settings are checked.
pub(super) fn engine() -> PatternOptions<jsonschema::Regex> {
    PatternOptions::regex()
        .size_limit(LARGEST)
        .dfa_size_limit(4 * LARGEST)
}

/// What is wrong with the patterns of a schema.
pub(super) fn problems(outline: &Outline<'_>) -> Vec<SchemaProblem> {
    let mut problems = Vec::new();
    for one in &outline.all {
        if let Some(pattern) = one.schema.get("pattern").and_then(Value::as_str) {
            problems.extend(problem(join(&one.pointer, "pattern"), pattern));
        }
        let named = one
            .schema
            .get("patternProperties")
            .and_then(Value::as_object);
        for pattern in named.into_iter().flat_map(|map| map.keys()) {
            let pointer = join(&join(&one.pointer, "patternProperties"), pattern);
            problems.extend(problem(pointer, pattern).map(SchemaProblem::at_key));
        }
    }
    problems
}

fn problem(pointer: String, pattern: &str) -> Option<SchemaProblem> {
    let options = jsonschema::options()
        .offline()
        .with_pattern_options(engine());
    options.build(&json!({ "pattern": pattern })).err()?;
    let problem = |message: &str| {
        SchemaProblem::new(
            pointer.as_str(),
            format!("the pattern {} {message}", quoted(pattern)),
        )
    };
    let Err(error) = regex_syntax::ast::parse::Parser::new().parse(pattern) else {
        return Some(problem("is too large").hint("lower the counts in its braces"));
    };
    use regex_syntax::ast::ErrorKind;
    Some(match error.kind() {
        ErrorKind::UnsupportedLookAround => {
            problem("looks ahead or behind (`(?=`, `(?!`, `(?<`), which is not supported").hint(
                "patterns run in linear time here: write a look-ahead as a second pattern, in \
                 `allOf` or under `not`",
            )
        }
        ErrorKind::UnsupportedBackreference => {
            problem("refers back to a group (`\\1`), which is not supported")
                .hint("patterns run in linear time here: write the repeated part out")
        }
        kind => problem(&format!("is not a regular expression: {kind}")),
    })
}
