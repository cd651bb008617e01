//! A second life.

use serde_json::json;

use super::server::Quirks;
use super::sim::{Deed, Sim, config, moment, secs, w};
use crate::Change;
use crate::machine::{Freshness, Machine, State};

/// Runs a first life of 300 s, then lets the world go on for `away` without the client.
fn second_life(away: u64, meanwhile: impl FnOnce(&mut Sim)) -> Sim {
    let mut first = Sim::three(config(), Quirks::default());
    first.run(secs(300));
    let warm = first.machine.warm_start().unwrap();
    meanwhile(&mut first);
    let now = moment(secs(300 + away), 0);
    let machine = Machine::resume(config(), now, warm);
    let mut second = Sim::with(machine, first.server);
    second.now = now.elapsed;
    second
}

#[test]
fn a_short_absence_is_made_up_by_one_poll() {
    let mut sim = second_life(600, |world| {
        world.server.uninstall(secs(400), w(2));
        world.server.save(secs(410), w(1), json!({"v": "new"}));
    });
    assert_eq!(sim.machine.snapshot().websites.len(), 3, "the old set serves at once");
    assert!(!sim.machine.is_ready());
    assert_eq!(sim.machine.freshness(sim.moment()), Freshness::Stale { age: None });
    sim.deed(secs(900), Deed::PollNow);
    sim.run(secs(901));
    sim.assert_converged();
    assert!(sim.machine.is_ready());
    assert_eq!((sim.count("list"), sim.count("since")), (0, 1));
    assert_eq!(sim.changes.len(), 2);
}

#[test]
fn a_long_absence_is_made_up_by_a_list_that_tells_what_was_removed() {
    let mut sim = second_life(7200, |world| world.server.uninstall(secs(400), w(2)));
    assert_eq!(sim.machine.state(), State::Recovering);
    sim.deed(secs(7500), Deed::PollNow);
    sim.run(secs(7510));
    sim.assert_converged();
    assert!(matches!(&sim.changes[..], [(_, Change::Removed { old })] if old.id == w(2)));
}

#[test]
fn a_date_that_became_too_old_during_the_absence_leads_to_a_list_at_once() {
    let mut sim = second_life(1200, |world| {
        world.server.quirks.horizon = secs(600);
        world.server.uninstall(secs(400), w(2));
    });
    sim.deed(secs(1500), Deed::PollNow);
    sim.run(secs(1510));
    sim.assert_converged();
}

#[test]
fn an_absence_that_the_local_clock_does_not_show_is_seen_by_the_server_s() {
    let mut first = Sim::three(config(), Quirks { remembers: secs(3600), ..Quirks::default() });
    first.run(secs(300));
    let warm = first.machine.warm_start().unwrap();
    first.server.uninstall(secs(400), w(2));
    let now = secs(7500);
    let machine = Machine::resume(config(), moment(now, -7_200_000), warm);
    assert_eq!(machine.state(), State::Steady, "by the local clock it was no absence");
    let mut second = Sim::with(machine, first.server);
    second.client_skew = -7_200_000;
    second.now = now;
    second.deed(now, Deed::PollNow);
    second.run(now + secs(10));
    second.assert_converged();
}

#[test]
fn nothing_is_left_before_the_first_load() {
    let sim = Sim::three(config(), Quirks::default());
    assert!(sim.machine.warm_start().is_none());
}

#[test]
fn a_server_clock_that_was_set_back_during_the_absence_leads_to_a_list() {
    let mut sim = second_life(600, |world| {
        world.server.skew_ms = -1_000_000;
        world.server.uninstall(secs(400), w(2));
    });
    sim.deed(secs(900), Deed::PollNow);
    sim.run(secs(901));
    sim.assert_converged();
    let listed = sim.sent.iter().filter(|(_, sent)| sent.name() == "list").map(|(at, _)| *at).max();
    assert!(sim.ready_at > listed, "the poll was told nothing of the absence");
}

#[test]
fn a_set_that_was_being_listed_again_is_listed_again_after_a_restart() {
    let mut first = Sim::three(config(), Quirks::default());
    first.run(secs(30));
    let warm = first.machine.warm_start().unwrap();
    let second = Machine::resume(config(), moment(secs(40), 0), warm);
    assert_eq!(second.state(), State::Recovering);
    assert!(!second.warm_start().unwrap().verified, "its list never came");
}

#[test]
fn a_set_that_was_in_doubt_is_listed_again_after_a_restart() {
    let mut first = Sim::three(config(), Quirks::default());
    first.run(secs(30));
    let warm = first.machine.warm_start().unwrap();
    assert!(!warm.verified, "a lagging differential could still tell what the pages missed");
    let machine = Machine::resume(config(), moment(secs(40), 0), warm);
    assert_eq!(machine.state(), State::Recovering);
    assert_eq!(machine.snapshot().websites.len(), 3, "the old set serves at once");
}
