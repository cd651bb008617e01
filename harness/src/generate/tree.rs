//! Scenarios as a proptest strategy.
//!
//! A scenario is drawn in one go, not composed of smaller strategies: proptest's composed trees
//! cost more than running the case, and their shrinking knows nothing of what belongs together in
//! a scenario. Instead a failing case is simplified by the passes of [`shrink`](crate::shrink).

use std::time::Duration;

use crisp_mock_server::fault::{Effect, Fault, Side};
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::{Bounds, draw, envelope};
use crate::scenario::Scenario;
use crate::shrink::{self, Descent};

/// Random scenarios as a proptest strategy.
///
/// # Examples
///
/// ```
/// use crisp_harness::generate::{Bounds, Scenarios};
/// use proptest::test_runner::{TestError, TestRunner};
///
/// let short = Scenarios(Bounds { max_steps: 3, ..Bounds::default() });
/// let outcome = TestRunner::deterministic().run(&short, |case| {
///     proptest::prop_assert!(case.when.is_empty());
///     Ok(())
/// });
/// let Err(TestError::Fail(_, least)) = outcome else { panic!("no case has a step") };
/// assert_eq!((least.when.len(), least.faults.faults.len()), (1, 0));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Scenarios(pub Bounds);

impl Strategy for Scenarios {
    type Tree = Shrinking;
    type Value = Scenario;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        Ok(Shrinking::from(draw(runner.rng(), self.0)))
    }
}

/// A scenario, and what is tried in its place when it fails.
///
/// Proptest asks to simplify what failed and to complicate what passed, so the state says which of
/// the two the current scenario did.
#[derive(Debug, Clone)]
pub struct Shrinking {
    descent: Descent,
    /// What is tried; none while the current scenario is the least that failed.
    tried: Option<Scenario>,
}

impl From<Scenario> for Shrinking {
    fn from(scenario: Scenario) -> Self {
        Self { descent: scenario.into(), tried: None }
    }
}

impl Shrinking {
    /// Goes to the next candidate that the strategy could have drawn; says whether there was one.
    fn next(&mut self) -> bool {
        self.tried = loop {
            match self.descent.candidates(1).pop() {
                Some(candidate) if is_drawable(&candidate) => break Some(candidate),
                Some(_) => {}
                None => break None,
            }
        };
        self.tried.is_some()
    }
}

impl ValueTree for Shrinking {
    type Value = Scenario;

    fn current(&self) -> Scenario {
        self.tried.as_ref().unwrap_or(self.descent.least()).clone()
    }

    /// The current scenario failed: it is the least so far, and its first candidate comes next.
    fn simplify(&mut self) -> bool {
        if let Some(failed) = self.tried.take() {
            self.descent.accept(failed);
        }
        self.next()
    }

    /// The current scenario passed: another candidate comes next, or, when there is none left, the
    /// least scenario that failed.
    fn complicate(&mut self) -> bool {
        let reverts = self.tried.is_some();
        self.next() || reverts
    }
}

/// Whether a property may be held against a candidate: outside the envelope no client can pass,
/// and a scenario that does not read back from its file cannot be kept.
fn is_drawable(candidate: &Scenario) -> bool {
    envelope::outside(candidate).is_empty()
        && !candidate.faults.faults.iter().any(oversteps)
        && shrink::is_writable(candidate)
}

/// Whether a fault goes further than [`envelope::FAULTS`] allows; a simpler effect may.
fn oversteps(fault: &Fault) -> bool {
    let behind = matches!(fault.clock(), Some((Side::Server, millis)) if millis < -30_000);
    behind || matches!(fault.effect, Effect::Stale(age) if age > Duration::from_secs(30))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Deed;
    use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError};

    /// What proptest makes of a property that fails for these scenarios.
    fn least(fails: impl Fn(&Scenario) -> bool, iterations: u32) -> Scenario {
        let config = Config {
            cases: 2_000,
            rng_seed: RngSeed::Fixed(11),
            failure_persistence: None,
            max_shrink_iters: iterations,
            ..Config::default()
        };
        let property = |case: Scenario| match fails(&case) {
            true => Err(TestCaseError::fail("as planted")),
            false => Ok(()),
        };
        match TestRunner::new(config).run(&Scenarios::default(), property) {
            Err(TestError::Fail(_, least)) => least,
            other => panic!("no case fails: {other:?}"),
        }
    }

    fn leaves_in_trouble(case: &Scenario) -> bool {
        let leaves = case.when.iter().any(|step| matches!(step.deed, Deed::Uninstall(_)));
        let delayed = case.faults.faults.iter().any(|fault| fault.effect.key() == "delay");
        leaves && delayed && case.when.len() > 1
    }

    #[test]
    fn a_planted_failure_is_simplified_to_its_minimum_the_same_way_each_time() {
        let (first, again) = (least(leaves_in_trouble, 10_000), least(leaves_in_trouble, 10_000));
        assert_eq!(first, again);
        assert_eq!(first.when.len(), 2, "{}", first.to_yaml());
        assert_eq!(first.faults.faults.len(), 1, "{}", first.to_yaml());
        assert_eq!(first.server, crate::scenario::Server::default());
        assert_eq!(first.client, crate::scenario::Client::default());
    }

    #[test]
    fn what_is_left_fails_also_when_shrinking_is_cut_short() {
        for iterations in [1, 2, 5, 20, 100] {
            let left = least(leaves_in_trouble, iterations);
            assert!(leaves_in_trouble(&left), "{iterations}: {}", left.to_yaml());
        }
    }

    /// A failure of the reference under a server that no client can live with would prove nothing.
    #[test]
    fn no_candidate_leaves_the_envelope() {
        let horizon = |case: &Scenario| {
            let mut quirks = case.server.quirks.0.iter();
            quirks.any(|(name, value)| name == "horizon" && value == "partial:10m")
        };
        let left = least(horizon, 10_000);
        assert_eq!(envelope::outside(&left), Vec::<String>::new(), "{}", left.to_yaml());
        assert!(left.client.longest_gap.is_some(), "{}", left.to_yaml());
        let behind = |case: &Scenario| {
            let behind =
                |fault: &Fault| matches!(fault.clock(), Some((Side::Server, millis)) if millis < 0);
            case.faults.faults.iter().any(behind)
        };
        assert!(!least(behind, 10_000).faults.faults.iter().any(oversteps));
    }
}
