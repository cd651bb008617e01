//! The section `when`: steps, each with an anchor and one deed.

use super::diagnostic::Diagnostic;
use super::read::{
    Mistakes, known, list, map, settings, shift, span, text, website, websites, wrong,
};
use super::tree::{Entry, Kind, Node};
use super::{Anchor, Deed, Side, Spot, Step};

/// The keys that say when.
pub(super) const ANCHORS: [&str; 3] = ["at", "after", "during"];
/// The keys that say what; a step has exactly one of them.
pub(super) const DEEDS: [&str; 9] = [
    "save",
    "install",
    "uninstall",
    "plan",
    "client_save",
    "client_update",
    "clock",
    "restart",
    "quiet",
];

pub(super) fn steps(node: &Node, mistakes: &mut Mistakes) -> Vec<Step> {
    let items = list(node, "`when`", mistakes).unwrap_or_default();
    items.iter().filter_map(|item| step(item, mistakes)).collect()
}

fn step(node: &Node, mistakes: &mut Mistakes) -> Option<Step> {
    let entries = map(node, "a step", mistakes)?;
    let keys: Vec<&str> = ANCHORS.into_iter().chain(["wait"]).chain(DEEDS).collect();
    let entries = known(entries, "a step", &keys, mistakes);
    let one = |of: &[&str]| -> Vec<&Entry> {
        entries.iter().copied().filter(|entry| of.contains(&entry.key.as_str())).collect()
    };
    let (anchors, deeds) = (one(&ANCHORS), one(&DEEDS));
    only_one(node, &anchors, "when it happens", &ANCHORS, mistakes);
    only_one(node, &deeds, "what happens", &DEEDS, mistakes);
    let anchor = anchors.first().and_then(|entry| anchor(entry, mistakes));
    let wait = one(&["wait"]).first().and_then(|entry| span(&entry.value, mistakes));
    let deed = deeds.first().and_then(|entry| deed(entry, mistakes));
    Some(Step { anchor: anchor?, wait, deed: deed? })
}

fn only_one(node: &Node, found: &[&Entry], what: &str, keys: &[&str], mistakes: &mut Mistakes) {
    if found.is_empty() {
        let mistake = Diagnostic::new(node.place, format!("this step does not say {what}"));
        mistakes.push(mistake.hint(format!("add one of {}", keys.join(", "))));
    }
    for second in found.iter().skip(1) {
        let message = format!("`{}` and `{}` in one step", found[0].key, second.key);
        let mistake = Diagnostic::new(second.key_place, message);
        mistakes.push(mistake.hint("write two steps; equal anchors happen in the written order"));
    }
}

fn anchor(entry: &Entry, mistakes: &mut Mistakes) -> Option<Anchor> {
    if entry.key == "at" {
        return span(&entry.value, mistakes).map(Anchor::At);
    }
    let text = text(&entry.value, "a request such as `since#2`", mistakes)?;
    match Spot::parse(&text) {
        Ok(spot) if entry.key == "after" => Some(Anchor::After(spot)),
        Ok(spot) => Some(Anchor::During(spot)),
        Err((message, hint)) => {
            mistakes.push(Diagnostic::new(entry.value.place, message).hint(hint));
            None
        }
    }
}

fn deed(entry: &Entry, mistakes: &mut Mistakes) -> Option<Deed> {
    let value = &entry.value;
    let with_settings =
        |mistakes: &mut Mistakes| settings(value, "websites with settings", mistakes);
    Some(match entry.key.as_str() {
        "save" => Deed::Save(with_settings(mistakes)),
        "install" => Deed::Install(install(value, mistakes)),
        "uninstall" => Deed::Uninstall(websites(value, mistakes)),
        "plan" => Deed::Plan(plans(value, mistakes)),
        "client_save" => Deed::ClientSave(with_settings(mistakes)),
        "client_update" => Deed::ClientUpdate(with_settings(mistakes)),
        "clock" => return clock(value, mistakes),
        "restart" => return restart(value, mistakes),
        _ => return quiet(value, mistakes),
    })
}

/// `install: w4`, `install: [w4, w5]` or `install: { w4: { message: Hi } }`.
fn install(
    node: &Node,
    mistakes: &mut Mistakes,
) -> Vec<(crisp_mock_server::id::WebsiteId, Option<serde_json::Value>)> {
    match &node.kind {
        Kind::Map(_) => {
            let with = settings(node, "websites with settings", mistakes);
            with.into_iter().map(|(id, settings)| (id, Some(settings))).collect()
        }
        _ => websites(node, mistakes).into_iter().map(|id| (id, None)).collect(),
    }
}

fn plans(node: &Node, mistakes: &mut Mistakes) -> Vec<(crisp_mock_server::id::WebsiteId, String)> {
    let mut plans = Vec::new();
    for entry in map(node, "websites with plans", mistakes).unwrap_or_default() {
        let id = website(&entry.key, entry.key_place, mistakes);
        let plan = text(&entry.value, "the name of a plan", mistakes);
        plans.extend(id.zip(plan));
    }
    plans
}

fn clock(node: &Node, mistakes: &mut Mistakes) -> Option<Deed> {
    let entries = map(node, "whose clock is moved", mistakes)?;
    let entries = known(entries, "`clock`", &["server", "client"], mistakes);
    let [entry] = entries[..] else {
        let mistake = Diagnostic::new(node.place, "a step moves one clock");
        mistakes.push(mistake.hint("write `clock: { client: +90s }` or `clock: { server: -60s }`"));
        return None;
    };
    let side = if entry.key == "server" { Side::Server } else { Side::Client };
    shift(&entry.value, mistakes).map(|millis| Deed::Clock { side, millis })
}

fn restart(node: &Node, mistakes: &mut Mistakes) -> Option<Deed> {
    match &node.kind {
        Kind::Text(text) if text == "client" => Some(Deed::Restart),
        _ => {
            wrong(node, "`client`, the only one that can be restarted,", mistakes);
            None
        }
    }
}

fn quiet(node: &Node, mistakes: &mut Mistakes) -> Option<Deed> {
    match &node.kind {
        Kind::Bool(true) => Some(Deed::Quiet),
        _ => {
            wrong(node, "`true`", mistakes);
            None
        }
    }
}
