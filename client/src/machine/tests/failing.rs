//! Failures: waits, regimes, silence.

use std::time::Duration;

use serde_json::json;

use super::server::Quirks;
use super::sim::{Aim, Deed, Fault, Sim, at, config, during, ms, secs, w};
use crate::machine::{Freshness, Operation, Refusal, SaveOutcome, State};

fn sent_between(sim: &Sim, from: u64, to: u64) -> Vec<Duration> {
    let times = sim.sent.iter().map(|(at, _)| *at);
    times.filter(|at| (secs(from)..secs(to)).contains(at)).collect()
}

#[test]
fn an_outage_is_met_with_waits_that_grow_to_the_cap_and_end_with_it() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(during("any", 50, 1500, Fault::Status(503)));
    sim.deed(secs(600), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(1500));
    let asked = sent_between(&sim, 50, 1500);
    // On average one request in 15 s once the waits have grown.
    assert!((40..150).contains(&asked.len()), "{}", asked.len());
    let gaps: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap <= secs(31) && *gap >= ms(500)), "{gaps:?}");
    assert!(gaps[0] <= secs(2), "the first retry is soon");
    sim.run(secs(1532));
    sim.assert_converged();
}

#[test]
fn after_a_success_the_waits_start_anew() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(during("any", 50, 150, Fault::Status(503)));
    sim.fault(during("since", 400, 490, Fault::Status(500)));
    sim.run(secs(500));
    let after = sent_between(&sim, 400, 490);
    assert!(after[1] - after[0] <= ms(1100), "{after:?}");
}

#[test]
fn refusals_slow_down_and_never_stop_and_the_cache_serves_on() {
    for status in [401, 403, 404, 402, 423] {
        let mut sim = Sim::three(config(), Quirks::default());
        sim.fault(during("any", 50, 7200, Fault::Status(status)));
        sim.run(secs(7200));
        assert!(sent_between(&sim, 50, 7200).len() < 60, "{status}");
        assert_eq!(sim.machine.snapshot().websites.len(), 3);
        sim.deed(secs(7201), Deed::Operator(1, json!({"v": "new"})));
        sim.run(secs(7200 + 1000));
        sim.assert_converged();
    }
}

#[test]
fn retry_after_silences_the_whole_client_saves_too() {
    for status in [429, 420, 503] {
        let mut sim = Sim::three(config(), Quirks::default());
        sim.fault(at("since", 2, Fault::Throttle(status, Some(20))));
        sim.deed(secs(65), Deed::Put(1, json!({"v": "saved"})));
        sim.run(secs(120));
        assert_eq!(sent_between(&sim, 61, 80).len(), 0, "{status}");
        sim.assert_converged();
        assert!(matches!(sim.outcomes[..], [(at, _, SaveOutcome::Done)] if at > secs(80)));
    }
}

#[test]
fn a_save_that_would_have_to_wait_too_long_is_refused_at_once() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(at("since", 2, Fault::Throttle(429, Some(600))));
    sim.deed(secs(65), Deed::Put(1, json!({"v": "saved"})));
    sim.run(secs(66));
    let refused = |outcome: &SaveOutcome| {
        matches!(outcome, SaveOutcome::Refused(Refusal::Waiting { retry_in })
            if *retry_in > secs(590))
    };
    assert!(refused(&sim.outcomes[0].2), "{:?}", sim.outcomes);
}

#[test]
fn a_throttle_without_a_hint_slows_every_route() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(during("any", 50, 1500, Fault::Throttle(420, None)));
    sim.run(secs(1500));
    let asked = sent_between(&sim, 50, 1500).len();
    assert!((5..40).contains(&asked), "{asked}");
    assert_eq!(sim.machine.counters().throttled, asked as u64);
}

#[test]
fn a_request_that_hangs_is_given_up_at_the_time_out() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(at("since", 2, Fault::Hang));
    sim.deed(secs(30), Deed::Operator(1, json!({"v": "new"})));
    sim.run(secs(89));
    assert_eq!(sim.machine.state(), State::Steady);
    assert_eq!(sim.machine.in_flight(), 1);
    sim.run(secs(92));
    sim.assert_converged();
}

#[test]
fn an_outage_from_the_start_is_survived() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(during("any", 0, 300, Fault::Connect));
    sim.run(secs(299));
    assert_eq!(sim.machine.state(), State::Loading);
    assert_eq!(sim.machine.freshness(sim.moment()), Freshness::Loading);
    sim.run(secs(332));
    sim.assert_converged();
    assert!(sim.machine.is_ready());
}

#[test]
fn a_sick_server_is_not_asked_for_lists_beside_polls() {
    let mut config = config();
    config.relist_every = secs(100);
    let mut sim = Sim::three(config, Quirks::default());
    sim.fault(during("any", 90, 400, Fault::Status(500)));
    sim.run(secs(400));
    let lists = |(at, operation): &&(Duration, Operation)| {
        *at > secs(125) && matches!(operation, Operation::List(_))
    };
    assert_eq!(sim.sent.iter().filter(lists).count(), 0);
    sim.run(secs(500));
    sim.assert_converged();
}

#[test]
fn a_redirect_is_a_failure_and_is_not_followed() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(at("since", 2, Fault::Status(302)));
    sim.run(ms(60_100));
    assert_eq!(sim.machine.state(), State::Retrying);
}

#[test]
fn a_read_that_is_throttled_again_and_again_does_not_keep_the_polls_waiting() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(Aim {
        name: "get_settings",
        ..during("any", 0, 3000, Fault::Throttle(420, Some(20)))
    });
    sim.deed(secs(10), Deed::Patch(1, json!({"v": "mine"})));
    sim.deed(secs(20), Deed::Operator(2, json!({"v": "new"})));
    sim.run(secs(300));
    let polls =
        sim.sent.iter().filter(|(at, operation)| *at > secs(30) && *operation == Operation::Since);
    let polls = polls.count();
    assert!(polls >= 3, "{polls} polls");
    let shown = sim.machine.snapshot().websites.get(&w(2)).unwrap().clone();
    assert_eq!(shown.settings.as_json(), r#"{"v":"new"}"#);
}

#[test]
fn a_server_that_asks_for_one_second_again_and_again_is_not_asked_once_a_second() {
    for status in [429, 503] {
        let mut sim = Sim::three(config(), Quirks::default());
        sim.fault(during("any", 50, 1250, Fault::Throttle(status, Some(1))));
        sim.run(secs(1250));
        let asked = sent_between(&sim, 50, 1250).len();
        assert!((5..120).contains(&asked), "{status}: {asked}");
        sim.run(secs(1250 + 301));
        sim.assert_converged();
    }
}
