//! Taking things away.

use crate::scenario::{Client, Scenario};

/// Fewer steps.
pub(super) fn steps(scenario: &Scenario) -> Vec<Scenario> {
    fewer(&scenario.when)
        .map(|when| {
            let mut candidate = scenario.clone();
            candidate.when = when;
            without_idle_faults(candidate)
        })
        .collect()
}

/// Fewer faults.
pub(super) fn faults(scenario: &Scenario) -> Vec<Scenario> {
    fewer(&scenario.faults.faults)
        .map(|faults| Scenario { faults: faults.into(), ..scenario.clone() })
        .collect()
}

/// Fewer quirks.
pub(super) fn quirks(scenario: &Scenario) -> Vec<Scenario> {
    let mut candidates: Vec<_> = fewer(&scenario.server.quirks.0)
        .map(|quirks| {
            let mut candidate = scenario.clone();
            candidate.server.quirks.0 = quirks;
            candidate
        })
        .collect();
    if scenario.server.profile.is_some() {
        let mut candidate = scenario.clone();
        candidate.server.profile = None;
        candidates.insert(0, candidate);
    }
    candidates
}

/// Fewer options of server and client, and expectations.
pub(super) fn options(scenario: &Scenario) -> Vec<Scenario> {
    let edits: [fn(&mut Scenario); 16] = [
        |s| s.client = Client::default(),
        |s| s.client.seed = None,
        |s| s.client.relist_every = None,
        |s| s.client.longest_gap = None,
        |s| s.client.request_timeout = None,
        |s| s.client.quota = None,
        |s| s.client.overlap = None,
        |s| s.client.clock = None,
        |s| s.client.poll_every = None,
        |s| s.server.seed = None,
        |s| s.server.quota = None,
        |s| s.server.schema = None,
        |s| s.server.page_size = None,
        |s| s.start.date = None,
        |s| s.expect = crate::scenario::Expect::default(),
        |s| {
            (s.kills, s.by, s.found) = (Vec::new(), Vec::new(), None);
        },
    ];
    edits
        .into_iter()
        .map(|edit| {
            let mut candidate = scenario.clone();
            edit(&mut candidate);
            candidate
        })
        .collect()
}

/// A list without all, without half, without one of its items.
fn fewer<T: Clone>(items: &[T]) -> impl Iterator<Item = Vec<T>> {
    let length = items.len();
    let mut cuts = Vec::new();
    let mut size = length;
    while size > 0 {
        // From the back: what comes last depends on what comes first.
        cuts.extend((0..length).step_by(size).rev().map(|from| (from, size)));
        size /= 2;
    }
    cuts.into_iter().map(move |(from, size)| {
        let mut rest = items[..from].to_vec();
        rest.extend_from_slice(&items[(from + size).min(length)..]);
        rest
    })
}

/// Faults at saves go with the steps that order the saves: a file with faults that can never meet
/// anything is refused.
fn without_idle_faults(mut scenario: Scenario) -> Scenario {
    use crate::scenario::Deed;
    use crisp_mock_server::operation::Operation;
    let puts = scenario.when.iter().any(|step| matches!(step.deed, Deed::ClientSave(_)));
    let patches = scenario.when.iter().any(|step| matches!(step.deed, Deed::ClientUpdate(_)));
    scenario.faults.faults.retain(|fault| {
        fault.at.is_none_or(|target| match target.operation {
            Operation::SaveSettings => puts,
            Operation::UpdateSettings => patches,
            _ => true,
        })
    });
    scenario
}
