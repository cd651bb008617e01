//! What is well spelt and yet can never happen.

use std::collections::BTreeSet;
use std::time::Duration;

use crisp_mock_server::document::{Entry, Kind, Language, Node, Problem, member, shortened};
use crisp_mock_server::duration;
use crisp_mock_server::fault::Fault;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::quirks::{QuirkError, Quirks, Settings};
use serde_json::json;

use super::strangers::strangers;
use super::{Anchor, Deed, MutantLookup, Scenario, Spot};

/// Operations that a client which only caches settings never asks.
const NEVER_ASKED: [Operation; 8] = [
    Operation::Endpoints,
    Operation::Usage,
    Operation::Provenance,
    Operation::Channel,
    Operation::Event,
    Operation::Stub,
    Operation::Hook,
    Operation::Unmatched,
];

/// Everything in a scenario that contradicts something else in it, or never happens.
pub(super) fn problems(scenario: &Scenario, node: &Node) -> Vec<Problem> {
    let plan = node.get("faults");
    let faults = plan.map(|plan| scenario.faults.problems(plan)).unwrap_or_default();
    let mut problems: Vec<_> = faults.into_iter().map(|one| one.under("/faults")).collect();
    times(scenario, &mut problems);
    plans(scenario, &mut problems);
    strangers(scenario, &mut problems);
    start(scenario, &mut problems);
    schema(scenario, &mut problems);
    let quiet = quiet_at(scenario);
    let single = plan.is_some_and(|plan| !plan.entries().is_empty());
    for (index, fault) in scenario.faults.faults.iter().enumerate() {
        let place = if single { "/faults".to_owned() } else { format!("/faults/{index}") };
        never_fires(fault, scenario, quiet, &place, &mut problems);
    }
    for (index, step) in scenario.when.iter().enumerate() {
        let place = format!("/when/{index}/{}", step.anchor.key());
        let after_quiet =
            quiet.is_some_and(|quiet| matches!(step.anchor, Anchor::At(at) if at > quiet));
        if after_quiet && matches!(step.deed, Deed::Clock { .. }) {
            let message = "after `quiet` no clock is moved any more";
            problems.push(Problem::key(&place, message).hint("move it before, or the quiet later"));
        }
        if let Anchor::After(spot) | Anchor::During(spot) = step.anchor {
            impossible(spot, scenario, place, &mut problems);
        }
    }
    problems
}

/// A client that waits less than this for anything leaves virtual time no room to pass.
const SHORTEST: Duration = Duration::from_millis(100);

fn times(scenario: &Scenario, problems: &mut Vec<Problem>) {
    let client = &scenario.client;
    let times = [
        ("poll_every", client.poll_every),
        ("relist_every", client.relist_every),
        ("longest_gap", client.longest_gap),
        ("request_timeout", client.request_timeout),
    ];
    for (key, _) in times.into_iter().filter(|(_, time)| time.is_some_and(|time| time < SHORTEST)) {
        let problem = Problem::value(format!("/client/{key}"), "this is too short");
        problems.push(problem.hint("choose at least 100ms"));
    }
}

fn plans(scenario: &Scenario, problems: &mut Vec<Problem>) {
    for (index, step) in scenario.when.iter().enumerate() {
        let Deed::Plan(plans) = &step.deed else { continue };
        for (website, _) in plans.iter().filter(|(_, plan)| plan.trim().is_empty()) {
            let place = format!("/when/{index}/plan/{}", website.short());
            let problem = Problem::value(place, "nothing stands where the name of a plan should");
            problems.push(problem.hint("write a plan such as `Mini`"));
        }
    }
}

/// Quirks that do not exist, or cannot have the value.
pub(super) fn quirks(node: &Node) -> Vec<Problem> {
    let entries = node.get("server").and_then(|server| server.get("quirks"));
    let entries = entries.map(Node::entries).unwrap_or_default();
    let problem = |entry: &Entry| {
        let one = json!({ entry.key.replace('_', "-"): entry.value.to_value() });
        // What is no scalar is refused by the schema.
        let settings: Settings = serde_json::from_value(one).ok()?;
        let error = Quirks::default().apply(&settings).err()?;
        let place = member("/server/quirks", &entry.key);
        Some(match error {
            QuirkError::Unknown { .. } => Problem::key(place, error.to_string()),
            error => Problem::value(place, error.to_string()),
        })
    };
    entries.iter().filter_map(problem).collect()
}

/// A file that names mutants must say what catches them, and the other way round.
pub(super) fn kills(node: &Node, mutants: MutantLookup) -> Vec<Problem> {
    let by = node.get("by").map(Node::items).unwrap_or_default();
    let names = match node.get("kills") {
        Some(Node { kind: Kind::List(names), .. }) => names.as_slice(),
        Some(name) => std::slice::from_ref(name),
        None => &[],
    };
    let mut problems = Vec::new();
    if names.is_empty() && !by.is_empty() {
        let problem = Problem::key("/by", "`by` stands without `kills`");
        problems.push(problem.hint("add `kills: [NAME]`, the mutants that these oracles catch"));
    }
    for (index, name) in names.iter().enumerate() {
        let Kind::Text(name) = &name.kind else { continue };
        if let Err(hint) = mutants(name) {
            let message = format!("there is no mutant `{}`", shortened(name));
            problems.push(Problem::value(format!("/kills/{index}"), message).hint(hint));
        }
    }
    if by.is_empty() && !names.is_empty() {
        let message = "`kills` does not say which oracles catch the mutants";
        let hint = "add `by: [converged]`, or those that do";
        problems.push(Problem::key("/kills", message).hint(hint));
    }
    problems
}

fn quiet_at(scenario: &Scenario) -> Option<Duration> {
    scenario.when.iter().find_map(|step| match (&step.deed, step.anchor) {
        (Deed::Quiet, Anchor::At(at)) => Some(at),
        _ => None,
    })
}

fn start(scenario: &Scenario, problems: &mut Vec<Problem>) {
    let start = &scenario.start;
    let mut seen: BTreeSet<WebsiteId> = BTreeSet::new();
    let listed = start.websites.iter().map(|(id, _)| *id).chain(start.unconfigured.iter().copied());
    for id in listed {
        let generated = id.number().is_some_and(|number| number <= start.generates());
        if generated || !seen.insert(id) {
            let message = format!("{} is there twice", id.short());
            problems.push(Problem::key("/start", message).hint("name each website once"));
        }
    }
}

fn schema(scenario: &Scenario, problems: &mut Vec<Problem>) {
    use crisp_mock_server::options::{Blueprint, OptionError, WorldOptions};
    let options = WorldOptions { schema: scenario.server.schema.clone(), ..Default::default() };
    let blueprint = match Blueprint::new(options) {
        Ok(blueprint) => blueprint,
        Err(errors) => {
            let problem = |error: &OptionError| Problem::value("/server/schema", error.to_string());
            problems.extend(errors.iter().map(problem));
            return;
        }
    };
    for (id, settings) in &scenario.start.websites {
        if let Err(violation) = blueprint.schema.check(settings) {
            let place = format!("/start/websites/{}", id.short());
            let problem = Problem::key(place, format!("the schema refuses this: {violation}"));
            problems.push(problem.hint("what is there at the start has to be valid"));
        }
    }
}

fn never_fires(
    fault: &Fault,
    scenario: &Scenario,
    quiet: Option<Duration>,
    place: &str,
    problems: &mut Vec<Problem>,
) {
    let mut never = |key: &str, why: String, hint: &str| {
        let message = format!("this fault never fires: {why}");
        problems.push(Problem::key(format!("{place}/{key}"), message).hint(hint));
    };
    if let (Some(window), Some(quiet)) = (fault.window, quiet)
        && window.from >= quiet
    {
        let quiet = duration::format(quiet);
        never("window", format!("it begins when all is quiet, at {quiet}"), "let it begin earlier");
    }
    let Some(target) = fault.at else { return };
    for (why, hint) in unreachable(target.operation, target.page, "aim at", scenario) {
        never("at", why, &hint);
    }
}

fn impossible(spot: Spot, scenario: &Scenario, place: String, problems: &mut Vec<Problem>) {
    let mut never = |why: String, hint: &str| {
        let message = format!("this step never happens: {why}");
        problems.push(Problem::key(&place, message).hint(hint));
    };
    for (why, hint) in unreachable(spot.operation, spot.page, "anchor it to", scenario) {
        never(why, &hint);
    }
}

/// Why no request of this operation, or for this page, ever comes, each with what to do; `aim` begins the
/// advice to name another.
fn unreachable(
    operation: Operation,
    page: Option<u32>,
    aim: &str,
    scenario: &Scenario,
) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if NEVER_ASKED.contains(&operation) {
        let hint = "list, since, get_settings, save_settings, update_settings, rtm or rtm_event";
        all.push((
            format!("no client under judgement asks `{operation}`"),
            format!("{aim} {hint}"),
        ));
    }
    let saves = matches!(operation, Operation::SaveSettings | Operation::UpdateSettings);
    if saves && !orders(scenario, operation) {
        let hint = "add a step with `client_save` or `client_update`";
        all.push((format!("nothing orders a `{operation}`"), hint.to_owned()));
    }
    let pages = pages(scenario);
    if page.is_some_and(|page| page > pages) {
        all.push((
            format!("there are never more than {pages} pages, the empty one included"),
            format!("{aim} an earlier page, or let there be more websites"),
        ));
    }
    all
}

/// Whether a client is ever told to save so.
fn orders(scenario: &Scenario, operation: Operation) -> bool {
    scenario.when.iter().any(|step| match (&step.deed, operation) {
        (Deed::ClientSave(websites), Operation::SaveSettings)
        | (Deed::ClientUpdate(websites), Operation::UpdateSettings) => !websites.is_empty(),
        _ => false,
    })
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
