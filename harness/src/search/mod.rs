//! The search: random cases, or all small ones, against a client, and the failures that they lead to, shrunk.
//!
//! Cases are judged in rounds on all cores. What is reported depends on the seed and on nothing
//! else: a round is always finished, so that the verdict is the same on one core and on eight, and
//! rates and times of the machine are left to the caller. A case that the reference fails too is
//! never held against a client.

mod conviction;
mod corpus;
mod hunt;
mod known;
mod plan;
mod rounds;
mod saved;
mod source;
mod unjudged;
mod watch;

pub use conviction::{Class, Conviction};
pub use corpus::{Files, read};
pub use plan::{Plan, Shard};
pub use rounds::Tally;
pub use saved::file_name;
pub use watch::{Phase, Watch};

use std::path::Path;

use crate::candidate::{Candidate, Untried};
use crate::parallel::in_parallel;
use crate::replay::{self, ExitCode, ReplayError};
use crate::report::{RunEvent, ScenarioReport, Searched};
use crate::runner::{self, Outcome};
use hunt::Hunt;
use unjudged::Unjudged;

/// From so many cases on a search is a long one, and fails when it left something unmet.
pub const LONG: u64 = 100_000;

/// Why a search came to no end.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The client could not be tried.
    #[error(transparent)]
    Untried(#[from] Untried),
    /// The folder of saved failures cannot be read.
    #[error(transparent)]
    Saved(#[from] ReplayError),
}

/// A failure that could not be written to its file. It was reported all the same, and the verdict
/// stands.
#[derive(Debug, thiserror::Error)]
#[error(
    "the failure cannot be kept: {path}: {source}\n  = hint: name another folder with \
     `--save-failure`, or keep this yourself:\n\n{text}"
)]
pub struct Unkept {
    /// Which file.
    pub path: String,
    /// What was to be written there.
    pub text: String,
    /// Why it was not.
    pub source: std::io::Error,
}

impl Unkept {
    fn of(path: &Path, text: &str, source: std::io::Error) -> Self {
        Self { path: path.display().to_string(), text: text.to_owned(), source }
    }
}

impl SearchError {
    /// The exit code that follows.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Untried(_) => ExitCode::Environment,
            Self::Saved(error) => error.exit_code(),
        }
    }
}

/// What a search came to.
#[derive(Debug)]
pub struct Found {
    /// What the client is convicted of, the gravest first.
    pub convictions: Vec<Conviction>,
    /// In figures.
    pub searched: Searched,
    /// The exit code that follows.
    pub code: ExitCode,
    /// What could not be kept; it ended a search without an end.
    pub unkept: Option<Unkept>,
}

/// Searches for a scenario that breaks a client; what happens is handed to `report`.
///
/// # Errors
///
/// [`SearchError`], when the client cannot be tried or a file cannot be used.
///
/// # Examples
///
/// ```
/// use crisp_harness::candidate::ClientChoice;
/// use crisp_harness::replay::ExitCode;
/// use crisp_harness::search::{Plan, search};
///
/// let plan = Plan { cases: 50, ..Plan::default() };
/// let guide = ClientChoice::Guide.candidate();
/// let found = search(&guide, &plan, &(), &mut |_| {}).unwrap();
/// assert_eq!(found.code, ExitCode::Failed);
/// println!("{}", found.convictions[0].scenario.to_yaml());
/// ```
pub fn search(
    candidate: &Candidate,
    plan: &Plan,
    watch: &dyn Watch,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<Found, SearchError> {
    let corpus = read(plan.corpus)?;
    report(&RunEvent::SearchStarted {
        judged: candidate.judged.clone(),
        cases: (!plan.forever && plan.all.is_none()).then_some(plan.cases),
        seed: plan.seed,
        all: plan.all,
        from: plan.from,
        shard: (plan.shard.of > 1).then(|| plan.shard.to_string()),
        first: first(candidate, plan, &corpus),
    });
    candidate.trial.probe()?;
    watch.begins(Phase::Corpus(corpus.len()));
    let still_failing = replay_saved(candidate, plan, watch, report)?;
    let mut hunt = Hunt::new(candidate, plan, watch, report, still_failing)?;
    // A known failure is to be mended first; a soak collects.
    if !hunt.has_failures() || plan.forever {
        hunt.walk(&corpus)?;
    }
    let goes_on = !hunt.has_failures() || plan.forever;
    hunt.search(goes_on)?;
    Ok(hunt.finish())
}

/// What comes first, and how long all of it takes.
fn first(candidate: &Candidate, plan: &Plan, corpus: &Files) -> Option<String> {
    let pace = corpus::pace(candidate, corpus)?;
    let count = corpus.len();
    let takes = plan.takes.as_deref().unwrap_or("then random cases");
    Some(format!("first {count} known scenarios, {pace}; {takes}"))
}

/// Replays what earlier searches have kept; the number of those that fail still. A file that cannot
/// be used is told and skipped: it says nothing about the client.
fn replay_saved(
    candidate: &Candidate,
    plan: &Plan,
    watch: &dyn Watch,
    report: &mut dyn FnMut(&RunEvent),
) -> Result<usize, SearchError> {
    let folder = plan.save_to.as_ref().filter(|folder| folder.is_dir());
    let Some(folder) = folder else { return Ok(0) };
    let (files, mut unusable) = replay::scenario_files(folder)?;
    let mut saved = Vec::new();
    for path in files {
        match replay::read_one(&path) {
            Ok(scenario) => saved.push((path.display().to_string(), scenario)),
            Err(error) => unusable.push(error),
        }
    }
    for error in unusable {
        report(&RunEvent::SavedSkipped { problem: error.to_string() });
    }
    let mut failed = 0;
    let all = in_parallel(plan.jobs, &saved, &|(_, prepared)| {
        candidate.trial.judge_while(prepared, &|| watch.left(false))
    });
    for (index, ((file, prepared), judged)) in saved.iter().zip(all).enumerate() {
        let Some(judged) = judged? else { continue };
        let convicted = judged.outcome() == Outcome::Failed;
        let fair = (convicted && !candidate.is_reference).then(|| runner::is_fair(prepared));
        failed += usize::from(convicted && fair != Some(false));
        let finished = ScenarioReport::of(&judged, index, file, &candidate.options, fair);
        report(&RunEvent::ScenarioFinished(Box::new(finished)));
    }
    Ok(failed)
}

#[cfg(test)]
mod tests;
