//! Random scenarios, judged by all oracles and by a second opinion.
//!
//! What fails is made smaller by proptest and printed as YAML; its seed is kept in
//! `failures.txt` beside this file and comes first in the next run. Once understood, the YAML
//! belongs into `scenarios/regressions`, which `corpus.rs` holds against both judges.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use crisp_harness::generate::Scenarios;
use crisp_harness::judge::{Demand, Judge};
use crisp_harness::report::{RunEvent, ScenarioReport, Text};
use crisp_harness::runner::{Judged, Outcome};
use crisp_harness::scenario::Scenario;
use crisp_harness::subject::Client;
use crisp_harness::words::{Rule, SaveEnd};
use crisp_harness::world::{Prepared, Run, run_and_keep};
use proptest::prelude::*;
use proptest::test_runner::{
    Config, FileFailurePersistence, RngSeed, TestCaseError, TestError, TestRunner,
};

use crate::client::{Circumstances, Reference};
use crate::opinion;

/// Some twenty seconds of a debug build. Hundreds of thousands take minutes of a release build:
/// `CRISP_MOCK_CASES=200000 cargo test --release --test convergence whatever_happens`.
const CASES: u32 = 800;
const KEPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/convergence/failures.txt");

/// One case, written as a reader of scenarios wants it.
#[derive(Clone)]
pub struct Case {
    pub scenario: Scenario,
    pub circumstances: Circumstances,
}

impl fmt::Debug for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}# {:?}", self.scenario.to_yaml(), self.circumstances)
    }
}

fn cases() -> impl Strategy<Value = Case> {
    (Scenarios::default(), circumstances())
        .prop_map(|(scenario, circumstances)| Case { scenario, circumstances })
}

fn circumstances() -> impl Strategy<Value = Circumstances> {
    let away = prop::sample::select(vec![0_u64, 0, 1, 5, 25]);
    let uplink = prop::sample::select(vec![0_u64, 0, 0, 5, 300, 3_000]);
    let polls_at_once = prop::sample::select(vec![0_u32, 0, 3, 7]);
    let seconds = Duration::from_secs;
    let outage =
        (0_u64..200, 1_u64..90).prop_map(move |(from, long)| (seconds(from), seconds(from + long)));
    let outage = prop::option::weighted(0.2, outage);
    (any::<bool>(), any::<bool>(), away, uplink, polls_at_once, outage).prop_map(
        |(knows_plugin, warm, away, uplink, polls_at_once, outage)| Circumstances {
            knows_plugin,
            warm,
            away: Duration::from_secs(away),
            uplink: Duration::from_millis(uplink),
            polls_at_once,
            outage,
            deaf_from: None,
        },
    )
}

/// The rules that cannot be judged under these circumstances.
fn barred(circumstances: Circumstances) -> Vec<Rule> {
    let mut barred = Vec::new();
    if !circumstances.uplink.is_zero() {
        // The history has the time when a request reaches the server, not when it was sent.
        barred.push(Rule::Pacing);
    }
    if circumstances.polls_at_once > 0 {
        barred.push(Rule::Quiet);
    }
    if circumstances.outage.is_some() {
        // The history has no request for which there was no connection.
        barred.extend([Rule::Converged, Rule::Liveness, Rule::Pacing, Rule::Quiet]);
    }
    barred
}

/// What became of the plugin's own saves: each is sent once at most, ends, and is not called
/// refused when the server carried it out.
fn saves(run: &Run) -> Result<(), String> {
    for (number, save) in run.history.saves.iter().enumerate() {
        let attempts = save.attempts.iter().map(|index| &run.history.requests[*index as usize]);
        let carried_out = attempts.clone().any(|request| request.carried_out);
        match save.end {
            _ if save.attempts.len() > 1 => {
                return Err(format!("save {number} was sent {} times", save.attempts.len()));
            }
            None if save.life == run.history.life && run.broken_off.is_none() => {
                return Err(format!("save {number} never ended"));
            }
            Some(SaveEnd::Refused) if carried_out => {
                return Err(format!("save {number} counts as refused and was carried out"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Runs a case with a change in calm weather at its end. The verdicts of both judges; none of the
/// second where the run ended in the middle of trouble.
pub fn judge(case: &Case) -> Result<(Outcome, bool), String> {
    let scenario = opinion::with_probe(&case.scenario);
    let prepared = Prepared::new(scenario.into())?;
    let client = Reference::new(case.circumstances);
    let about = client.about(&prepared.scenario.client);
    let mut judge = Judge::new(&prepared.scenario, about.abilities);
    let (run, space) = run_and_keep(&prepared, &client, &mut judge);
    let mut findings = judge.findings(&run);
    let barred = barred(case.circumstances);
    findings.retain(
        |finding| !matches!(finding.demand, Demand::Oracle(rule) if barred.contains(&rule)),
    );
    saves(&run)?;
    let scenario = prepared.scenario.clone();
    let judged = Judged { scenario, run, findings, outside: None };
    let outcome = judged.outcome();
    if outcome == Outcome::Failed {
        let report = ScenarioReport::of(&judged, 0, "case.yaml", "", None);
        return Err(Text::default().render(&RunEvent::ScenarioFinished(Box::new(report))));
    }
    let rested = opinion::came_to_rest(&judged.run);
    if rested {
        let shown = client.shown().map(|snapshot| opinion::shown(&snapshot));
        opinion::converged(&judged.scenario, &opinion::held(&space), shown.as_ref())?;
    }
    Ok((outcome, rested))
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn config(cases: u32, kept: &'static str) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(number("CRISP_MOCK_SEED").unwrap_or(1)),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(kept))),
        max_shrink_iters: 4_000,
        ..Config::default()
    }
}

#[test]
fn whatever_happens_the_cache_converges_and_never_shows_what_was_not() {
    let cases_wanted = number("CRISP_MOCK_CASES").map_or(CASES, |cases| cases as u32);
    let (passed, rested) = (Cell::new(0_u32), Cell::new(0_u32));
    let outcome = TestRunner::new(config(cases_wanted, KEPT)).run(&cases(), |case| {
        let (outcome, rests) = judge(&case).map_err(TestCaseError::fail)?;
        passed.set(passed.get() + u32::from(outcome == Outcome::Passed));
        rested.set(rested.get() + u32::from(rests));
        Ok(())
    });
    match outcome {
        Err(TestError::Fail(why, least)) => panic!("{}\n{least:?}", why.message()),
        other => other.unwrap(),
    }
    let enough = cases_wanted * 3 / 4;
    assert!(passed.get() >= enough, "the oracles judged {} of {cases_wanted}", passed.get());
    assert!(rested.get() >= enough, "the second opinion is about {} only", rested.get());
}

/// A client that hears nothing from then on: nothing that it does tells the second opinion so.
#[test]
fn a_cache_that_goes_deaf_is_convicted_by_the_second_opinion_alone() {
    let deaf = Circumstances { deaf_from: Some(Duration::from_secs(50)), ..Default::default() };
    let scenario = opinion::with_probe(&Scenario::default());
    let prepared = Prepared::new(scenario.into()).unwrap();
    for (circumstances, converges) in [(deaf, false), (Circumstances::default(), true)] {
        let client = Reference::new(circumstances);
        let (run, space) = run_and_keep(&prepared, &client, &mut ());
        assert!(opinion::came_to_rest(&run));
        let shown = client.shown().map(|snapshot| opinion::shown(&snapshot));
        let held = opinion::held(&space);
        let verdict = opinion::converged(&prepared.scenario, &held, shown.as_ref());
        assert_eq!(verdict.is_ok(), converges, "{verdict:?}");
    }
}

/// With another seed, the case that failed before comes first, and shrinks to the same.
#[test]
fn a_failure_is_kept_and_comes_first_in_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("failures.txt").display().to_string();
    let kept: &'static str = kept.leak();
    let search = |seed, cases| {
        let config = Config { rng_seed: RngSeed::Fixed(seed), ..config(cases, kept) };
        let outcome = TestRunner::new(config).run(&self::cases(), |case| {
            let leaves = case.scenario.when.iter().any(|step| step.deed.websites() == 2);
            if leaves { Err(TestCaseError::fail("two at a time")) } else { Ok(()) }
        });
        match outcome {
            Err(TestError::Fail(_, least)) => Some(least),
            _ => None,
        }
    };
    let first = search(1, 1_000).expect("some step is about two websites");
    assert_eq!((first.scenario.when.len(), first.circumstances), (1, Circumstances::default()));
    let again = search(2, 0).expect("it was kept");
    assert_eq!(first.scenario, again.scenario);
    let text = std::fs::read_to_string(kept).unwrap();
    assert!(text.contains("# shrinks to name: "), "{text}");
}
