//! Patterns of a schema: read as JavaScript reads them, weighed, and written out for the library.
//!
//! What can be matched in linear time is; look-around and back-references go through a matcher that
//! goes back and tries again, and gives up in time (see [`ecma`](super::ecma)).

use std::collections::HashMap;

use jsonschema::PatternOptions;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Value};

use super::ecma::{LARGEST, MOST_STEPS_BACK, Matcher, Pattern};
use super::outline::Outline;
use super::wording::quoted;
use crate::document::{Part, Problem, member};

/// How the library matches patterns.
pub(super) fn engine() -> PatternOptions<jsonschema::FancyRegex> {
    PatternOptions::fancy_regex()
        .backtrack_limit(MOST_STEPS_BACK)
        .size_limit(LARGEST)
        .dfa_size_limit(LARGEST)
}

/// States of one pattern.
const MOST_STATES: u64 = 50_000;
/// States of all patterns: each takes a microsecond to compile.
const MOST_STATES_IN_ALL: u64 = 200_000;
/// A character that is matched by going back costs as much as so many that are not.
const GOING_BACK: u64 = 256;

/// About how many states a pattern has when its counts are unrolled.
pub(super) fn states(pattern: &str) -> u64 {
    let Ok(read) = Pattern::read(pattern) else {
        return 4 * pattern.len() as u64;
    };
    // What goes back is measured without its conditions.
    let expressions = read.linear().unwrap_or_else(|| vec![read.relaxed()]);
    let states = expressions.iter().map(|expression| {
        let hir = regex_syntax::Parser::new().parse(expression);
        hir.map_or(4 * pattern.len() as u64, |hir| states_of(&hir))
    });
    states.fold(0, u64::saturating_add)
}

/// What a character costs that is matched with this pattern.
pub(super) fn cost(pattern: &str) -> u64 {
    let going_back = Pattern::read(pattern).is_ok_and(|read| read.backtracks);
    states(pattern).saturating_mul(if going_back { GOING_BACK } else { 1 })
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
            let pointer = member(&one.pointer, "pattern");
            all.push(Written { pattern, pointer, is_key: false });
        }
        let named = one.schema.get("patternProperties").and_then(Value::as_object);
        all.extend(named.into_iter().flatten().map(|(pattern, _)| {
            let pointer = member(&member(&one.pointer, "patternProperties"), pattern);
            Written { pattern, pointer, is_key: true }
        }));
    }
    all
}

/// What is wrong with the patterns of a schema.
pub(super) fn problems(outline: &Outline<'_>) -> Vec<Problem> {
    let all = all(outline);
    let states = all.iter().map(|one| states(one.pattern).min(MOST_STATES));
    if states.fold(0, u64::saturating_add) > MOST_STATES_IN_ALL {
        // Nothing is compiled: that is what would take long.
        let problem = Problem::value("", "the patterns of the schema are too large in all");
        return vec![problem.hint("lower the counts in their braces")];
    }
    let problems = all.into_iter().filter_map(|one| {
        let problem = problem(one.pointer, one.pattern)?;
        let part = if one.is_key { Part::Key } else { Part::Value };
        Some(Problem { part, ..problem })
    });
    problems.collect()
}

fn problem(pointer: String, pattern: &str) -> Option<Problem> {
    let problem = |message: &str| {
        Problem::value(pointer.as_str(), format!("the pattern {} {message}", quoted(pattern)))
    };
    match Pattern::read(pattern) {
        Err(fault) => {
            let message = format!("is not a regular expression: it {}", fault.0);
            Some(problem(&message).hint("patterns are those of JavaScript's `new RegExp`"))
        }
        Ok(read) if states(pattern) > MOST_STATES || Matcher::new(&read).is_none() => {
            Some(problem("is too large").hint("lower the counts in its braces"))
        }
        Ok(_) => None,
    }
}

/// Patterns as they are in the schema, by how the library has them.
pub(super) type Originals = HashMap<String, String>;

/// Writes out the patterns of a copy of the schema so that the library reads them.
pub(super) fn write_out(copy: &mut Value, outline: &Outline<'_>) -> Originals {
    let mut originals = Originals::new();
    let mut portable = |pattern: &str| {
        let read = Pattern::read_whole(pattern);
        let written = read.map(|read| read.portable()).unwrap_or_default();
        if written != pattern {
            originals.insert(written.clone(), pattern.to_owned());
        }
        written
    };
    // From the inside out: names of patterns are part of the pointers to what is inside.
    for one in outline.all.iter().rev() {
        let Some(map) = copy.pointer_mut(&one.pointer).and_then(Value::as_object_mut) else {
            continue;
        };
        if let Some(Value::String(pattern)) = map.get_mut("pattern") {
            *pattern = portable(pattern);
        }
        if let Some(Value::Object(named)) = map.get_mut("patternProperties") {
            let all = std::mem::take(named).into_iter();
            *named = all.map(|(name, schema)| (portable(&name), schema)).collect::<Map<_, _>>();
        }
    }
    originals
}
