//! Shrinking: from a scenario that fails to the least that still fails in the same way.
//!
//! Works on the scenario itself, not on what it was drawn from: steps, faults, quirks, options and
//! websites are taken away one by one, and what cannot be taken away becomes simpler (a rounder
//! time, the first request instead of the fourth, `message: new` instead of anything else). Every
//! candidate is run, so nothing is believed that was not seen to fail.

mod remove;
mod rounding;
mod simplify;
mod tidy;

use crate::parallel::in_parallel;
use crate::scenario::Scenario;

/// How much may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort {
    /// So many candidates at most.
    pub tries: usize,
    /// So many of them side by side; what comes of it is the same.
    pub at_a_time: usize,
}

impl Default for Effort {
    fn default() -> Self {
        Self { tries: 1_500, at_a_time: 1 }
    }
}

/// What is left.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk {
    /// The least scenario that was found.
    pub scenario: Scenario,
    /// How many candidates were run.
    pub tries: usize,
}

/// One way to make a scenario simpler: all candidates, the boldest first.
type Pass = fn(&Scenario) -> Vec<Scenario>;

/// In this order, over and over until nothing helps: what takes much away comes first.
const PASSES: [Pass; 12] = [
    remove::steps,
    remove::faults,
    remove::quirks,
    remove::options,
    simplify::start,
    simplify::deeds,
    tidy::websites,
    tidy::settings,
    simplify::anchors,
    simplify::occurrences,
    simplify::windows,
    simplify::effects,
];

/// Makes a scenario as small as it gets while `fails` says that it still fails in the same way.
///
/// # Examples
///
/// ```
/// use crisp_harness::generate::{Bounds, scenario};
/// use crisp_harness::scenario::{Deed, Scenario};
/// use crisp_harness::shrink::{Effort, shrink};
///
/// let uninstalls = |case: &Scenario| {
///     case.when.iter().any(|step| matches!(step.deed, Deed::Uninstall(_)))
/// };
/// let case = (0..).map(|index| scenario(1, index, Bounds::default())).find(uninstalls).unwrap();
/// let least = shrink(&case, Effort::default(), &uninstalls).scenario;
/// assert_eq!((least.when.len(), least.faults.faults.len()), (1, 0));
/// ```
pub fn shrink(
    scenario: &Scenario,
    effort: Effort,
    fails: &(dyn Fn(&Scenario) -> bool + Sync),
) -> Shrunk {
    let mut shrunk = Shrunk { scenario: scenario.clone(), tries: 0 };
    loop {
        let before = shrunk.scenario.clone();
        for pass in PASSES {
            exhaust(pass, effort, &mut shrunk, fails);
        }
        if shrunk.scenario == before || shrunk.tries >= effort.tries {
            return shrunk;
        }
    }
}

/// Applies one pass until none of its candidates fails any more.
fn exhaust(
    pass: Pass,
    effort: Effort,
    shrunk: &mut Shrunk,
    fails: &(dyn Fn(&Scenario) -> bool + Sync),
) {
    let mut again = true;
    while again {
        again = false;
        let mut candidates = pass(&shrunk.scenario);
        candidates.retain(|candidate| *candidate != shrunk.scenario);
        for some in candidates.chunks(effort.at_a_time.max(1)) {
            let left = effort.tries.saturating_sub(shrunk.tries);
            let some = &some[..some.len().min(left)];
            if some.is_empty() {
                return;
            }
            // Reading it back costs more than running it, so that comes second.
            let works = |candidate: &Scenario| fails(candidate) && is_writable(candidate);
            let worked = in_parallel(effort.at_a_time, some, &works);
            // Those after the first that worked count as not tried, as if it had been alone.
            let first = worked.iter().position(|worked| *worked);
            shrunk.tries += first.map_or(some.len(), |first| first + 1);
            if let Some(candidate) = first.and_then(|first| some.get(first)) {
                shrunk.scenario = candidate.clone();
                again = true;
                break;
            }
        }
    }
}

/// Whether the scenario reads back from its file as it is: what a search finds has to be replayed.
fn is_writable(scenario: &Scenario) -> bool {
    Scenario::parse("case.yaml", &scenario.to_yaml()).is_ok_and(|again| again == *scenario)
}

#[cfg(test)]
mod tests;
