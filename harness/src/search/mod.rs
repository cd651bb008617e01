//! The search: random cases against a client, and what it was convicted of, as small as it gets.
//!
//! Cases are judged in rounds on all cores. What is reported depends on the seed and on nothing
//! else: a round is always finished, so that the verdict is the same on one core and on eight, and
//! rates and times of the machine are left to whoever asked. A case that the reference fails too is
//! never held against a client.

mod conviction;
mod corpus;
mod rounds;
mod saved;
mod unjudged;

use std::path::PathBuf;

use conviction::Suspect;
pub use conviction::{Class, Conviction};
pub use corpus::{Files, read};
pub use rounds::Tally;
pub use saved::file_name;

use crate::candidate::{Candidate, TimeLeft, Untried};
use crate::generate::Bounds;
use crate::parallel::in_parallel;
use crate::replay::{self, ExitCode, ReplayError};
use crate::report::{Corpus, RunEvent, ScenarioReport, Searched};
use crate::runner::{self, Outcome};
use crate::shrink::Effort;
use rounds::Rounds;
use unjudged::Unjudged;

/// From so many cases on a search is a long one, and fails when it left something unmet.
pub const LONG: u64 = 100_000;

/// What is to be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// So many cases, over all shards.
    pub cases: u64,
    /// From which the cases are drawn.
    pub seed: u64,
    /// So many steps a case at most.
    pub max_steps: usize,
    /// Which part of the cases.
    pub shard: Shard,
    /// On so many cores.
    pub jobs: usize,
    /// Go on after a failure, and without an end: every distinct failure is told and kept.
    pub forever: bool,
    /// So many kinds of failure are shrunk before the gravest and simplest is reported.
    pub kinds: usize,
    /// How much is tried to shrink each.
    pub effort: Effort,
    /// Where failures are kept as files; what is there is replayed first.
    pub save_to: Option<PathBuf>,
    /// Scenarios that are held against the client before chance is: the name of each file and
    /// what is in it.
    pub corpus: &'static [(&'static str, &'static str)],
    /// How long the search takes, in words, for the first line.
    pub takes: Option<String>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            cases: 3_000,
            seed: 1,
            max_steps: Bounds::default().max_steps,
            shard: Shard::default(),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            forever: false,
            kinds: 6,
            effort: Effort::default(),
            save_to: None,
            corpus: &[],
            takes: None,
        }
    }
}

/// One of several equal parts of a search: `2/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Default for Shard {
    fn default() -> Self {
        Self { number: 1, of: 1 }
    }
}

impl Shard {
    /// Whether a case belongs to it. Each case belongs to exactly one shard.
    #[must_use]
    pub fn has(self, index: u64) -> bool {
        index % self.of == self.number - 1
    }

    /// How many of so many cases belong to it.
    #[must_use]
    pub fn share(self, cases: u64) -> u64 {
        cases.saturating_sub(self.number - 1).div_ceil(self.of)
    }
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err("write I/N, such as 1/4, 2/4, 3/4 and 4/4 on four machines".to_owned()),
        }
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.number, self.of)
    }
}

/// Who watches a search from outside, and may end it.
pub trait Watch: Sync {
    /// A case was judged; called from many threads.
    fn judged(&self, _tally: Tally) {}

    /// Another part of it begins.
    fn begins(&self, _phase: Phase) {}

    /// Whether this part has taken long enough. Asked before each case.
    fn is_over(&self) -> bool {
        false
    }

    /// Whether somebody wants an end at once.
    fn is_stopped(&self) -> bool {
        false
    }

    /// How much time is left; none when `enough` was found.
    fn left(&self, enough: bool) -> TimeLeft {
        if enough || self.is_stopped() {
            TimeLeft::None
        } else if self.is_over() {
            TimeLeft::ToConfirm
        } else {
            TimeLeft::Enough
        }
    }
}

/// The parts of a search, each with a time of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// What was found before, and the corpus, with so many scenarios.
    Corpus(usize),
    /// Random cases.
    Random,
    /// A failure is made smaller.
    Shrinking,
    /// What is left of it has to fail again.
    Confirming,
}

/// Nobody watches.
impl Watch for () {}

/// Why a search came to no end.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The client could not be tried.
    #[error(transparent)]
    Untried(#[from] Untried),
    /// A file among the saved failures cannot be used.
    #[error(transparent)]
    Saved(#[from] ReplayError),
    /// A failure cannot be kept.
    #[error(
        "the failure cannot be kept: {path}: {source}\n  = hint: name another folder with \
         `--save-failure`"
    )]
    Unkept {
        /// Which file or folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl SearchError {
    /// The exit code that follows.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Untried(_) => ExitCode::Environment,
            Self::Saved(error) => error.exit_code(),
            Self::Unkept { .. } => ExitCode::BadFile,
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
}

/// Searches for a scenario that breaks a client; `tell` hears what happens.
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
    tell: &mut dyn FnMut(&RunEvent),
) -> Result<Found, SearchError> {
    let corpus = read(plan.corpus)?;
    tell(&RunEvent::SearchStarted {
        judged: candidate.judged.clone(),
        cases: (!plan.forever).then_some(plan.cases),
        seed: plan.seed,
        shard: (plan.shard.of > 1).then(|| plan.shard.to_string()),
        first: first(candidate, plan, &corpus),
    });
    watch.begins(Phase::Corpus(corpus.len()));
    let still_failing = again(candidate, plan, watch, tell)?;
    let bounds = Bounds { max_steps: plan.max_steps, saves: candidate.trial.saves()? };
    let mut hunt = Hunt {
        candidate,
        plan,
        bounds,
        watch,
        told: still_failing,
        corpus: None,
        unjudged: Unjudged::default(),
        convictions: Vec::new(),
        known: conviction::Known::default(),
    };
    let mut rounds = Rounds::new(candidate, plan, bounds);
    // A known failure is to be mended first; a soak collects.
    if still_failing == 0 || plan.forever {
        hunt.walk(&corpus, tell)?;
    }
    if hunt.told == 0 || plan.forever {
        watch.begins(Phase::Random);
        while rounds.go(watch)? {
            if plan.forever {
                hunt.collect(&mut rounds, tell)?;
            } else if rounds.has_gravest() {
                break;
            }
        }
    }
    if plan.forever {
        hunt.collect_the_last(&mut rounds, tell)?;
    } else {
        hunt.decide(&rounds, tell)?;
    }
    Ok(hunt.finish(&rounds, tell))
}

/// What comes first, and how long all of it takes.
fn first(candidate: &Candidate, plan: &Plan, corpus: &Files) -> Option<String> {
    let pace = corpus::pace(candidate, corpus)?;
    let count = corpus.len();
    let takes = plan.takes.as_deref().unwrap_or("then random cases");
    Some(format!("first {count} known scenarios, {pace}; {takes}"))
}

/// Replays what earlier searches have kept; says how many of them fail still.
fn again(
    candidate: &Candidate,
    plan: &Plan,
    watch: &dyn Watch,
    tell: &mut dyn FnMut(&RunEvent),
) -> Result<usize, SearchError> {
    let folder = plan.save_to.as_ref().filter(|folder| folder.is_dir());
    let Some(folder) = folder else { return Ok(0) };
    let saved = match replay::load(std::slice::from_ref(folder)) {
        Err(ReplayError::Empty(_)) => return Ok(0),
        saved => saved?,
    };
    let mut failed = 0;
    let all = in_parallel(plan.jobs, &saved, &|(_, prepared)| {
        let left = || watch.left(false);
        candidate.trial.judge_while(prepared, &left)
    });
    for (index, ((file, prepared), judged)) in saved.iter().zip(all).enumerate() {
        let Some(judged) = judged? else { continue };
        let convicted = judged.outcome() == Outcome::Failed;
        let fair = (convicted && !candidate.is_reference).then(|| runner::is_fair(prepared));
        failed += usize::from(convicted && fair != Some(false));
        let report = ScenarioReport::of(&judged, index, file, &candidate.options, fair);
        tell(&RunEvent::ScenarioFinished(Box::new(report)));
    }
    Ok(failed)
}

/// One search at work.
struct Hunt<'a> {
    candidate: &'a Candidate,
    plan: &'a Plan,
    bounds: Bounds,
    watch: &'a dyn Watch,
    corpus: Option<Corpus>,
    unjudged: Unjudged,
    /// How many failures were told.
    told: usize,
    convictions: Vec<Conviction>,
    known: conviction::Known,
}

impl Hunt<'_> {
    /// Holds the corpus against the client.
    fn walk(&mut self, files: &Files, tell: &mut dyn FnMut(&RunEvent)) -> Result<(), SearchError> {
        if files.is_empty() {
            return Ok(());
        }
        let walk = corpus::walk(self.candidate, self.plan, files, self.watch)?;
        self.corpus = Some(walk.tally);
        self.unjudged.merge(walk.unjudged);
        match walk.conviction {
            Some(conviction) => self.tell(conviction, tell),
            None => Ok(()),
        }
    }

    /// Keeps a failure and tells of it. One that cannot be kept is told all the same: it may have
    /// taken hours to find.
    fn tell(
        &mut self,
        mut conviction: Conviction,
        tell: &mut dyn FnMut(&RunEvent),
    ) -> Result<(), SearchError> {
        let kept = saved::keep(&mut conviction, self.plan);
        tell(&conviction.event(self.candidate, self.told));
        self.told += 1;
        self.convictions.push(conviction);
        kept
    }

    fn effort(&self) -> Effort {
        if self.candidate.trial.in_real_time() {
            // Seconds each, so they run side by side, and not too many of them.
            Effort { tries: 120, at_a_time: self.plan.jobs }
        } else {
            self.plan.effort
        }
    }

    /// Shrinks the first failure of each kind and reports the gravest.
    fn decide(
        &mut self,
        rounds: &Rounds<'_>,
        tell: &mut dyn FnMut(&RunEvent),
    ) -> Result<(), SearchError> {
        let at_once = if self.candidate.trial.in_real_time() { 1 } else { self.plan.kinds };
        let suspects = rounds.gravest_of_each_kind(at_once);
        if suspects.is_empty() {
            return Ok(());
        }
        self.watch.begins(Phase::Shrinking);
        let effort = self.effort();
        let mut found = in_parallel(self.plan.jobs, &suspects, &|suspect| {
            conviction::convict(self.candidate, self.plan, self.bounds, effort, suspect, self.watch)
        })
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(Conviction::rank);
        let mut shapes = Vec::new();
        found.retain(|conviction| {
            let new = !shapes.contains(&conviction.shape);
            shapes.push(conviction.shape.clone());
            new
        });
        let mut found = found.into_iter();
        let told = found.next().map(|first| self.tell(first, tell));
        self.convictions.extend(found);
        told.unwrap_or(Ok(()))
    }

    /// Shrinks, tells and keeps whatever is new in the last round.
    fn collect(
        &mut self,
        rounds: &mut Rounds<'_>,
        tell: &mut dyn FnMut(&RunEvent),
    ) -> Result<(), SearchError> {
        let mut suspects = rounds.take_failures();
        suspects.retain(|suspect| self.known.is_worth_shrinking(&suspect.class));
        self.tell_new(&suspects, self.watch, tell)
    }

    /// The same for the round in which the search was stopped: the first of each kind that was not
    /// met before. Whoever waits for the end is not to wait for more, and what is not shrunk
    /// looks as if it were new.
    fn collect_the_last(
        &mut self,
        rounds: &mut Rounds<'_>,
        tell: &mut dyn FnMut(&RunEvent),
    ) -> Result<(), SearchError> {
        let mut kinds = Vec::new();
        let mut suspects = rounds.take_failures();
        suspects.retain(|suspect| {
            let new = !self.known.has_met(&suspect.class) && !kinds.contains(&suspect.class);
            kinds.push(suspect.class.clone());
            new
        });
        // The clock that was stopped would stop the shrinking, too; in virtual time that is short.
        let patient: &dyn Watch =
            if self.candidate.trial.in_real_time() { self.watch } else { &() };
        self.tell_new(&suspects, patient, tell)
    }

    fn tell_new(
        &mut self,
        suspects: &[Suspect],
        watch: &dyn Watch,
        tell: &mut dyn FnMut(&RunEvent),
    ) -> Result<(), SearchError> {
        let effort = self.effort();
        let found = in_parallel(self.plan.jobs, suspects, &|suspect| {
            conviction::convict(self.candidate, self.plan, self.bounds, effort, suspect, watch)
        });
        for conviction in found {
            let conviction = conviction?;
            if self.known.is_new(&conviction) {
                self.tell(conviction, tell)?;
            }
        }
        Ok(())
    }

    fn finish(mut self, rounds: &Rounds<'_>, tell: &mut dyn FnMut(&RunEvent)) -> Found {
        let tally = rounds.tally;
        let coverage = &rounds.coverage;
        let long = self.candidate.is_reference && tally.cases >= LONG;
        let unmet = if long { coverage.missing().len() } else { 0 };
        let code = if self.told > 0 || unmet > 0 {
            ExitCode::Failed
        } else if tally.passed == 0 && self.corpus.is_none_or(|corpus| corpus.passed == 0) {
            ExitCode::NothingJudged
        } else {
            ExitCode::Passed
        };
        self.unjudged.merge(rounds.unjudged.clone());
        let searched = Searched {
            cases: tally.cases,
            passed: tally.passed,
            failed: tally.failed,
            not_judged: tally.not_judged,
            unfair: tally.unfair,
            requests: tally.requests,
            virtual_ms: tally.virtual_ms,
            corpus: self.corpus,
            not_reached: if self.plan.forever { 0 } else { rounds.left() },
            never_judged: self.unjudged.never(),
            kinds: self.convictions.iter().map(Conviction::in_short).collect(),
            unmet: if long { coverage.missing() } else { Vec::new() },
            coverage: coverage.clone(),
            exit_code: code as u8,
        };
        tell(&RunEvent::SearchFinished(Box::new(searched.clone())));
        Found { convictions: self.convictions, searched, code }
    }
}

#[cfg(test)]
mod tests;
