//! The tests of this folder can fail: with a mistake in the machine the cache differs from the model
//! server. (All mistakes are judged by the harness, each by a scenario of its own.)

use serde_json::json;

use super::server::Quirks;
use super::sim::{Deed, Fault, Sim, at, config, secs, w};
use crate::Mistake;

/// How the cache differs at the end, without the mistake and with it.
fn differences(mistake: Mistake, play: impl Fn(&mut Sim)) -> [Option<String>; 2] {
    let mut right = config();
    right.overlap = secs(5);
    let wrong = right.clone().with_mistake(mistake);
    [right, wrong].map(|config| {
        let mut sim = Sim::three(config, Quirks { page_size: 1, ..Quirks::default() });
        play(&mut sim);
        sim.run(secs(200));
        sim.difference()
    })
}

fn convicts(mistake: Mistake, play: impl Fn(&mut Sim)) {
    let [right, wrong] = differences(mistake, play);
    assert_eq!(right, None, "without {mistake:?}");
    assert!(wrong.is_some(), "{mistake:?} is not noticed");
}

#[test]
fn mistakes_about_polls_lists_and_saves_show_as_differences() {
    convicts(Mistake::CursorMovesOnFailure, |sim| {
        sim.deed(secs(30), Deed::Operator(1, json!({"v": "new"})));
        sim.fault(at("since", 2, Fault::Status(500)));
    });
    convicts(Mistake::NoDriftCheck, |sim| {
        sim.after("list", 1, Deed::Uninstall(1));
    });
    convicts(Mistake::TimeoutIsSuccess, |sim| {
        sim.fault(at("save_settings", 1, Fault::LoseRequest));
        sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
    });
}

/// Whether the cache has gone wrong at the end, without the mistake and with it, when it listens.
fn convicts_a_listener(mistake: Mistake, from: u64, until: u64, play: impl Fn(&mut Sim)) {
    let mut right = config();
    right.listening = Some(crate::config::Listening::default());
    let wrong = right.clone().with_mistake(mistake);
    let [right, wrong] = [right, wrong].map(|config| {
        let mut sim = Sim::three(config, Quirks::default());
        sim.run(secs(from));
        play(&mut sim);
        sim.run(secs(until));
        sim.difference()
    });
    assert_eq!(right, None, "without {mistake:?}");
    assert!(wrong.is_some(), "{mistake:?} is not noticed");
}

#[test]
fn mistakes_about_events_show_as_differences() {
    convicts_a_listener(Mistake::EventAsData, 500, 520, |sim| {
        sim.relay.ways = vec![super::relay::Way::Late(secs(9)), super::relay::Way::Arrives];
        sim.deed(secs(502), Deed::Operator(1, json!({"v": "older"})));
        sim.deed(secs(505), Deed::Operator(1, json!({"v": "newer"})));
    });
    convicts_a_listener(Mistake::NoPollAfterReconnect, 500, 580, |sim| {
        sim.deed(secs(500), Deed::Kick);
        sim.deed(
            secs(501) - std::time::Duration::from_millis(999),
            Deed::Operator(1, json!({"v": "new"})),
        );
    });
    convicts_a_listener(Mistake::NoRebind, 500, 700, |sim| {
        sim.deed(secs(500), Deed::Install(9, json!({"v": "first"})));
        sim.deed(secs(690), Deed::Operator(9, json!({"v": "second"})));
    });
}

#[test]
fn a_save_that_is_sent_again_overwrites_a_later_change() {
    let mut sim =
        Sim::three(config().with_mistake(Mistake::RepeatsSavesBlindly), Quirks::default());
    sim.fault(at("save_settings", 1, Fault::LoseAnswer));
    sim.after("save_settings", 1, Deed::Operator(1, json!({"v": "theirs"})));
    sim.deed(secs(30), Deed::Put(1, json!({"v": "mine"})));
    sim.run(secs(200));
    assert_eq!(sim.server.truth()[&w(1)].settings, json!({"v": "mine"}));
}
