//! Events in virtual time: sockets, what faults do to them, and who is convicted of what.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use crisp_harness::generate::{Bounds, envelope, scenario};
use crisp_harness::history::{History, SocketState, What};
use crisp_harness::runner::{Judged, Outcome, judge};
use crisp_harness::scenario::Scenario;
use crisp_harness::subject::{Client, Guide, GuideEvents, Sync};
use crisp_harness::world::Prepared;

const LISTENS: Bounds = Bounds { max_steps: 8, saves: true, events: true };

fn prepared(text: &str) -> Prepared {
    let scenario = Scenario::parse("events.yaml", text).unwrap_or_else(|error| panic!("{error}"));
    Prepared::new(scenario.into()).unwrap()
}

fn run(client: &dyn Client, text: &str) -> Judged {
    judge(&prepared(text), client)
}

fn times(history: &History, what: impl Fn(What) -> bool) -> Vec<u64> {
    let events = history.events.iter().filter(|event| what(event.what));
    events.map(|event| u64::try_from(event.at.as_millis()).unwrap()).collect()
}

fn lives(history: &History) -> Vec<u64> {
    times(history, |what| what == What::Socket(SocketState::Live))
}

fn arrivals(history: &History) -> Vec<u64> {
    times(history, |what| matches!(what, What::EventArriving(_)))
}

#[test]
fn an_event_takes_as_long_as_an_answer_and_what_it_carries_is_shown_by_the_guide() {
    let judged = run(
        &GuideEvents,
        "name: x\nstart: { websites: { w1: { message: old } } }\n\
         when: [{ at: 30s, save: { w1: { message: new } } }]\n\
         expect: { websites: { w1: { message: new } }, converged_within: 1s }\n",
    );
    assert_eq!(judged.outcome(), Outcome::Passed, "{:?}", judged.failures());
    assert_eq!(arrivals(&judged.run.history), [30_010]);
}

#[test]
fn faults_meet_events_by_their_numbers_and_say_when_they_arrive() {
    let saves = "when:\n  - { at: 30s, save: { w1: { message: a } } }\n  \
                 - { at: 31s, save: { w1: { message: b } } }\n  \
                 - { at: 32s, save: { w1: { message: c } } }\n";
    for (fault, expected) in [
        ("drop: true", vec![30_010, 32_010]),
        ("duplicate: true", vec![30_010, 31_010, 31_010, 32_010]),
        ("delay: 5s", vec![30_010, 32_010, 36_010]),
        ("hold_order: true", vec![30_010, 32_010, 32_010]),
        ("kick: true", vec![30_010]),
        ("reset: true", vec![30_010]),
    ] {
        let text = format!("name: x\nfaults: [{{ at: \"rtm_event#2\", {fault} }}]\n{saves}");
        let judged = run(&GuideEvents, &text);
        assert_eq!(arrivals(&judged.run.history), expected, "{fault}");
        assert_eq!(judged.run.unfired, [0; 0], "{fault}");
    }
}

#[test]
fn a_handshake_that_fails_is_tried_again_five_seconds_later() {
    for (fault, live) in [
        ("status: 503", 5_070),
        ("reset: true", 5_070),
        // It is given up after 10 s.
        ("hang: true", 15_060),
        // Its answer comes late, and frames only then.
        ("delay: 3s", 3_060),
    ] {
        let text = format!("name: x\nfaults: [{{ at: \"rtm#1\", {fault} }}]\n");
        let judged = run(&GuideEvents, &text);
        assert_eq!(lives(&judged.run.history), [live], "{fault}");
    }
}

#[test]
fn a_socket_without_heartbeats_is_given_up_and_one_with_them_stays() {
    let mute = run(&GuideEvents, "name: x\nfaults: [{ at: \"rtm#1\", mute_pings: true }]\n");
    let closed = |by_client| What::Socket(SocketState::Closed { by_client });
    let given_up = times(&mute.run.history, |what| what == closed(true));
    assert_eq!(given_up, [45_060]);
    let usual = run(&GuideEvents, "name: x\n");
    assert_eq!(lives(&usual.run.history).len(), 1);
    assert!(usual.run.history.now() > Duration::from_secs(1800), "it ran on");
}

#[test]
fn kick_ends_the_socket_and_what_happens_until_the_next_is_not_sent_again() {
    let judged = run(
        &GuideEvents,
        "name: x\nwhen:\n  - { at: 30s, kick: true }\n  \
         - { at: 31s, save: { w1: { message: new } } }\n",
    );
    let history = &judged.run.history;
    assert_eq!(lives(history), [60, 35_050]);
    assert_eq!(arrivals(history), [0; 0]);
    assert!(history.disturbed >= Duration::from_secs(31));
}

#[test]
fn steps_happen_while_an_event_is_on_its_way_and_just_before_the_client_sees_it() {
    let judged = run(
        &GuideEvents,
        "name: x\nwhen:\n  - { at: 30s, save: { w1: { message: a } } }\n  \
         - { during: \"rtm_event#1\", save: { w2: { message: b } } }\n  \
         - { after: \"rtm_event#1\", save: { w3: { message: c } } }\n",
    );
    let truths = times(&judged.run.history, |what| matches!(what, What::Truth { .. }));
    assert_eq!(truths, [0, 0, 0, 30_000, 30_005, 30_010]);
    let order = judged.run.history.events.iter().map(|event| event.what);
    let order: Vec<_> = order.skip_while(|what| !matches!(what, What::EventArriving(_))).collect();
    assert!(matches!(order[1], What::Truth { .. }), "{:?}", &order[..3]);
    assert!(matches!(order[2], What::Shows { .. }), "{:?}", &order[..3]);
}

#[test]
fn a_client_that_opens_no_socket_passes_over_what_happens_to_sockets() {
    let text = "name: x\nfaults: [{ at: \"rtm#1\", reset: true }]\n\
                when: [{ at: 30s, kick: true }, { during: \"rtm_event#1\", kick: true }]\n";
    let judged = run(&Guide, text);
    assert_eq!(judged.outcome(), Outcome::NotJudged);
    assert_eq!((judged.run.unreached.len(), judged.run.unfired.len()), (1, 1));
}

#[test]
fn a_restart_closes_the_socket_and_the_next_life_opens_its_own() {
    let judged = run(&GuideEvents, "name: x\nwhen: [{ at: 30s, restart: client }]\n");
    assert_eq!(lives(&judged.run.history), [60, 30_060]);
}

#[test]
fn the_listening_reference_is_held_to_its_rare_polls_only_where_no_event_could_tell() {
    let text = "name: x\nstart: { websites: { w1: { message: old } } }\n\
                when: [{ at: 500s, save: { w1: { message: new } } }]\n";
    let heard = run(&Sync::listening(), text).run.history;
    let lost = format!("{text}faults: [{{ at: \"rtm_event#1\", drop: true }}]\n");
    let lost = run(&Sync::listening(), &lost).run.history;
    assert_eq!((heard.unheard, lost.unheard), (false, true));
    assert_eq!(lost.bound() - heard.bound(), Duration::from_secs(540));
}

#[test]
fn cases_with_events_read_back_as_they_are_written_and_are_inside_the_envelope() {
    let mut about_events = 0;
    for index in 0..1000 {
        let case = scenario(3, index, LISTENS);
        let yaml = case.to_yaml();
        let again = Scenario::parse("case.yaml", &yaml)
            .unwrap_or_else(|error| panic!("case {index}\n{yaml}\n{error}"));
        assert_eq!(again, case, "{yaml}");
        assert_eq!(envelope::outside(&case), Vec::<String>::new(), "{yaml}");
        assert!(case.when.len() <= LISTENS.max_steps);
        about_events += usize::from(case.is_about_events());
    }
    assert!(about_events > 800, "{about_events} of 1000");
}

#[test]
fn a_case_with_events_begins_as_the_case_without_them() {
    for index in 0..200 {
        let plain = scenario(3, index, Bounds::default());
        let events = scenario(3, index, LISTENS);
        assert!(!plain.is_about_events());
        assert_eq!((events.start, events.client), (plain.start, plain.client), "case {index}");
    }
}

#[test]
fn a_case_with_events_runs_twice_in_the_same_way() {
    for index in (0..600).step_by(29) {
        let run = || {
            let prepared = Prepared::new(scenario(7, index, LISTENS).into()).unwrap();
            judge(&prepared, &Sync::listening()).run.history
        };
        let (first, second) = (run(), run());
        assert_eq!(first.events, second.events, "case {index}");
        assert_eq!(first.notices, second.notices, "case {index}");
    }
}

#[test]
fn the_listening_reference_fails_no_random_case() {
    let cases = 300;
    let mut failed = Vec::new();
    for index in 0..cases {
        let prepared = Prepared::new(scenario(11, index, LISTENS).into()).unwrap();
        let judged = judge(&prepared, &Sync::listening());
        if judged.outcome() == Outcome::Failed {
            let words: Vec<_> = judged.failures().iter().map(|(_, breach)| breach.word).collect();
            failed.push(format!("case {index}: {words:?}\n{}", prepared.scenario.to_yaml()));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
