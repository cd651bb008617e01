//! One search at work: the corpus, rounds of random cases, and the failures that are shrunk and
//! reported.

use super::conviction::{self, Conviction, Suspect};
use super::known::Known;
use super::rounds::Rounds;
use super::source::Source;
use super::{Files, Found, LONG, Phase, Plan, SearchError, Unjudged, Unkept, Watch, corpus, saved};
use crate::candidate::{Candidate, Untried};
use crate::parallel::in_parallel;
use crate::replay::{self, ExitCode};
use crate::report::{Corpus, RunEvent, Searched};
use crate::shrink::Effort;

/// One search at work.
pub(super) struct Hunt<'a> {
    candidate: &'a Candidate,
    plan: &'a Plan,
    watch: &'a dyn Watch,
    report: &'a mut dyn FnMut(&RunEvent),
    rounds: Rounds<'a>,
    corpus: Option<Corpus>,
    unjudged: Unjudged,
    /// How many failures were reported.
    reported: usize,
    convictions: Vec<Conviction>,
    known: Known,
    /// The first failure that could not be kept.
    unkept: Option<Unkept>,
}

impl<'a> Hunt<'a> {
    /// A search that begins when so many failures of earlier ones were reported.
    pub(super) fn new(
        candidate: &'a Candidate,
        plan: &'a Plan,
        watch: &'a dyn Watch,
        report: &'a mut dyn FnMut(&RunEvent),
        reported: usize,
    ) -> Result<Self, Untried> {
        let source = Source::of(candidate, plan)?;
        Ok(Self {
            candidate,
            plan,
            watch,
            report,
            rounds: Rounds::new(candidate, plan, source),
            corpus: None,
            unjudged: Unjudged::default(),
            reported,
            convictions: Vec::new(),
            known: Known::default(),
            unkept: None,
        })
    }

    pub(super) fn has_failures(&self) -> bool {
        self.reported > 0
    }

    /// Runs the corpus against the client.
    pub(super) fn walk(&mut self, files: &Files) -> Result<(), SearchError> {
        if files.is_empty() {
            return Ok(());
        }
        let walk = corpus::walk(self.candidate, self.plan, files, self.watch, self.report)?;
        self.corpus = Some(walk.tally);
        self.unjudged.merge(walk.unjudged);
        if let Some(conviction) = walk.conviction {
            self.keep(conviction);
        }
        Ok(())
    }

    /// Judges cases if there is a reason to go on, then reports what they led to.
    pub(super) fn search(&mut self, goes_on: bool) -> Result<(), SearchError> {
        if goes_on {
            self.watch.begins(match self.rounds.source.is_all() {
                true => Phase::All(self.rounds.left()),
                false => Phase::Random,
            });
            while self.rounds.go(self.watch)? {
                if self.plan.forever {
                    self.collect()?;
                    // What it would find from now on would be lost.
                    if self.unkept.is_some() {
                        break;
                    }
                } else if self.rounds.has_enough() {
                    break;
                }
            }
        }
        if self.plan.forever { self.collect_the_last() } else { self.decide() }
    }

    /// Writes a failure to its file and reports it. One that cannot be written is reported all the
    /// same: it may have taken hours to find.
    fn keep(&mut self, mut conviction: Conviction) {
        if let Err(unkept) = saved::keep(&mut conviction, self.plan) {
            let _ = self.unkept.get_or_insert(unkept);
        }
        (self.report)(&conviction.event(self.candidate, self.reported));
        self.reported += 1;
        self.convictions.push(conviction);
    }

    /// Shrinks the first failure of each kind and reports the gravest.
    fn decide(&mut self) -> Result<(), SearchError> {
        let at_once = if self.candidate.trial.in_real_time() { 1 } else { self.plan.kinds };
        let suspects = self.rounds.gravest_of_each_kind(at_once);
        if suspects.is_empty() {
            return Ok(());
        }
        self.watch.begins(Phase::Shrinking);
        let found = self.convict(&suspects, self.watch).into_iter();
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        found.sort_by_key(Conviction::rank);
        let mut shapes = Vec::new();
        found.retain(|conviction| {
            let new = !shapes.contains(&conviction.shape);
            shapes.push(conviction.shape.clone());
            new
        });
        let mut found = found.into_iter();
        if let Some(first) = found.next() {
            self.keep(first);
        }
        self.convictions.extend(found);
        Ok(())
    }

    /// Shrinks, reports and keeps what is new in the last round.
    fn collect(&mut self) -> Result<(), SearchError> {
        let mut suspects = self.rounds.take_failures();
        suspects.retain(|suspect| self.known.is_worth_shrinking(&suspect.class));
        self.keep_new(&suspects, self.watch)
    }

    /// The same for the round in which the search was stopped, with the first of each kind that was
    /// not met before: the end is waited for, and what is not shrunk looks as if it were new.
    fn collect_the_last(&mut self) -> Result<(), SearchError> {
        let mut kinds = Vec::new();
        let mut suspects = self.rounds.take_failures();
        suspects.retain(|suspect| {
            let new = !self.known.has_met(&suspect.class) && !kinds.contains(&suspect.class);
            kinds.push(suspect.class.clone());
            new
        });
        // The watch that ended the search would end the shrinking, too; in virtual time it is short.
        let patient: &dyn Watch =
            if self.candidate.trial.in_real_time() { self.watch } else { &() };
        self.keep_new(&suspects, patient)
    }

    fn keep_new(&mut self, suspects: &[Suspect], watch: &dyn Watch) -> Result<(), SearchError> {
        for conviction in self.convict(suspects, watch) {
            let conviction = conviction?;
            if self.known.is_new(&conviction) {
                self.keep(conviction);
            }
        }
        Ok(())
    }

    fn convict(&self, suspects: &[Suspect], watch: &dyn Watch) -> Vec<Result<Conviction, Untried>> {
        let (candidate, plan, source) = (self.candidate, self.plan, &self.rounds.source);
        let effort = if candidate.trial.in_real_time() {
            // Seconds each, so they run side by side, and not too many of them.
            Effort { tries: 120, at_a_time: plan.jobs }
        } else {
            plan.effort
        };
        in_parallel(plan.jobs, suspects, &|suspect| {
            conviction::convict(candidate, source, effort, suspect, watch)
        })
    }

    pub(super) fn finish(mut self) -> Found {
        let (rounds, tally) = (&self.rounds, self.rounds.tally);
        let all = rounds.source.is_all();
        let long = self.candidate.is_reference && tally.cases >= LONG && !all;
        let unmet = if long { rounds.coverage.missing() } else { Vec::new() };
        self.unjudged.merge(rounds.unjudged.clone());
        let slow = self.unjudged.slow;
        let none = tally.passed == 0 && self.corpus.is_none_or(|corpus| corpus.passed == 0);
        let code = if self.reported > 0 || !unmet.is_empty() {
            ExitCode::Failed
        } else if none || (all && rounds.left() > 0) || replay::is_too_slow(slow, self.unjudged.all)
        {
            ExitCode::NothingJudged
        } else {
            ExitCode::Passed
        };
        let searched = Searched {
            cases: tally.cases,
            passed: tally.passed,
            failed: tally.failed,
            not_judged: tally.not_judged,
            slow,
            unfair: tally.unfair,
            requests: tally.requests,
            virtual_ms: tally.virtual_ms,
            corpus: self.corpus,
            not_reached: if self.plan.forever { 0 } else { rounds.left() },
            all: self.plan.all,
            of: all.then(|| rounds.source.cases()),
            next: rounds.next().filter(|_| all),
            never_judged: self.unjudged.never(),
            not_judged_why: self.unjudged.reasons(),
            kinds: self.convictions.iter().map(Conviction::in_short).collect(),
            unmet,
            coverage: rounds.coverage.clone(),
            exit_code: code as u8,
        };
        (self.report)(&RunEvent::SearchFinished(Box::new(searched.clone())));
        Found { convictions: self.convictions, searched, code, unkept: self.unkept }
    }
}
