//! Steps for websites that are never there.

use std::collections::BTreeSet;

use crisp_mock_server::document::Problem;
use crisp_mock_server::id::WebsiteId;

use super::{Deed, Scenario};

/// A step that an operator takes on a website which is neither there at the start nor ever installed
/// can never come about: its name is misspelt, or its `install` is missing.
pub(super) fn strangers(scenario: &Scenario, problems: &mut Vec<Problem>) {
    let start = &scenario.start;
    let mut there: BTreeSet<WebsiteId> = start.websites.iter().map(|(id, _)| *id).collect();
    there.extend(&start.unconfigured);
    for step in &scenario.when {
        if let Deed::Install(websites) = &step.deed {
            there.extend(websites.iter().map(|(id, _)| *id));
        }
    }
    let generated = start.generates();
    let is_there = |id: &WebsiteId| {
        there.contains(id) || id.number().is_some_and(|n| n >= 1 && n <= generated)
    };
    for (index, step) in scenario.when.iter().enumerate() {
        let (key, websites): (_, Vec<_>) = match &step.deed {
            Deed::Save(websites) => ("save", websites.iter().map(|(id, _)| *id).collect()),
            Deed::Plan(websites) => ("plan", websites.iter().map(|(id, _)| *id).collect()),
            Deed::Uninstall(websites) => ("uninstall", websites.clone()),
            _ => continue,
        };
        if let Some(stranger) = websites.iter().find(|id| !is_there(id)) {
            let name = stranger.short();
            let message = format!("{name} is not there: neither at the start, nor installed");
            let problem = Problem::key(format!("/when/{index}/{key}"), message);
            let hint = format!("name it under `start`, or add a step `install: {name}` before");
            problems.push(problem.hint(hint));
        }
    }
}
