//! Shrinking: from a scenario that fails to the least that still fails in the same way.
//!
//! Works on the scenario itself, not on what it was drawn from: steps, faults, quirks, options and
//! websites are taken away one by one, and what cannot be taken away becomes simpler (a rounder
//! time, the first request instead of the fourth, `message: new` instead of anything else). Every
//! candidate is run: what is accepted was seen to fail.

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
    let mut descent = Descent::from(scenario.clone());
    let mut tries = 0;
    loop {
        let left = effort.tries.saturating_sub(tries);
        let some = descent.candidates(effort.at_a_time.max(1).min(left));
        if some.is_empty() {
            return Shrunk { scenario: descent.least, tries };
        }
        // Reading it back costs more than running it, so that comes second.
        let works = |candidate: &Scenario| fails(candidate) && is_writable(candidate);
        let worked = in_parallel(effort.at_a_time, &some, &works);
        // Those after the first that worked count as not tried, as if it had been alone.
        let first = worked.iter().position(|worked| *worked);
        tries += first.map_or(some.len(), |first| first + 1);
        if let Some(candidate) = first.and_then(|first| some.into_iter().nth(first)) {
            descent.accept(candidate);
        }
    }
}

/// The candidates of one pass after another, over and over until a whole round has helped nothing.
#[derive(Debug, Clone)]
pub(crate) struct Descent {
    /// The least scenario that is known to fail.
    least: Scenario,
    /// The pass whose candidates are tried, by its place in [`PASSES`].
    pass: usize,
    candidates: std::vec::IntoIter<Scenario>,
    /// Whether a candidate was accepted in this round of all passes.
    helped: bool,
}

impl From<Scenario> for Descent {
    fn from(scenario: Scenario) -> Self {
        let candidates = PASSES[0](&scenario).into_iter();
        Self { least: scenario, pass: 0, candidates, helped: false }
    }
}

impl Descent {
    /// The least scenario that is known to fail.
    pub(crate) fn least(&self) -> &Scenario {
        &self.least
    }

    /// The next candidates of one pass, so many at most; none when nothing is left to try.
    pub(crate) fn candidates(&mut self, most: usize) -> Vec<Scenario> {
        loop {
            let new = self.candidates.by_ref().filter(|candidate| *candidate != self.least);
            let some: Vec<_> = new.take(most).collect();
            if !some.is_empty() || most == 0 {
                return some;
            }
            if self.pass + 1 < PASSES.len() {
                self.pass += 1;
            } else if std::mem::take(&mut self.helped) {
                self.pass = 0;
            } else {
                return some;
            }
            self.restart_pass();
        }
    }

    /// Goes on from a candidate that fails too.
    pub(crate) fn accept(&mut self, candidate: Scenario) {
        self.least = candidate;
        self.helped = true;
        self.restart_pass();
    }

    fn restart_pass(&mut self) {
        self.candidates = PASSES[self.pass](&self.least).into_iter();
    }
}

/// Whether the scenario reads back from its file as it is: what a search finds has to be replayed.
pub(crate) fn is_writable(scenario: &Scenario) -> bool {
    Scenario::parse("case.yaml", &scenario.to_yaml()).is_ok_and(|again| again == *scenario)
}

#[cfg(test)]
mod tests;
