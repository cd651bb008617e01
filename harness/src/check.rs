//! A search in one line of a Rust test.

use std::fmt::Write;

use crate::candidate::{Candidate, Untried};
use crate::generate::Bounds;
use crate::report::{RunEvent, Searched, Text};
use crate::search::{self, Conviction, Plan, SearchError};
use crate::subject::Client;

/// How far a search in a test goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    cases: u64,
    seed: u64,
    max_steps: usize,
}

impl Budget {
    /// So many random cases, of seed 1: a test that passes today passes tomorrow.
    #[must_use]
    pub fn cases(cases: u64) -> Self {
        Self { cases, seed: 1, max_steps: Bounds::default().max_steps }
    }

    /// The cases of another seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// So many steps a case at most.
    #[must_use]
    pub fn max_steps(self, max_steps: usize) -> Self {
        Self { max_steps, ..self }
    }
}

/// Why a client did not pass.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// It fails a scenario that the reference passes.
    #[error("{story}")]
    Convicted {
        /// What happened, with the scenario.
        story: String,
        /// All that it was convicted of, the gravest first.
        convictions: Vec<Conviction>,
    },
    /// Not one case could be judged.
    #[error("none of {0} cases could be judged: does this client ask anything?")]
    NothingJudged(u64),
    /// It could not be tried.
    #[error(transparent)]
    Untried(#[from] Untried),
}

/// Searches for a scenario that breaks a client, and panics with the story if there is one.
///
/// For any client that implements [`Client`]; that of `crisp-sync` with your own
/// configuration is [`Sync`](crate::subject::Sync).
///
/// # Panics
///
/// When the client fails a case that the reference passes: with what happened, the least scenario
/// that shows it, as YAML for `crisp-mock replay`, and its seed. Also when nothing could be judged.
///
/// # Examples
///
/// ```
/// use crisp_harness::subject::Sync;
/// use crisp_harness::{Budget, check};
///
/// check(Sync::reference(), Budget::cases(20));
/// ```
///
/// The loop of Crisp's settings guide does not pass:
///
/// ```should_panic
/// use crisp_harness::subject::Guide;
/// use crisp_harness::{Budget, check};
///
/// check(Guide, Budget::cases(20));
/// ```
pub fn check(client: impl Client + 'static, budget: Budget) {
    if let Err(unproven) = try_check(client, budget) {
        panic!("{unproven}");
    }
}

/// The same as [`check`] with the verdict as a value.
///
/// # Errors
///
/// [`Unproven`] when the client did not pass.
///
/// # Examples
///
/// ```
/// use crisp_harness::subject::Guide;
/// use crisp_harness::{Budget, Unproven, try_check};
///
/// let Err(Unproven::Convicted { story, convictions }) = try_check(Guide, Budget::cases(20)) else {
///     panic!("the guide's loop passes?");
/// };
/// assert!(story.contains("name: "), "the scenario is part of the story");
/// assert!(convictions[0].after <= 4);
/// ```
pub fn try_check(client: impl Client + 'static, budget: Budget) -> Result<Searched, Unproven> {
    let candidate = Candidate::in_virtual_time("your client", client);
    let plan = Plan {
        cases: budget.cases,
        seed: budget.seed,
        max_steps: budget.max_steps,
        ..Plan::default()
    };
    let mut story = String::new();
    let found = search::search(&candidate, &plan, &(), &mut |event| {
        if let RunEvent::ScenarioFinished(report) = event {
            story.push_str(&Text::default().render(event));
            if let Some(origin) = &report.origin {
                let _ = writeln!(story, "{}", origin.yaml);
            }
        }
    });
    let found = match found {
        Ok(found) => found,
        Err(SearchError::Untried(untried)) => return Err(untried.into()),
        // Nothing is kept in files here.
        Err(error) => {
            return Err(Unproven::Untried(Untried { problem: error.to_string(), hint: None }));
        }
    };
    if !found.convictions.is_empty() {
        let story = format!("case of seed {}\n\n{story}", budget.seed);
        return Err(Unproven::Convicted { story, convictions: found.convictions });
    }
    if found.searched.passed == 0 {
        return Err(Unproven::NothingJudged(found.searched.cases));
    }
    Ok(found.searched)
}
