//! Virtual time over HTTP: clients whose clock is moved by hand.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crisp_harness::candidate::{Candidate, Trial};
use crisp_harness::live::{OverHttp, Terms};
use crisp_harness::oracle::Verdict;
use crisp_harness::replay::{ExitCode, replay};
use crisp_harness::report::{RunEvent, Text};
use crisp_harness::runner::{Judged, Outcome, judge};
use crisp_harness::subject::{Client, Guide, Sync};

use crate::driven::Driven;
use crate::{SLOW_POLL, prepared};

fn by_hand(client: impl Client + 'static) -> OverHttp {
    let client = Arc::new(client);
    OverHttp::new(Driven { client, manual: true }, Terms::default())
}

fn failures(judged: &Judged) -> Vec<&'static str> {
    let failures = judged.failures();
    failures.iter().map(|(finding, _)| finding.demand.name()).collect()
}

#[test]
fn the_reference_passes_the_corpus_when_its_clock_is_moved_by_hand() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let candidate = Candidate {
        trial: Box::new(by_hand(Sync::reference())),
        judged: "crisp-sync".to_owned(),
        options: String::new(),
        is_reference: true,
    };
    let (mut told, mut not_passed) = (String::new(), 0);
    let code = replay(&[root], &candidate, &mut |event| {
        told.push_str(&Text::default().render(event));
        if let RunEvent::ScenarioFinished(report) = event {
            // This client opens no socket.
            let why = report.unjudged.as_deref().unwrap_or_default();
            let is_about_events = why.starts_with("it is about events");
            not_passed += usize::from(report.outcome != Outcome::Passed && !is_about_events);
        }
    });
    assert_eq!(code.unwrap(), ExitCode::Passed, "{told}");
    assert_eq!(not_passed, 0, "{told}");
}

#[test]
fn a_right_cache_that_polls_in_its_rhythm_is_seen_enough_in_minutes_and_a_wrong_one_to_the_end() {
    let text = "
name: an operator saves between two polls
start: { websites: { w1: { message: old } } }
when:
  - { at: 90s, save: { w1: { message: new } } }
";
    let right = by_hand(Sync::reference()).judge(&prepared(text)).unwrap();
    assert_eq!(right.outcome(), Outcome::Passed, "{:?}", right.failures());
    let history = &right.run.history;
    assert!(history.calm_from.is_some_and(|from| from > Duration::from_secs(90)));
    assert!(history.now() < Duration::from_secs(600), "{:?}", history.now());
    let quiet = right.findings.iter().find(|finding| finding.demand.name() == "quiet").unwrap();
    assert_eq!(quiet.verdict, Verdict::Pass);
    let wrong = by_hand(Guide).judge(&prepared(SLOW_POLL)).unwrap();
    assert_eq!(failures(&wrong), ["converged", "websites"]);
    assert_eq!(wrong.run.history.calm_from, None);
}

#[test]
fn a_client_moved_by_hand_lives_through_what_it_lives_through_in_process() {
    let prepared = prepared(SLOW_POLL);
    let outside = by_hand(Guide).judge(&prepared).unwrap();
    let inside = judge(&prepared, &Guide);
    assert_eq!(outside.outcome(), Outcome::Failed);
    assert_eq!(failures(&outside), failures(&inside));
    let requests = |judged: &Judged| {
        let requests = judged.run.history.requests.iter();
        requests.map(|request| (request.spot(), request.sent)).collect::<Vec<_>>()
    };
    // Outside nothing is known of the client's waits, so the run is longer.
    let (outside, inside) = (requests(&outside), requests(&inside));
    assert!(inside.len() > 5);
    assert_eq!(outside[..inside.len()], inside);
}

#[test]
fn two_runs_by_hand_are_equal_to_the_byte() {
    let prepared = prepared(SLOW_POLL);
    let trial = by_hand(Sync::reference());
    let runs = [(), ()].map(|()| {
        let judged = trial.judge(&prepared).unwrap();
        judged.run.history.fingerprint()
    });
    assert_eq!(runs[0], runs[1]);
}
