//! When a failure counts: when it comes again, on a machine that kept up.

use std::time::Duration;

use crate::oracle::Verdict;
use crate::runner::{Judged, Outcome, Outside};
use crate::world::{Prepared, Run};

/// A failure counts when it came in so many runs.
const CONFIRMED: usize = 3;
/// A timer that is later than this says that the machine was too slow for a verdict: a quarter
/// of the tolerance that bounds have.
pub(super) const TOO_LATE: Duration = Duration::from_millis(500);
/// A timer that is later than this says that others use the machine, too: what fails in virtual time is
/// tried once more.
pub(super) const BUSY: Duration = Duration::from_millis(20);
/// So many runs on a machine that is too slow, and it is given up.
const TOO_OFTEN: usize = 3;

/// The runs of one scenario so far.
#[derive(Default)]
pub(super) struct Runs {
    failed: Vec<Judged>,
    slow: usize,
}

impl Runs {
    /// Takes a run in; gives the verdict, or none when another run is needed. `lag` is how late
    /// the machine's own timers were.
    pub(super) fn add(&mut self, judged: Judged, lag: Duration) -> Option<Judged> {
        if judged.outcome() != Outcome::Failed {
            return Some(match self.failed.last() {
                None => judged,
                Some(last) => {
                    let why = in_doubt(last, self.failed.len());
                    suspect(judged, why)
                }
            });
        }
        if lag > TOO_LATE {
            self.slow += 1;
            return (self.slow >= TOO_OFTEN).then(|| too_late(judged, lag));
        }
        self.failed.push(judged);
        if self.failed.len() < CONFIRMED {
            return None;
        }
        confirmed(std::mem::take(&mut self.failed))
    }
}

/// A single run, where it says anything: a failure on a machine that was too slow does not.
pub(super) fn at_a_glance(judged: Judged, lag: Duration) -> Option<Judged> {
    (judged.outcome() != Outcome::Failed || lag <= TOO_LATE).then_some(judged)
}

/// A failure in virtual time, if another run was the same to the letter; else the machine was too slow.
pub(super) fn same(judged: Judged, again: &Judged, lag: Duration) -> Judged {
    if are_same(&judged, again) {
        return judged;
    }
    let late = lag.as_millis();
    let why = format!(
        "this machine was too slow: a timer came {late} ms late, and two runs in virtual time differ"
    );
    let mut judged = excused(judged, why);
    // Alone it may keep up.
    judged.outside.get_or_insert_default().late = true;
    judged
}

/// A failure, where timers of this machine came so late, is none: not even that the client did not reply in time.
pub(super) fn too_late(judged: Judged, lag: Duration) -> Judged {
    let late = lag.as_millis();
    let why = format!("this machine was too slow: a timer came {late} ms late");
    excused(judged, why)
}

/// Whether two runs were the same to the letter.
pub(super) fn are_same(one: &Judged, other: &Judged) -> bool {
    one.run.history.fingerprint() == other.run.history.fingerprint()
}

/// What failed in every run; what did not is not judged.
fn confirmed(runs: Vec<Judged>) -> Option<Judged> {
    let count = runs.len();
    let mut runs = runs.into_iter();
    let mut last = runs.next_back()?;
    let others: Vec<_> = runs.collect();
    for finding in &mut last.findings {
        if !matches!(finding.verdict, Verdict::Fail(_)) {
            continue;
        }
        let again = others.iter().filter(|other| fails(other, finding.demand));
        let times = again.count() + 1;
        if times < count {
            let why = format!("it failed in {times} of {count} runs");
            finding.verdict = Verdict::NotJudged(why);
        }
    }
    let stopped =
        |run: &Judged| run.outside.as_ref().is_some_and(|outside| outside.stopped.is_some());
    let stops = others.iter().filter(|run| stopped(run)).count() + usize::from(stopped(&last));
    let outside = last.outside.get_or_insert_default();
    if stops < count {
        outside.stopped = None;
    }
    if last.outcome() == Outcome::Failed {
        let outside = last.outside.get_or_insert_default();
        outside.confirmed = Some(format!("{count} of {count} runs fail"));
        return Some(last);
    }
    let why = format!("each of {count} runs failed, and no two in the same way");
    Some(suspect(last, why))
}

fn fails(judged: &Judged, demand: crate::judge::Demand) -> bool {
    let failed = |finding: &&crate::judge::Finding| finding.demand == demand;
    let finding = judged.findings.iter().find(failed);
    finding.is_some_and(|finding| matches!(finding.verdict, Verdict::Fail(_)))
}

/// Why nothing is held against a client, and nothing for it, whose run went well after others that
/// did not.
fn in_doubt(last: &Judged, failures: usize) -> String {
    let what = match last.failures().first() {
        Some((finding, breach)) => format!("{}: {}", finding.demand.name(), breach.word),
        None => "it stopped".to_owned(),
    };
    let runs = failures + 1;
    format!("it failed in {failures} of {runs} runs ({what}), which real time may explain")
}

/// The same of a run beside others that ended otherwise.
fn suspect(judged: Judged, why: String) -> Judged {
    let mut judged = withdrawn(judged, why);
    judged.outside.get_or_insert_default().suspect = true;
    judged
}

/// A failure of which there is a reason to doubt that it is the client's own is none.
pub(super) fn unless_in_doubt(judged: Judged, doubt: Option<String>) -> Judged {
    match doubt {
        Some(why) if judged.outcome() == Outcome::Failed => excused(judged, why),
        _ => judged,
    }
}

/// A failure that says nothing of the client.
fn excused(judged: Judged, why: String) -> Judged {
    counts_for_nothing(withdrawn(judged, why))
}

/// Takes every conviction of a run back.
fn withdrawn(mut judged: Judged, why: String) -> Judged {
    for finding in &mut judged.findings {
        if matches!(finding.verdict, Verdict::Fail(_)) {
            finding.verdict = Verdict::NotJudged(why.clone());
        }
    }
    let outside = judged.outside.get_or_insert_default();
    outside.stopped = None;
    outside.unjudged = Some(why);
    judged
}

/// Marks a run as one that says nothing of the client: many such are no pass.
pub(super) fn counts_for_nothing(mut judged: Judged) -> Judged {
    judged.outside.get_or_insert_default().slow = true;
    judged
}

/// A scenario that was not run, and why.
pub(super) fn unjudged(prepared: &Prepared, why: String) -> Judged {
    Judged {
        scenario: prepared.scenario.clone(),
        run: Run::default(),
        findings: Vec::new(),
        outside: Some(Box::new(Outside { unjudged: Some(why), ..Outside::default() })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::judge;
    use crate::scenario::Scenario;
    use crate::subject::{Client, Guide, Sync};

    const ON_TIME: Duration = Duration::from_millis(3);
    const LATE: Duration = Duration::from_millis(700);

    /// A run of this client in which the guide's loop loses an update.
    fn run(client: &dyn Client) -> Judged {
        let text = "
name: a save during a slow poll
start: { websites: { w1: { message: old } } }
faults:
  - { at: \"since#1\", delay: 5s }
when:
  - during: since#1
    save: { w1: { message: new } }
";
        let scenario = Scenario::parse("slow.yaml", text).unwrap();
        judge(&Prepared::new(scenario.into()).unwrap(), client)
    }

    fn unjudged(judged: &Judged) -> Option<&str> {
        judged.outside.as_ref()?.unjudged.as_deref()
    }

    #[test]
    fn a_failure_counts_when_it_has_come_three_times() {
        let mut runs = Runs::default();
        assert!(runs.add(run(&Guide), ON_TIME).is_none());
        assert!(runs.add(run(&Guide), ON_TIME).is_none());
        let verdict = runs.add(run(&Guide), ON_TIME).unwrap();
        assert_eq!(verdict.outcome(), Outcome::Failed);
        let confirmed = verdict.outside.unwrap().confirmed;
        assert_eq!(confirmed.as_deref(), Some("3 of 3 runs fail"));
    }

    #[test]
    fn a_failure_that_does_not_come_again_is_neither_held_against_the_client_nor_passed() {
        let mut runs = Runs::default();
        assert!(runs.add(run(&Guide), ON_TIME).is_none());
        let verdict = runs.add(run(&Sync::reference()), ON_TIME).unwrap();
        assert_eq!(verdict.outcome(), Outcome::NotJudged);
        assert_eq!(
            unjudged(&verdict),
            Some("it failed in 1 of 2 runs (converged: lost update), which real time may explain")
        );
    }

    #[test]
    fn a_machine_that_is_too_slow_convicts_no_client_however_often_it_fails() {
        let mut runs = Runs::default();
        assert!(runs.add(run(&Guide), LATE).is_none());
        assert!(runs.add(run(&Guide), LATE).is_none());
        let verdict = runs.add(run(&Guide), LATE).unwrap();
        assert_eq!(verdict.outcome(), Outcome::NotJudged);
        assert_eq!(verdict.failures().len(), 0);
        assert_eq!(unjudged(&verdict), Some("this machine was too slow: a timer came 700 ms late"));
    }

    #[test]
    fn what_failed_in_some_runs_only_is_not_judged_beside_what_failed_in_all() {
        let mut runs = Runs::default();
        let mut odd = run(&Guide);
        let also = odd.findings.iter_mut().find(|finding| finding.demand.name() == "cost");
        also.unwrap().verdict = Verdict::Fail(Box::default());
        runs.add(run(&Guide), ON_TIME);
        runs.add(run(&Guide), ON_TIME);
        let verdict = runs.add(odd, ON_TIME).unwrap();
        let failed: Vec<_> =
            verdict.failures().iter().map(|(finding, _)| finding.demand.name()).collect();
        assert_eq!(failed, ["converged"]);
        let cost = verdict.not_judged().find(|(name, _)| *name == "cost");
        assert_eq!(cost, Some(("cost", "it failed in 1 of 3 runs")));
    }

    #[test]
    fn a_failure_in_virtual_time_on_a_busy_machine_counts_when_another_run_is_the_same() {
        let verdict = same(run(&Guide), &run(&Guide), LATE);
        assert_eq!(verdict.outcome(), Outcome::Failed);
        let verdict = same(run(&Guide), &run(&Sync::reference()), LATE);
        assert_eq!(verdict.outcome(), Outcome::NotJudged);
        let why = "this machine was too slow: a timer came 700 ms late, and two runs in virtual \
                   time differ";
        assert_eq!(unjudged(&verdict), Some(why));
        assert!(verdict.outside.unwrap().late, "it is tried again alone");
    }

    #[test]
    fn a_pass_on_a_slow_machine_is_a_pass() {
        let verdict = Runs::default().add(run(&Sync::reference()), LATE).unwrap();
        assert_eq!(verdict.outcome(), Outcome::Passed);
    }
}
