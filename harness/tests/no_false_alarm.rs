//! No oracle convicts the reference, whatever happens within its envelope.
//!
//! `CASES=100000 cargo test --release -p crisp-harness --test no_false_alarm` looks harder, and
//! `FROM`, `SEED` elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write;

use crisp_harness::generate::{Bounds, envelope, scenario};
use crisp_harness::report::{RunEvent, ScenarioReport, Text};
use crisp_harness::runner::{Outcome, judge};
use crisp_harness::scenario::Scenario;
use crisp_harness::subject::Sync;
use crisp_harness::world::Prepared;

fn number(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(otherwise)
}

#[test]
fn no_oracle_convicts_the_reference_in_random_cases() {
    let (cases, from, seed) = (number("CASES", 3000), number("FROM", 0), number("SEED", 1));
    let (mut told, mut words) = (Vec::new(), BTreeMap::<&str, u32>::new());
    let mut outcomes = BTreeMap::<String, u32>::new();
    for index in from..from + cases {
        let case = scenario(seed, index, Bounds::default());
        let prepared = Prepared::new(case.into()).unwrap();
        let judged = judge(&prepared, &Sync::reference());
        *outcomes.entry(format!("{:?}", judged.outcome())).or_default() += 1;
        if judged.outcome() == Outcome::Failed {
            let report = ScenarioReport::of(&judged, 0, "case.yaml", "--client sync", None);
            let word = report.failure.as_ref().map_or("?", |failure| failure.word);
            let times = words.entry(word).or_default();
            *times += 1;
            if *times > 1 {
                continue; // one of each kind is told
            }
            let text = Text::default().render(&RunEvent::ScenarioFinished(Box::new(report)));
            told.push(format!("{}\n{text}", judged.scenario.to_yaml()));
        }
    }
    assert!(told.is_empty(), "{words:?} {outcomes:?} of {cases}\n{}", told.join("\n"));
    let passed = f64::from(outcomes["Passed"]) / cases as f64;
    assert!(passed > 0.75, "too few are judged at all: {outcomes:?}");
}

#[test]
fn a_case_runs_twice_in_the_same_way() {
    for index in (0..3000).step_by(29) {
        let run = || {
            let prepared = Prepared::new(scenario(7, index, Bounds::default()).into()).unwrap();
            judge(&prepared, &Sync::reference()).run.history
        };
        let (first, second) = (run(), run());
        assert_eq!(first.fingerprint(), second.fingerprint(), "case {index}");
        assert_eq!(first.events, second.events, "case {index}");
    }
}

#[test]
fn a_case_reads_back_as_it_is_written_and_is_inside_the_envelope() {
    for index in 0..1000 {
        let case = scenario(3, index, Bounds::default());
        let yaml = case.to_yaml();
        let again = Scenario::parse("case.yaml", &yaml).unwrap_or_else(|error| {
            panic!("case {index}\n{yaml}\n{error}");
        });
        assert_eq!(again, case, "{yaml}");
        assert_eq!(envelope::outside(&case), Vec::<String>::new(), "{yaml}");
    }
}

#[test]
fn golden_cases_are_the_same_on_every_machine() {
    let mut lines = String::new();
    for index in [0, 1, 2, 10, 100, 1000, 10_000] {
        let case = scenario(1, index, Bounds::default());
        let prepared = Prepared::new(case.into()).unwrap();
        let judged = judge(&prepared, &Sync::reference());
        let history = &judged.run.history;
        let _ = writeln!(
            lines,
            "{index:>6} {:?} {} requests {}",
            judged.outcome(),
            history.requests.len(),
            history.fingerprint()
        );
    }
    insta::assert_snapshot!(lines);
}
