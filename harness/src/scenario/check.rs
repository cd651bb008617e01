//! What is well spelt and yet can never happen.

use std::collections::BTreeSet;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::fault::Fault;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;

use super::diagnostic::{Diagnostic, Place};
use super::read::Mistakes;
use super::tree::Node;
use super::{Anchor, Deed, MutantLookup, Scenario, Spot};

/// Operations that a client which only caches settings never asks.
const NEVER_ASKED: [Operation; 7] = [
    Operation::Endpoints,
    Operation::Usage,
    Operation::Provenance,
    Operation::Channel,
    Operation::Event,
    Operation::Stub,
    Operation::Unmatched,
];

pub(super) fn check(
    scenario: &Scenario,
    node: &Node,
    mutants: MutantLookup,
    mistakes: &mut Mistakes,
) {
    start(scenario, node, mistakes);
    schema(scenario, node, mistakes);
    kills(scenario, node, mutants, mistakes);
    let quiet = quiet_at(scenario);
    for (index, fault) in scenario.faults.faults.iter().enumerate() {
        let place = |key: &str| match node.place_of("/faults/0") {
            first if first == node.place_of("/faults") => node.place_of(&format!("/faults/{key}")),
            _ => node.place_of(&format!("/faults/{index}/{key}")),
        };
        never_fires(fault, scenario, quiet, place, mistakes);
    }
    for (index, step) in scenario.when.iter().enumerate() {
        let place = node.place_of(&format!("/when/{index}/{}", step.anchor.key()));
        if let Anchor::After(spot) | Anchor::During(spot) = step.anchor {
            impossible(spot, scenario, place, mistakes);
        }
        let after_quiet =
            quiet.is_some_and(|quiet| matches!(step.anchor, Anchor::At(at) if at > quiet));
        if after_quiet && matches!(step.deed, Deed::Clock { .. }) {
            let message = "after `quiet` no clock is moved any more";
            mistakes
                .push(Diagnostic::new(place, message).hint("move it before, or the quiet later"));
        }
    }
}

/// A file that names mutants must say what catches them, and the other way round.
fn kills(scenario: &Scenario, node: &Node, mutants: MutantLookup, mistakes: &mut Mistakes) {
    for (index, name) in scenario.kills.iter().enumerate() {
        if let Err(hint) = mutants(name) {
            let place = node.place_of(&format!("/kills/{index}"));
            let name: String = name.chars().take(60).collect();
            let message = format!("there is no mutant `{name}`");
            mistakes.push(Diagnostic::new(place, message).hint(hint));
        }
    }
    let (message, hint, key) = match (scenario.kills.is_empty(), scenario.by.is_empty()) {
        (false, true) => (
            "`kills` does not say which oracles catch the mutants",
            "add `by: [converged]`, or those that do",
            "/kills",
        ),
        (true, false) => (
            "`by` stands without `kills`",
            "add `kills: [NAME]`, the mutants that these oracles catch",
            "/by",
        ),
        _ => return,
    };
    mistakes.push(Diagnostic::new(node.place_of(key), message).hint(hint));
}

fn quiet_at(scenario: &Scenario) -> Option<Duration> {
    scenario.when.iter().find_map(|step| match (&step.deed, step.anchor) {
        (Deed::Quiet, Anchor::At(at)) => Some(at),
        _ => None,
    })
}

fn start(scenario: &Scenario, node: &Node, mistakes: &mut Mistakes) {
    let start = &scenario.start;
    let mut seen: BTreeSet<WebsiteId> = BTreeSet::new();
    let listed = start.websites.iter().map(|(id, _)| *id).chain(start.unconfigured.iter().copied());
    for id in listed {
        let generated = id.number().is_some_and(|number| number <= start.generates());
        if generated || !seen.insert(id) {
            let message = format!("{} is there twice", id.short());
            mistakes.push(Diagnostic::new(node.place_of("/start"), message));
        }
    }
}

fn schema(scenario: &Scenario, node: &Node, mistakes: &mut Mistakes) {
    use crisp_mock_server::options::{Blueprint, WorldOptions};
    let options = WorldOptions { schema: scenario.server.schema.clone(), ..Default::default() };
    let blueprint = match Blueprint::new(options) {
        Ok(blueprint) => blueprint,
        Err(errors) => {
            let place = node.place_of("/server/schema");
            mistakes.extend(errors.iter().map(|error| Diagnostic::new(place, error.to_string())));
            return;
        }
    };
    for (id, settings) in &scenario.start.websites {
        if let Err(violation) = blueprint.schema.check(settings) {
            let place = node.place_of(&format!("/start/websites/{}", id.short()));
            let mistake = Diagnostic::new(place, format!("the schema refuses this: {violation}"));
            mistakes.push(mistake.hint("what is there at the start has to be valid"));
        }
    }
}

fn never_fires(
    fault: &Fault,
    scenario: &Scenario,
    quiet: Option<Duration>,
    place: impl Fn(&str) -> Place,
    mistakes: &mut Mistakes,
) {
    let mut never = |key: &str, why: String, hint: &str| {
        let message = format!("this fault never fires: {why}");
        mistakes.push(Diagnostic::new(place(key), message).hint(hint));
    };
    if let (Some(window), Some(quiet)) = (fault.window, quiet)
        && window.from >= quiet
    {
        let quiet = duration::format(quiet);
        never("window", format!("it begins when all is quiet, at {quiet}"), "let it begin earlier");
    }
    let Some(target) = fault.at else { return };
    if NEVER_ASKED.contains(&target.operation) {
        let why = format!("no client under judgement asks `{}`", target.operation);
        never("at", why, "aim at list, since, get_settings, save_settings or update_settings");
    }
    let saves = matches!(target.operation, Operation::SaveSettings | Operation::UpdateSettings);
    if saves && !orders(scenario, target.operation) {
        let why = format!("nothing orders a `{}`", target.operation);
        never("at", why, "add a step with `client_save` or `client_update`");
    }
    if let Some(page) = target.page
        && page > pages(scenario)
    {
        let why =
            format!("there are never more than {} pages, the empty one included", pages(scenario));
        never("at", why, "aim at an earlier page, or let there be more websites");
    }
}

fn impossible(spot: Spot, scenario: &Scenario, place: Place, mistakes: &mut Mistakes) {
    let mut never = |why: String, hint: &str| {
        let message = format!("this step never happens: {why}");
        mistakes.push(Diagnostic::new(place, message).hint(hint));
    };
    if NEVER_ASKED.contains(&spot.operation) {
        let why = format!("no client under judgement asks `{}`", spot.operation);
        never(why, "anchor it to list, since, get_settings, save_settings or update_settings");
    }
    let saves = matches!(spot.operation, Operation::SaveSettings | Operation::UpdateSettings);
    if saves && !orders(scenario, spot.operation) {
        let why = format!("nothing orders a `{}`", spot.operation);
        never(why, "add a step with `client_save` or `client_update`");
    }
    if spot.page.is_some_and(|page| page > pages(scenario)) {
        let why =
            format!("there are never more than {} pages, the empty one included", pages(scenario));
        never(why, "anchor it to an earlier page, or let there be more websites");
    }
}

fn orders(scenario: &Scenario, operation: Operation) -> bool {
    ordered(scenario, operation) > 0
}

/// How often a client is told to save so.
fn ordered(scenario: &Scenario, operation: Operation) -> u64 {
    let count = scenario.when.iter().map(|step| match (&step.deed, operation) {
        (Deed::ClientSave(websites), Operation::SaveSettings)
        | (Deed::ClientUpdate(websites), Operation::UpdateSettings) => websites.len(),
        _ => 0,
    });
    count.sum::<usize>() as u64
}

/// The most pages that a whole list can have, with the empty one at its end.
fn pages(scenario: &Scenario) -> u32 {
    let size = scenario.server.page_size.unwrap_or_else(|| default_page_size(scenario));
    let start = &scenario.start;
    let installed = scenario.when.iter().map(|step| match &step.deed {
        Deed::Install(websites) => websites.len(),
        _ => 0,
    });
    let listed = start.websites.len() + start.unconfigured.len() + installed.sum::<usize>();
    let websites = start.generates().saturating_add(u32::try_from(listed).unwrap_or(u32::MAX));
    websites.div_ceil(size.max(1)) + 1
}

fn default_page_size(scenario: &Scenario) -> u32 {
    let mut quirks = scenario.server.profile.unwrap_or_default().quirks();
    // What does not apply was reported already.
    let _ = quirks.apply(&scenario.server.quirks);
    quirks.page_size.0
}
