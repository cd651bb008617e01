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
