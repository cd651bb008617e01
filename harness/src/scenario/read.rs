//! Reading a tree into a scenario, with every mistake reported.

use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::fault::FaultPlan;
use crisp_mock_server::id::WebsiteId;
use serde_json::Value;

use super::diagnostic::{Diagnostic, Place};
use super::tree::{Entry, Kind, Node};
use super::{MutantLookup, Scenario, check, deed, expect, sections};
use crate::words::Rule;

/// Where mistakes are collected.
pub(super) type Mistakes = Vec<Diagnostic>;

/// Longer than any scenario, short enough that sums of a few cannot overflow.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

pub(super) fn scenario(
    node: &Node,
    mutants: MutantLookup,
    mistakes: &mut Mistakes,
) -> Option<Scenario> {
    let entries = map(node, "a scenario", mistakes)?;
    let keys = [
        "name", "about", "server", "client", "start", "faults", "when", "expect", "kills", "by",
        "found",
    ];
    let mut scenario = Scenario::default();
    for entry in known(entries, "a scenario", &keys, mistakes) {
        let value = &entry.value;
        match entry.key.as_str() {
            "name" => scenario.name = text(value, "a name", mistakes).unwrap_or_default(),
            "about" => scenario.about = text(value, "`about`", mistakes),
            "server" => scenario.server = sections::server(value, mistakes).unwrap_or_default(),
            "client" => scenario.client = sections::client(value, mistakes).unwrap_or_default(),
            "start" => scenario.start = sections::start(value, mistakes).unwrap_or_default(),
            "faults" => scenario.faults = faults(value, mistakes),
            "when" => scenario.when = deed::steps(value, mistakes),
            "expect" => scenario.expect = expect::expect(value, mistakes).unwrap_or_default(),
            "kills" => scenario.kills = texts(value, "`kills`", mistakes),
            "by" => scenario.by = rules(value, mistakes),
            _ => scenario.found = sections::found(value, mistakes),
        }
    }
    if !entries.iter().any(|entry| entry.key == "name") {
        let mistake = Diagnostic::new(node.place, "the scenario has no `name`");
        mistakes.push(mistake.hint("begin with `name: one sentence that says what happens`"));
    }
    if mistakes.is_empty() {
        check::check(&scenario, node, mutants, mistakes);
    }
    Some(scenario)
}

fn faults(node: &Node, mistakes: &mut Mistakes) -> FaultPlan {
    FaultPlan::parse(&node.to_value()).unwrap_or_else(|errors| {
        for error in errors {
            let mut mistake = Diagnostic::new(node.place_of(&error.pointer), error.message);
            mistake.hint = error.hint;
            mistakes.push(mistake);
        }
        FaultPlan::default()
    })
}

fn rules(node: &Node, mistakes: &mut Mistakes) -> Vec<Rule> {
    let items = list(node, "`by`", mistakes).unwrap_or_default();
    items.iter().filter_map(|item| rule(item, mistakes)).collect()
}

fn rule(node: &Node, mistakes: &mut Mistakes) -> Option<Rule> {
    let name = text(node, "the name of an oracle", mistakes)?;
    rule_named(&name, node.place, mistakes)
}

pub(super) fn rule_named(name: &str, place: Place, mistakes: &mut Mistakes) -> Option<Rule> {
    let found = Rule::named(name);
    if found.is_none() {
        let names = Rule::ALL.map(Rule::name);
        mistakes.push(Diagnostic::unknown_key(place, "the list of oracles", name, &names));
    }
    found
}

pub(super) fn wrong(node: &Node, wanted: &str, mistakes: &mut Mistakes) {
    let message = format!("{} stands where {wanted} should", node.describe());
    mistakes.push(Diagnostic::new(node.place, message));
}

pub(super) fn map<'a>(
    node: &'a Node,
    wanted: &str,
    mistakes: &mut Mistakes,
) -> Option<&'a [Entry]> {
    match &node.kind {
        Kind::Map(entries) => Some(entries),
        _ => {
            wrong(node, &format!("{wanted} (a map)"), mistakes);
            None
        }
    }
}

pub(super) fn list<'a>(
    node: &'a Node,
    wanted: &str,
    mistakes: &mut Mistakes,
) -> Option<&'a [Node]> {
    match &node.kind {
        Kind::List(items) => Some(items),
        _ => {
            wrong(node, &format!("{wanted} (a list)"), mistakes);
            None
        }
    }
}

/// The entries whose keys exist; the others are reported.
pub(super) fn known<'a>(
    entries: &'a [Entry],
    owner: &str,
    keys: &[&str],
    mistakes: &mut Mistakes,
) -> Vec<&'a Entry> {
    let (known, unknown): (Vec<_>, Vec<_>) =
        entries.iter().partition(|entry| keys.contains(&entry.key.as_str()));
    for entry in unknown {
        mistakes.push(Diagnostic::unknown_key(entry.key_place, owner, &entry.key, keys));
    }
    known
}

pub(super) fn text(node: &Node, wanted: &str, mistakes: &mut Mistakes) -> Option<String> {
    match &node.kind {
        Kind::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => {
            wrong(node, wanted, mistakes);
            None
        }
    }
}

/// One text, or a list of them.
pub(super) fn texts(node: &Node, wanted: &str, mistakes: &mut Mistakes) -> Vec<String> {
    match &node.kind {
        Kind::List(items) => items.iter().filter_map(|item| text(item, wanted, mistakes)).collect(),
        _ => text(node, wanted, mistakes).into_iter().collect(),
    }
}

pub(super) fn whole(node: &Node, wanted: &str, mistakes: &mut Mistakes) -> Option<u64> {
    match &node.kind {
        Kind::Number(number) if number.as_u64().is_some() => number.as_u64(),
        _ => {
            wrong(node, &format!("{wanted} (a whole number)"), mistakes);
            None
        }
    }
}

pub(super) fn span(node: &Node, mistakes: &mut Mistakes) -> Option<Duration> {
    let problem = match &node.kind {
        Kind::Text(text) => match duration::parse(text) {
            Ok(span) if span <= LONGEST => return Some(span),
            Ok(_) => format!("`{text}` is longer than a year"),
            Err(error) => error.to_string(),
        },
        Kind::Number(number) => {
            let hint = format!("write `{number}s`, `{number}ms` or `{number}m`");
            let message = format!("`{number}` is a number without a unit");
            mistakes.push(Diagnostic::new(node.place, message).hint(hint));
            return None;
        }
        _ => {
            wrong(node, "a duration", mistakes);
            return None;
        }
    };
    mistakes.push(Diagnostic::new(node.place, problem));
    None
}

/// Milliseconds with a sign.
pub(super) fn shift(node: &Node, mistakes: &mut Mistakes) -> Option<i64> {
    let text = text(node, "how far a clock is moved: `+90s` or `-1m`", mistakes)?;
    let (sign, size) = match text.strip_prefix('-') {
        Some(size) => (-1, size),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    match duration::parse(size) {
        Ok(size) if size <= LONGEST => Some(sign * i64::try_from(size.as_millis()).ok()?),
        _ => {
            let mistake = Diagnostic::new(node.place, format!("`{text}` is no step of a clock"));
            mistakes.push(mistake.hint("write `+90s` or `-1m30s`"));
            None
        }
    }
}

pub(super) fn website(name: &str, place: Place, mistakes: &mut Mistakes) -> Option<WebsiteId> {
    match name.parse() {
        Ok(website) => Some(website),
        Err(error) => {
            mistakes.push(Diagnostic::new(place, error.to_string()));
            None
        }
    }
}

/// One website, or a list of them.
pub(super) fn websites(node: &Node, mistakes: &mut Mistakes) -> Vec<WebsiteId> {
    match &node.kind {
        Kind::List(items) => {
            let one = |item| named_website(item, mistakes);
            items.iter().filter_map(one).collect()
        }
        _ => named_website(node, mistakes).into_iter().collect(),
    }
}

fn named_website(node: &Node, mistakes: &mut Mistakes) -> Option<WebsiteId> {
    let name = text(node, "a website such as `w1`", mistakes)?;
    website(&name, node.place, mistakes)
}

/// Websites with settings each.
pub(super) fn settings(
    node: &Node,
    wanted: &str,
    mistakes: &mut Mistakes,
) -> Vec<(WebsiteId, Value)> {
    let mut read = Vec::new();
    for entry in map(node, wanted, mistakes).unwrap_or_default() {
        let id = website(&entry.key, entry.key_place, mistakes);
        if !matches!(entry.value.kind, Kind::Map(_)) {
            let message = format!("{} stands where settings should", entry.value.describe());
            let mistake = Diagnostic::new(entry.value.place, message);
            mistakes.push(mistake.hint("settings are an object: `{ message: Hi }`, or `{}`"));
        } else if let Some(id) = id {
            read.push((id, entry.value.to_value()));
        }
    }
    read
}
