//! Patterns are matched in linear time, so that none can stall a check.
//!
//! The price is that look-around and back-references are refused, which need a matcher that can be
//! made to run for ages. A look-ahead at the start can always be written as a second pattern.

use jsonschema::PatternOptions;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Value, json};

use super::keyword::join;
use super::outline::Outline;
use super::problem::SchemaProblem;
use super::wording::quoted;

/// Bytes that a compiled pattern may take.
const LARGEST: usize = 4 * 1024 * 1024;

/// How patterns are matched, here and when settings are checked.
pub(super) fn engine() -> PatternOptions<jsonschema::Regex> {
    PatternOptions::regex()
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST)
}

/// States of one pattern.
const MOST_STATES: u64 = 50_000;
/// States of all patterns: each takes a microsecond to compile.
const MOST_STATES_IN_ALL: u64 = 200_000;

/// About how many states a pattern has when its counts are unrolled.
pub(super) fn states(pattern: &str) -> u64 {
    // What is written for another dialect is short enough to be guessed at.
    let hir = regex_syntax::Parser::new().parse(pattern);
    hir.map_or(4 * pattern.len() as u64, |hir| states_of(&hir))
}

// As deep as the parser's nest limit allows.
fn states_of(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(Class::Unicode(class)) => 1 + class.ranges().len() as u64 / 4,
        HirKind::Class(Class::Bytes(_)) => 1,
        HirKind::Repetition(repetition) => {
            let times = u64::from(repetition.max.unwrap_or(repetition.min + 1).max(1));
            times.saturating_mul(states_of(&repetition.sub))
        }
        HirKind::Capture(capture) => states_of(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(states_of).fold(1, u64::saturating_add)
        }
    }
}

/// What is wrong with the patterns of a schema.
pub(super) fn problems(outline: &Outline<'_>) -> Vec<SchemaProblem> {
    let mut problems = Vec::new();
    let mut states_in_all = 0_u64;
    for one in &outline.all {
        let own = one.schema.get("pattern").and_then(Value::as_str);
        let named = one
            .schema
            .get("patternProperties")
            .and_then(Value::as_object);
        let own = own.map(|pattern| (join(&one.pointer, "pattern"), pattern, false));
        let named = named.into_iter().flat_map(|map| map.keys()).map(|pattern| {
            let pointer = join(&join(&one.pointer, "patternProperties"), pattern);
            (pointer, pattern.as_str(), true)
        });
        for (pointer, pattern, is_key) in own.into_iter().chain(named) {
            states_in_all = states_in_all.saturating_add(states(pattern).min(MOST_STATES));
            if states_in_all > MOST_STATES_IN_ALL {
                let problem = SchemaProblem::new(pointer, "the patterns are too large in all");
                problems.push(problem.hint("lower the counts in their braces"));
                return problems;
            }
            let problem = problem(pointer, pattern);
            problems.extend(problem.map(|one| if is_key { one.at_key() } else { one }));
        }
    }
    problems
}

fn problem(pointer: String, pattern: &str) -> Option<SchemaProblem> {
    let options = jsonschema::options()
        .offline()
        .with_pattern_options(engine());
    let too_large = states(pattern) > MOST_STATES;
    if !too_large && options.build(&json!({ "pattern": pattern })).is_ok() {
        return None;
    }
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
