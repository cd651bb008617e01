//! The scenarios that are run before random cases, the simplest first.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};

use super::conviction::{self, Conviction};
use super::{Plan, Watch};
use crate::candidate::{Candidate, Untried};
use crate::parallel::in_parallel;
use crate::report::{Corpus, RunEvent};
use crate::runner::{self, Judged, Outcome};
use crate::scenario::Scenario;
use crate::unfired;
use crate::world::Prepared;
use crate::zoo;

/// Scenarios by the names of their files.
pub type Files = Vec<(String, Prepared)>;

/// Reads scenarios that lie in no folder, the simplest first.
///
/// # Errors
///
/// [`Untried`] when one has mistakes, which is a mistake of the program that they are built into.
///
/// # Examples
///
/// ```
/// let files = crisp_harness::search::read(&[("a.yaml", "name: nothing happens")]).unwrap();
/// assert_eq!(files[0].1.scenario.name, "nothing happens");
/// ```
pub fn read(texts: &[(&str, &str)]) -> Result<Files, Untried> {
    let mut files = texts
        .iter()
        .map(|(file, text)| {
            let unusable = |problem: String| Untried {
                problem,
                hint: Some("this is a mistake of crisp-mock, please report it".to_owned()),
            };
            let scenario = zoo::parse(file, text).map_err(|e| unusable(e.to_string()))?;
            let prepared = Prepared::new(scenario.into()).map_err(unusable)?;
            Ok(((*file).to_owned(), prepared))
        })
        .collect::<Result<Files, Untried>>()?;
    files.sort_by_key(|(_, prepared)| weight(&prepared.scenario));
    Ok(files)
}

fn weight(scenario: &Scenario) -> usize {
    scenario.when.len() + scenario.faults.faults.len() + scenario.server.quirks.0.len()
}

/// What came of it.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) tally: Corpus,
    /// The gravest and simplest of what the client failed and the reference passes.
    pub(super) conviction: Option<Conviction>,
    pub(super) unjudged: super::Unjudged,
}

/// Runs all of them against a client, until the first grave failure.
pub(super) fn walk(
    candidate: &Candidate,
    plan: &Plan,
    files: &Files,
    watch: &dyn Watch,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<Walk, Untried> {
    let enough = AtomicBool::new(false);
    let judged = in_parallel(plan.jobs, files, &|(_, prepared)| {
        let left = || watch.left(enough.load(Ordering::Relaxed));
        let judged = candidate.trial.judge_while(prepared, &left)?;
        Ok(judged.map(unfired::unless_nothing_happened).map(|judged| {
            watch.judged(tally(&judged));
            let fair = judged.outcome() != Outcome::Failed
                || candidate.is_reference
                || runner::is_fair(prepared);
            let harm = conviction::harm(&judged);
            if judged.outcome() == Outcome::Failed && fair && harm == 0 {
                enough.store(true, Ordering::Relaxed);
            }
            (judged, fair)
        }))
    });
    let mut walk = Walk::default();
    walk.tally.scenarios = files.len();
    for ((file, _), ran) in files.iter().zip(judged) {
        match ran? {
            None => walk.tally.not_reached += 1,
            Some((judged, fair)) => {
                if let ControlFlow::Break(()) = walk.count(&judged, fair) {
                    let outcome = match judged.outcome() {
                        Outcome::Passed => Outcome::Passed,
                        _ => Outcome::NotJudged,
                    };
                    let (file, name) = (file.clone(), judged.scenario.name.clone());
                    report(&RunEvent::KnownJudged { file, name, outcome });
                    continue;
                }
                let found = conviction::known(candidate, plan, file, judged);
                let graver = |other: &Conviction| found.rank() < other.rank();
                if walk.conviction.as_ref().is_none_or(graver) {
                    walk.conviction = Some(found);
                }
            }
        }
    }
    Ok(walk)
}

impl Walk {
    /// Counts a verdict; goes on when it convicts the client.
    fn count(&mut self, judged: &Judged, fair: bool) -> ControlFlow<()> {
        self.unjudged.see(judged);
        match judged.outcome() {
            Outcome::Passed => self.tally.passed += 1,
            Outcome::NotJudged => self.tally.not_judged += 1,
            Outcome::Failed if fair => {
                self.tally.failed += 1;
                return ControlFlow::Continue(());
            }
            Outcome::Failed => self.tally.not_judged += 1,
        }
        ControlFlow::Break(())
    }
}

/// One scenario, for the [`Watch`].
fn tally(judged: &Judged) -> super::Tally {
    let history = &judged.run.history;
    super::Tally {
        cases: 1,
        requests: history.requests.len() as u64,
        virtual_ms: u64::try_from(history.now().as_millis()).unwrap_or(u64::MAX),
        ..super::Tally::default()
    }
}

/// In what time they are run; nothing to say of none.
pub(super) fn pace(candidate: &Candidate, files: &Files) -> Option<String> {
    let all: Vec<_> = files.iter().map(|(_, prepared)| prepared).collect();
    (!all.is_empty()).then(|| candidate.trial.pace(&all))
}
