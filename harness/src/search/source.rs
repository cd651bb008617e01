//! Where the cases of a search come from: chance, or all that there are within a bound.

use super::Plan;
use crate::candidate::{Candidate, TimeLeft, Untried};
use crate::generate::exhaustive::{Bound, Exhaustive};
use crate::generate::{self, Bounds};
use crate::scenario::{Found, Scenario};
use crate::world::Prepared;

/// Where the cases of a search come from.
pub(super) enum Source {
    /// Drawn from a seed.
    Random {
        /// The seed.
        seed: u64,
        /// How far a case may go.
        bounds: Bounds,
        /// So many cases.
        cases: u64,
    },
    /// All within a bound.
    All(Bound, Box<Exhaustive>),
}

impl Source {
    /// The cases of a plan, for this client: it is asked, or run once, to know what would make no
    /// difference to it.
    pub(super) fn of(candidate: &Candidate, plan: &Plan) -> Result<Self, Untried> {
        let trial = &candidate.trial;
        let Some(bound) = plan.all else {
            let (saves, events) = (trial.saves()?, trial.listens()?);
            let bounds = Bounds { max_steps: plan.max_steps, saves, events };
            return Ok(Self::Random { seed: plan.seed, bounds, cases: plan.cases });
        };
        let nothing = Exhaustive::new(Bound { deeds: 0, faults: 0 }, false);
        let calm = prepared(nothing.scenario(0), &"the calm case")?;
        let judged = trial.glance(&calm, &|| TimeLeft::Enough)?;
        let requests = judged.map(|judged| judged.run.history.requests).unwrap_or_default();
        let filters = requests.iter().any(|request| request.configured_only);
        Ok(Self::All(bound, Box::new(Exhaustive::new(bound, filters))))
    }

    /// How many cases there are.
    pub(super) fn cases(&self) -> u64 {
        match self {
            Self::Random { cases, .. } => *cases,
            Self::All(_, all) => all.len(),
        }
    }

    /// Whether all cases are to be judged, so that one that fails refutes what is claimed.
    pub(super) fn is_all(&self) -> bool {
        matches!(self, Self::All(..))
    }

    /// The case of this number.
    pub(super) fn scenario(&self, index: u64) -> Option<Scenario> {
        match self {
            Self::Random { seed, bounds, .. } => Some(generate::scenario(*seed, index, *bounds)),
            Self::All(_, all) => all.scenario(index),
        }
    }

    /// The same, ready to be run.
    pub(super) fn prepared(&self, index: u64) -> Result<Prepared, Untried> {
        prepared(self.scenario(index), &self.named(index))
    }

    /// Where a scenario comes from that was found as this case.
    pub(super) fn origin(&self, index: u64) -> Found {
        match self {
            Self::Random { seed, .. } => Found { seed: Some(*seed), ..Found::default() },
            Self::All(..) => Found { case: Some(self.named(index)), ..Found::default() },
        }
    }

    fn named(&self, index: u64) -> String {
        match self {
            Self::Random { seed, .. } => format!("case {index} of seed {seed}"),
            Self::All(bound, _) => format!("case {index} of --all {bound}"),
        }
    }
}

fn prepared(scenario: Option<Scenario>, name: &dyn std::fmt::Display) -> Result<Prepared, Untried> {
    let scenario = scenario.ok_or_else(|| "there is no such case".to_owned());
    scenario.and_then(|scenario| Prepared::new(scenario.into())).map_err(|problem| Untried {
        problem: format!("{name} cannot be set up: {problem}"),
        hint: Some("this is a mistake of crisp-mock, please report it".to_owned()),
    })
}
