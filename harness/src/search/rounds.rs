//! Rounds of cases, judged side by side.

use std::sync::atomic::{AtomicBool, Ordering};

use super::conviction::{Class, Suspect};
use super::source::Source;
use super::{Plan, Unjudged, Watch};
use crate::candidate::{Candidate, TimeLeft, Untried};
use crate::coverage::Coverage;
use crate::parallel::in_parallel;
use crate::runner::{self, Judged, Outcome};
use crate::world::Prepared;

/// Cases of one round. Fixed, so that the same seed ends in the same round on any machine.
const ROUND: usize = 256;

/// A search in figures so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// How many cases were run.
    pub cases: u64,
    /// How many passed.
    pub passed: u64,
    /// How many failed, and the reference passes them.
    pub failed: u64,
    /// How many could not be judged.
    pub not_judged: u64,
    /// How many failed that the reference fails too.
    pub unfair: u64,
    /// How many requests were sent.
    pub requests: u64,
    /// How much virtual time passed, in milliseconds.
    pub virtual_ms: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.passed += other.passed;
        self.failed += other.failed;
        self.not_judged += other.not_judged;
        self.unfair += other.unfair;
        self.requests += other.requests;
        self.virtual_ms += other.virtual_ms;
    }
}

/// All rounds of a search.
pub(super) struct Rounds<'a> {
    candidate: &'a Candidate,
    plan: &'a Plan,
    pub(super) source: Source,
    /// The first case of the shard that was not yet taken; none after the last there is.
    next: Option<u64>,
    /// The first case that was taken and not judged.
    unjudged_from: Option<u64>,
    pub(super) tally: Tally,
    pub(super) coverage: Coverage,
    pub(super) unjudged: Unjudged,
    failures: Vec<Suspect>,
}

impl<'a> Rounds<'a> {
    pub(super) fn new(candidate: &'a Candidate, plan: &'a Plan, source: Source) -> Self {
        Self {
            candidate,
            plan,
            source,
            next: plan.shard.first(plan.from),
            unjudged_from: None,
            tally: Tally::default(),
            coverage: Coverage::default(),
            unjudged: Unjudged::default(),
            failures: Vec::new(),
        }
    }

    /// Judges one more round; says whether there was one.
    pub(super) fn go(&mut self, watch: &dyn Watch) -> Result<bool, Untried> {
        if watch.is_over() {
            return Ok(false);
        }
        let indices = self.indices();
        if indices.is_empty() {
            return Ok(false);
        }
        let real = self.candidate.trial.in_real_time();
        let enough = AtomicBool::new(false);
        let glances = in_parallel(self.plan.jobs, &indices, &|index| {
            let left = || watch.left(enough.load(Ordering::Relaxed));
            let glance = self.glance(*index, &left)?;
            if let Some(glance) = &glance {
                watch.judged(glance.tally);
                let suspect = glance.suspect.as_ref();
                if real && !self.plan.forever && suspect.is_some_and(|s| s.class.harm == 0) {
                    enough.store(true, Ordering::Relaxed);
                }
            }
            Ok(glance)
        });
        let mut whole = true;
        for (index, glance) in indices.iter().zip(glances) {
            let Some(glance) = glance? else {
                self.unjudged_from.get_or_insert(*index);
                whole = false;
                continue;
            };
            // Which cases after the first unjudged one were judged depends on the machine. In real
            // time all of it does.
            if !whole && !real {
                break;
            }
            self.tally.add(glance.tally);
            glance.coverage.iter().for_each(|met| self.coverage.add(met));
            self.unjudged.merge(glance.unjudged);
            self.failures.extend(glance.suspect);
        }
        Ok(whole)
    }

    /// The cases of the next round.
    fn indices(&mut self) -> Vec<u64> {
        let mut indices = Vec::with_capacity(ROUND);
        let cases = self.source.cases();
        let is_left = |next: &u64| self.plan.forever || *next < cases;
        while indices.len() < ROUND
            && let Some(index) = self.next.filter(is_left)
        {
            indices.push(index);
            self.next = index.checked_add(self.plan.shard.of);
        }
        indices
    }

    /// Whether a failure of the gravest kind was found; where all cases are to be judged, of any kind.
    pub(super) fn has_enough(&self) -> bool {
        let all = self.source.is_all();
        self.failures.iter().any(|suspect| all || suspect.class.harm == 0)
    }

    /// Where another search goes on; none when no case is left.
    pub(super) fn next(&self) -> Option<u64> {
        let next = self.unjudged_from.or(self.next);
        next.filter(|next| *next < self.source.cases())
    }

    /// The first failure of each kind, the gravest first.
    pub(super) fn gravest_of_each_kind(&self, most: usize) -> Vec<Suspect> {
        let gravest = self.failures.iter().map(|suspect| suspect.class.harm).min();
        let mut kinds: Vec<Suspect> = Vec::new();
        for suspect in &self.failures {
            let known = kinds.iter().any(|other| other.class == suspect.class);
            if Some(suspect.class.harm) == gravest && !known {
                kinds.push(suspect.clone());
            }
        }
        kinds.truncate(most);
        kinds
    }

    /// All failures since it was last asked.
    pub(super) fn take_failures(&mut self) -> Vec<Suspect> {
        std::mem::take(&mut self.failures)
    }
}

/// What is kept of one case.
struct Glance {
    tally: Tally,
    /// What was met; none where all cases are judged, which is more than any table of it says.
    coverage: Option<Box<Coverage>>,
    unjudged: Unjudged,
    suspect: Option<Suspect>,
}

/// What the reference makes of a case that a client fails.
fn reference(candidate: &Candidate, prepared: &Prepared) -> Outcome {
    if candidate.is_reference {
        return Outcome::Passed; // the reference itself is under test: there is nothing to compare with
    }
    runner::judge(prepared, &runner::reference(&prepared.scenario)).outcome()
}

impl Rounds<'_> {
    /// Judges one case; none when there is no time for it.
    fn glance(
        &self,
        index: u64,
        left: &(dyn Fn() -> TimeLeft + Sync),
    ) -> Result<Option<Glance>, Untried> {
        let prepared = self.source.prepared(index)?;
        let judged = self.candidate.trial.judge_while(&prepared, left)?;
        Ok(judged.map(|judged| self.seen(index, &prepared, judged)))
    }

    fn seen(&self, index: u64, prepared: &Prepared, judged: Judged) -> Glance {
        let history = &judged.run.history;
        let coverage = (!self.source.is_all()).then(|| {
            let mut coverage = Box::<Coverage>::default();
            coverage.see(&judged.scenario, history);
            coverage
        });
        let mut unjudged = Unjudged::default();
        let real = self.candidate.trial.in_real_time();
        if real {
            unjudged.see(&judged);
        }
        let mut tally = Tally {
            cases: 1,
            requests: history.requests.len() as u64,
            virtual_ms: u64::try_from(history.now().as_millis()).unwrap_or(u64::MAX),
            ..Tally::default()
        };
        let mut suspect = None;
        match judged.outcome() {
            Outcome::Passed => tally.passed = 1,
            Outcome::NotJudged => {
                tally.not_judged = 1;
                unjudged.case(judged.why_not_judged());
            }
            Outcome::Failed => match reference(self.candidate, prepared) {
                Outcome::Passed => {
                    tally.failed = 1;
                    suspect = Some(Suspect {
                        index,
                        class: Class::of(&judged),
                        judged: real.then(|| judged.into()),
                    });
                }
                Outcome::Failed => tally.unfair = 1,
                Outcome::NotJudged => {
                    tally.not_judged = 1;
                    unjudged.case("crisp-sync cannot be judged on it either".to_owned());
                }
            },
        }
        Glance { tally, coverage, unjudged, suspect }
    }

    /// How many cases were left.
    pub(super) fn left(&self) -> u64 {
        let (shard, cases) = (self.plan.shard, self.source.cases());
        let mine = shard.share(cases) - shard.share(self.plan.from.min(cases));
        mine.saturating_sub(self.tally.cases)
    }
}
