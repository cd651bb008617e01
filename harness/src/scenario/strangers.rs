//! Steps for websites that are never there.

use std::collections::BTreeSet;

use crisp_mock_server::document::Problem;
use crisp_mock_server::id::WebsiteId;

use super::{Deed, Scenario};

/// A step that an operator takes on a website which is neither there at the start nor ever installed
/// can never come about: its name is misspelt, or its `install` is missing.
pub(super) fn strangers(scenario: &Scenario, problems: &mut Vec<Problem>) {
    let known = Known::of(scenario);
    for (index, step) in scenario.when.iter().enumerate() {
        if let Some((key, stranger)) = known.stranger(&step.deed) {
            let name = stranger.short();
            let message = format!("{name} is not there: neither at the start, nor installed");
            let problem = Problem::key(format!("/when/{index}/{key}"), message);
            let hint = format!("name it under `start`, or add a step `install: {name}` before");
            problems.push(problem.hint(hint));
        }
    }
}

/// The websites that are there at the start or installed by some step.
pub(crate) struct Known {
    named: BTreeSet<WebsiteId>,
    generated: u32,
}

impl Known {
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let start = &scenario.start;
        let mut named: BTreeSet<WebsiteId> = start.websites.iter().map(|(id, _)| *id).collect();
        named.extend(&start.unconfigured);
        for step in &scenario.when {
            if let Deed::Install(websites) = &step.deed {
                named.extend(websites.iter().map(|(id, _)| *id));
            }
        }
        Self { named, generated: start.generates() }
    }

    fn has(&self, id: WebsiteId) -> bool {
        let generated = id.number().is_some_and(|n| n >= 1 && n <= self.generated);
        generated || self.named.contains(&id)
    }

    /// The first website that an operator's step is about and that is never there, with the key of
    /// the step.
    pub(crate) fn stranger(&self, deed: &Deed) -> Option<(&'static str, WebsiteId)> {
        let (key, websites): (_, Vec<_>) = match deed {
            Deed::Save(websites) => ("save", websites.iter().map(|(id, _)| *id).collect()),
            Deed::Plan(websites) => ("plan", websites.iter().map(|(id, _)| *id).collect()),
            Deed::Uninstall(websites) => ("uninstall", websites.clone()),
            _ => return None,
        };
        let stranger = websites.into_iter().find(|id| !self.has(*id))?;
        Some((key, stranger))
    }
}
