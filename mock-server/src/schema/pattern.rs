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
    PatternOptions::regex().size_limit(LARGEST).dfa_size_limit(LARGEST)
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

/// A pattern, where it is, and whether it is a key there.
struct Written<'a> {
    pattern: &'a str,
    pointer: String,
    is_key: bool,
}

fn all<'a>(outline: &Outline<'a>) -> Vec<Written<'a>> {
    let mut all = Vec::new();
    for one in &outline.all {
        if let Some(pattern) = one.schema.get("pattern").and_then(Value::as_str) {
            let pointer = join(&one.pointer, "pattern");
            all.push(Written { pattern, pointer, is_key: false });
        }
        let named = one.schema.get("patternProperties").and_then(Value::as_object);
        all.extend(named.into_iter().flatten().map(|(pattern, _)| {
            let pointer = join(&join(&one.pointer, "patternProperties"), pattern);
            Written { pattern, pointer, is_key: true }
        }));
    }
    all
}

/// What is wrong with the patterns of a schema.
pub(super) fn problems(outline: &Outline<'_>) -> Vec<SchemaProblem> {
    let all = all(outline);
    let states = all.iter().map(|one| states(one.pattern).min(MOST_STATES));
    if states.fold(0, u64::saturating_add) > MOST_STATES_IN_ALL {
        // Nothing is compiled: that is what would take long.
        let problem = SchemaProblem::new("", "the patterns of the schema are too large in all");
        return vec![problem.hint("lower the counts in their braces")];
    }
    let problems = all.into_iter().filter_map(|one| {
        let problem = problem(one.pointer, one.pattern)?;
        Some(if one.is_key { problem.at_key() } else { problem })
    });
    problems.collect()
}

fn problem(pointer: String, pattern: &str) -> Option<SchemaProblem> {
    let options = jsonschema::options().offline().with_pattern_options(engine());
    let too_large = states(pattern) > MOST_STATES;
    if !too_large && options.build(&json!({ "pattern": pattern })).is_ok() {
        return None;
    }
    let problem = |message: &str| {
        SchemaProblem::new(pointer.as_str(), format!("the pattern {} {message}", quoted(pattern)))
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
