//! Saves: outcomes, read-your-writes, races with polls and lists.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::Quirks;
use super::sim::{Deed, Fault, Sim, at, config, during, ms, secs, w};
use crate::machine::{How, Operation, Refusal, SaveOutcome};

fn cached(sim: &Sim, id: u128) -> Value {
    sim.machine.snapshot().websites.get(&w(id)).unwrap().settings.parse().unwrap()
}

fn outcome(sim: &Sim) -> &SaveOutcome {
    assert_eq!(sim.outcomes.len(), 1, "{:?}", sim.outcomes);
    &sim.outcomes[0].2
}

#[test]
fn a_put_is_done_in_one_request_and_read_at_once() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
    sim.run(secs(31));
    assert_eq!(outcome(&sim), &SaveOutcome::Done);
    assert_eq!(sim.outcomes[0].0, ms(30_010));
    assert_eq!(cached(&sim, 1), json!({"v": "mine"}));
    assert_eq!(sim.count("get_settings"), 0);
    assert!(sim.machine.snapshot().websites.get(&w(1)).unwrap().token.is_some(), "kept (W8)");
}

#[test]
fn a_patch_is_read_back_so_that_the_cache_has_the_whole_and_other_people_s_members() {
    for deep_patch in [false, true] {
        let mut sim = Sim::three(config(), Quirks { deep_patch, ..Quirks::default() });
        sim.deed(secs(29), Deed::Operator(1, json!({"theirs": 1, "n": {"x": 1}})));
        sim.deed(secs(30), Deed::Patch(1, json!({"mine": 2, "n": {"y": 2}})));
        sim.run(secs(31));
        assert_eq!(outcome(&sim), &SaveOutcome::Done);
        sim.assert_converged();
    }
}

#[test]
fn settings_that_the_api_refuses_leave_the_cache_alone() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.deed(secs(30), Deed::Put(1, json!({"invalid": true})));
    sim.run(secs(100));
    match outcome(&sim) {
        SaveOutcome::Refused(Refusal::Api(refused)) => assert_eq!(refused.reason, "invalid_data"),
        other => panic!("{other:?}"),
    }
    assert_eq!(cached(&sim, 1), json!({"v": "old"}));
}

#[test]
fn a_save_that_never_left_is_refused_and_not_unknown() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(at("save_settings", 1, Fault::Connect));
    sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
    sim.run(secs(31));
    assert_eq!(outcome(&sim), &SaveOutcome::Refused(Refusal::NotSent));
}

#[test]
fn a_save_whose_answer_is_lost_is_read_back_and_done() {
    for fault in [Fault::LoseAnswer, Fault::Status(500), Fault::Body("<html>")] {
        let carried_out = matches!(fault, Fault::LoseAnswer);
        let mut sim = Sim::three(config(), Quirks::default());
        sim.fault(at("save_settings", 1, fault));
        sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
        sim.run(secs(59));
        sim.assert_converged();
        match outcome(&sim) {
            SaveOutcome::Done => {
                assert!(carried_out);
                assert_eq!(sim.count("get_settings"), 1);
            }
            SaveOutcome::Unknown { holds: Some(holds), .. } => {
                assert!(!carried_out);
                assert_eq!(holds.as_json(), r#"{"v":"old"}"#);
                // At first it may not be visible yet, so it is looked at again, and not more often.
                assert!(sim.outcomes[0].0 >= secs(35), "{:?}", sim.outcomes);
                assert_eq!(sim.count("get_settings"), 2);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(sim.count("save_settings"), 1, "never sent again");
    }
}

#[test]
fn an_unclear_save_never_overwrites_a_later_change() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(at("save_settings", 1, Fault::LoseAnswer));
    sim.after("save_settings", 1, Deed::Operator(1, json!({"v": "theirs"})));
    sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
    sim.run(secs(59));
    assert!(matches!(outcome(&sim), SaveOutcome::Unknown { holds: Some(_), .. }));
    sim.assert_converged();
    assert_eq!(cached(&sim, 1), json!({"v": "theirs"}));
}

#[test]
fn an_unclear_save_is_reported_when_the_caller_s_patience_ends_and_the_truth_follows() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.fault(at("save_settings", 1, Fault::LoseAnswer));
    sim.fault(during("get_settings", 30, 100, Fault::Status(500)));
    sim.fault(during("since", 30, 100, Fault::Status(500)));
    sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
    sim.run(secs(62));
    assert!(matches!(outcome(&sim), SaveOutcome::Unknown { holds: None, .. }));
    assert_eq!(sim.outcomes[0].0, ms(60_010));
    sim.run(secs(135));
    sim.assert_converged();
}

#[test]
fn a_lagging_poll_does_not_undo_an_own_save() {
    for lag in [3, 30, 100] {
        let mut sim = Sim::three(config(), Quirks { lag: secs(lag), ..Quirks::default() });
        // The poll at 240 s shows the operator's save of 120 s ago or less, ours is hidden by the
        // lag or not.
        sim.deed(secs(180), Deed::Operator(1, json!({"v": "theirs"})));
        sim.deed(ms(239_000), Deed::Put(1, json!({"v": "mine"})));
        sim.run(secs(500));
        sim.assert_converged();
        let mine = sim.changes.iter().position(|(_, change)| match change {
            crate::Change::Updated { new, .. } => new.settings.as_json() == r#"{"v":"mine"}"#,
            _ => false,
        });
        assert_eq!(mine, Some(sim.changes.len() - 1), "lag {lag}: {:?}", sim.changes);
    }
}

#[test]
fn an_operator_s_edit_just_after_our_save_is_not_hidden() {
    for after in [1, 10, 59] {
        let mut sim = Sim::three(config(), Quirks::default());
        sim.deed(secs(239), Deed::Put(1, json!({"v": "mine"})));
        sim.deed(secs(239 + after), Deed::Operator(1, json!({"v": "theirs"})));
        sim.run(secs(310));
        sim.assert_converged();
    }
}

#[test]
fn a_save_between_the_pages_of_a_list_survives_it() {
    let mut config = config();
    config.relist_every = secs(300);
    let mut sim = Sim::three(config, Quirks::default());
    sim.run(secs(290));
    sim.latency = secs(2);
    sim.deed(secs(304), Deed::Put(1, json!({"v": "mine"})));
    sim.run(secs(400));
    sim.assert_converged();
    let back = sim.changes.iter().skip(3).count();
    assert_eq!(back, 1, "{:?}", sim.changes);
}

#[test]
fn a_save_to_a_website_that_is_not_known_brings_it_whole() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.deed(secs(10), Deed::Install(4, json!({})));
    sim.deed(secs(20), Deed::Put(4, json!({"v": "mine"})));
    sim.run(secs(21));
    assert_eq!(outcome(&sim), &SaveOutcome::Done);
    sim.assert_converged();
}

#[test]
fn a_save_to_a_website_that_left_is_refused_and_the_next_poll_removes_it() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.deed(secs(200), Deed::Uninstall(1));
    sim.deed(secs(201), Deed::Put(1, json!({"v": "mine"})));
    sim.run(secs(202));
    assert!(matches!(outcome(&sim), SaveOutcome::Refused(Refusal::Api(_))));
    sim.assert_converged();
}

#[test]
fn saves_are_sent_one_by_one_in_order() {
    let mut sim = Sim::three(config(), Quirks::default());
    for number in 0..5 {
        sim.deed(secs(30), Deed::Put(1, json!({"v": number})));
    }
    sim.run(secs(31));
    assert_eq!(sim.outcomes.len(), 5);
    assert_eq!(cached(&sim, 1), json!({"v": 4}));
    sim.assert_converged();
}

#[test]
fn the_plugin_s_id_is_asked_for_when_it_is_first_needed() {
    let mut config = config();
    config.plugin_id = None;
    let mut sim = Sim::three(config, Quirks::default());
    sim.run(secs(20));
    assert_eq!(sim.count("account"), 0);
    for number in 0..2 {
        sim.deed(secs(30), Deed::Patch(1, json!({"v": number})));
    }
    sim.run(secs(31));
    assert_eq!((sim.count("account"), sim.outcomes.len()), (1, 2));
    sim.assert_converged();
}

#[test]
fn a_flood_of_saves_does_not_silence_the_polls() {
    let mut sim = Sim::three(config(), Quirks::default());
    sim.latency = ms(500);
    for number in 0..1000 {
        sim.deed(secs(10), Deed::Put(1, json!({"v": number})));
    }
    sim.run(secs(300));
    let polls = |(_, operation): &&(_, Operation)| *operation == Operation::Since;
    assert!(sim.sent.iter().filter(polls).count() >= 3);
    assert_eq!(sim.orders.values().filter(|order| order.1 == How::Put).count(), 1000);
}

#[test]
fn what_must_never_be_sent_twice_is_a_save() {
    let id = w(1);
    for save in [Operation::SaveSettings(id), Operation::UpdateSettings(id)] {
        assert!(save.is_save(), "{save:?}");
    }
    for read in
        [Operation::Account, Operation::List(1), Operation::Since, Operation::GetSettings(id)]
    {
        assert!(!read.is_save(), "{read:?}");
    }
}

#[test]
fn a_put_replaces_with_put_and_a_patch_merges_with_patch() {
    for (deed, method) in [
        (Deed::Put(1, json!({"v": "mine"})), "PUT "),
        (Deed::Patch(1, json!({"v": "mine"})), "PATCH "),
    ] {
        let mut sim = Sim::three(config(), Quirks::default());
        sim.deed(secs(30), deed);
        sim.run(secs(31));
        let requests = sim.server.requests.iter();
        let saves: Vec<_> = requests
            .map(|(_, request)| request.as_str())
            .filter(|request| !request.starts_with("GET "))
            .collect();
        assert!(saves.len() == 1 && saves[0].starts_with(method), "{saves:?}");
    }
}

#[test]
fn saves_and_polls_wait_for_one_another() {
    let mut sim = Sim::three(config(), Quirks::default());
    for number in 1..=3 {
        sim.deed(secs(30), Deed::Put(number, json!({"v": "mine"})));
        sim.deed(secs(30), Deed::PollNow);
    }
    sim.run(secs(60));
    assert_eq!(sim.count("save_settings"), 3);
    let apart = |pair: &[(Duration, Operation)]| pair[1].0 - pair[0].0 >= sim.latency;
    assert!(sim.sent.windows(2).all(apart), "{:?}", sim.sent);
}

#[test]
fn a_caller_may_wait_for_ever() {
    let mut config = config();
    config.save_patience = Duration::MAX;
    config.request_timeout = Duration::MAX;
    assert_eq!(config.convergence_bound(), Duration::MAX);
    let mut sim = Sim::three(config, Quirks::default());
    sim.fault(at("save_settings", 1, Fault::LoseAnswer));
    sim.deed(secs(300), Deed::Put(1, json!({"v": "mine"})));
    sim.run(secs(900));
    sim.assert_converged();
}
