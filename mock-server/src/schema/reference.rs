//! References: local ones are followed, all others are refused. Nothing is ever fetched.

use std::collections::HashMap;

use serde_json::Value;

use super::draft::Draft;
use super::keyword::Via;
use super::outline::Outline;
use super::wording::quoted;
use crate::document::{Problem, member};

const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// Adds what each reference leads to; the problems are references that lead nowhere.
pub(super) fn connect(outline: &mut Outline<'_>, draft: Draft) -> Result<Vec<Problem>, Problem> {
    let mut problems = Vec::new();
    let mut index = 0;
    // References may bring more subschemas to light, which have references too.
    while index < outline.all.len() {
        for keyword in REFERENCES {
            let schema = outline.all[index].schema;
            let Some(reference) = schema.get(keyword).and_then(Value::as_str) else {
                continue;
            };
            let mut target = outline.target(index, reference);
            if target.is_none() {
                target = outline.discover(index, reference, draft)?;
            }
            match target {
                Some(target) => outline.all[index].applies.push((Via::Same, target)),
                None => {
                    let pointer = member(&outline.all[index].pointer, keyword);
                    problems.push(refused(pointer, reference));
                }
            }
        }
        index += 1;
    }
    Ok(problems)
}

/// Pointers to what the references of a connected outline lead to. Of two that are spelt alike and
/// mean something else in schemas with ids of their own, the outer one counts.
pub(super) fn targets(outline: &Outline<'_>) -> HashMap<String, String> {
    let mut targets = HashMap::new();
    for (index, one) in outline.all.iter().enumerate() {
        let Some(reference) = one.schema.get("$ref").and_then(Value::as_str) else {
            continue;
        };
        if let Some(target) = outline.target(index, reference) {
            let pointer = || outline.all[target].pointer.clone();
            targets.entry(reference.to_owned()).or_insert_with(pointer);
        }
    }
    targets
}

fn refused(pointer: String, reference: &str) -> Problem {
    let shown = quoted(reference);
    if reference.starts_with('#') {
        let message = format!("the reference {shown} leads to no schema in this file");
        return Problem::value(pointer, message)
            .hint("write `#/definitions/NAME` for a schema that stands under `definitions`");
    }
    Problem::value(
        pointer,
        format!("the reference {shown} leads outside, and references must be local"),
    )
    .hint("nothing is fetched: copy that schema under `definitions` and write `#/definitions/NAME`")
}

/// Keywords beside a `$ref` that an old draft ignores.
pub(super) fn ignored_beside(outline: &Outline<'_>, draft: Draft) -> Vec<Problem> {
    let harmless = |name: &str| {
        let notes = ["$comment", "title", "description", "default", "examples"];
        name.starts_with('$') || notes.contains(&name) || name == "definitions"
    };
    let mut warnings = Vec::new();
    for one in outline.all.iter().filter(|_| draft.ref_stands_alone()) {
        let Some(map) = one.schema.as_object().filter(|map| map.contains_key("$ref")) else {
            continue;
        };
        let ignored = map.keys().filter(|name| !harmless(name));
        warnings.extend(ignored.map(|name| {
            let message = format!("{} beside `$ref` is ignored in {draft}", quoted(name));
            Problem::key(member(&one.pointer, name), message)
                .hint("put both into `allOf`, or name 2019-09 or later in `$schema`")
        }));
    }
    warnings
}
