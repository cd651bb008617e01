//! The section `expect`.

use super::diagnostic::Diagnostic;
use super::read::{Mistakes, known, list, map, rule_named, settings, span, text, websites, whole};
use super::tree::{Kind, Node};
use super::{Expect, Holds, SaveEnd, Standing, anchor};

pub(super) fn expect(node: &Node, mistakes: &mut Mistakes) -> Option<Expect> {
    let keys = [
        "converged_within",
        "ready_within",
        "websites",
        "requests",
        "requests_per_hour",
        "never_seen",
        "status",
        "saves",
        "oracles",
    ];
    let entries = map(node, "`expect`", mistakes)?;
    let mut expect = Expect::default();
    for entry in known(entries, "`expect`", &keys, mistakes) {
        let value = &entry.value;
        match entry.key.as_str() {
            "converged_within" => expect.converged_within = span(value, mistakes),
            "ready_within" => expect.ready_within = span(value, mistakes),
            "websites" => expect.websites = Some(holds(value, mistakes)),
            "requests" => expect.requests = requests(value, mistakes),
            "requests_per_hour" => {
                expect.requests_per_hour = whole(value, "requests an hour at most", mistakes);
            }
            "never_seen" => expect.never_seen = settings(value, "websites with settings", mistakes),
            "status" => expect.status = choice(value, &STANDINGS, mistakes),
            "saves" => expect.saves = saves(value, mistakes),
            _ => expect.off = off(value, mistakes),
        }
    }
    Some(expect)
}

/// Names of what a client says of itself.
pub(super) const STANDINGS: [(&str, Standing); 3] =
    [("loading", Standing::Loading), ("fresh", Standing::Fresh), ("stale", Standing::Stale)];

/// Names of the ends of a save.
pub(super) const SAVE_ENDS: [(&str, SaveEnd); 3] =
    [("done", SaveEnd::Done), ("refused", SaveEnd::Refused), ("unknown", SaveEnd::Unknown)];

fn choice<T: Copy>(node: &Node, choices: &[(&str, T)], mistakes: &mut Mistakes) -> Option<T> {
    let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
    let given = text(node, &format!("one of {}", names.join(", ")), mistakes)?;
    let found = choices.iter().find(|(name, _)| *name == given);
    if found.is_none() {
        let mistake = Diagnostic::new(node.place, format!("`{given}` does not fit here"));
        mistakes.push(mistake.hint(format!("choose one of {}", names.join(", "))));
    }
    found.map(|(_, value)| *value)
}

fn holds(node: &Node, mistakes: &mut Mistakes) -> Holds {
    match &node.kind {
        Kind::Map(_) => Holds::Settings(settings(node, "websites with settings", mistakes)),
        _ => Holds::Websites(websites(node, mistakes)),
    }
}

fn requests(
    node: &Node,
    mistakes: &mut Mistakes,
) -> Vec<(crisp_mock_server::operation::Operation, u64)> {
    let mut counts = Vec::new();
    for entry in map(node, "operations with counts", mistakes).unwrap_or_default() {
        let count = whole(&entry.value, "how many requests", mistakes);
        match anchor::operation(&entry.key) {
            Ok(operation) => counts.extend(count.map(|count| (operation, count))),
            Err((message, hint)) => {
                mistakes.push(Diagnostic::new(entry.key_place, message).hint(hint));
            }
        }
    }
    counts
}

fn saves(node: &Node, mistakes: &mut Mistakes) -> Option<Vec<SaveEnd>> {
    let items = list(node, "how the saves ended", mistakes)?;
    Some(items.iter().filter_map(|item| choice(item, &SAVE_ENDS, mistakes)).collect())
}

/// `oracles: { snapshot: { off: the server lags behind itself } }`
fn off(node: &Node, mistakes: &mut Mistakes) -> Vec<(crate::words::Rule, String)> {
    let mut off = Vec::new();
    for entry in map(node, "oracles to be switched off", mistakes).unwrap_or_default() {
        let rule = rule_named(&entry.key, entry.key_place, mistakes);
        let Some(details) = map(&entry.value, "`{ off: the reason }`", mistakes) else {
            continue;
        };
        for detail in known(details, "an oracle", &["off"], mistakes) {
            let reason = text(&detail.value, "the reason why it is off", mistakes);
            off.extend(rule.zip(reason));
        }
    }
    off
}
