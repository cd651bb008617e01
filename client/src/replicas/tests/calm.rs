//! Single runs.

use std::time::Duration;

use super::world::{Deed, World, config, secs, w};
use crate::machine::tests::server::Quirks;
use crate::machine::{Freshness, Moment, SaveOutcome};
use crate::replicas::{Options, Replica};

fn requests(world: &World) -> usize {
    world.server.requests.len()
}

#[test]
fn three_replicas_ask_as_often_as_one_and_all_show_what_the_api_has() {
    let asked = [1, 3].map(|count| {
        let mut world = World::new(count, Quirks::default());
        world.run(secs(30));
        world.act(Deed::Operator(1));
        world.run(secs(600));
        world.assert_converged();
        requests(&world)
    });
    assert_eq!(asked[0], asked[1]);
    assert!(asked[0] > 10, "{asked:?}");
}

#[test]
fn a_save_through_any_replica_is_sent_once_and_shown_by_all() {
    for node in 0..3 {
        let mut world = World::new(3, Quirks::default());
        world.run(secs(30));
        world.act(Deed::Save(node, 1));
        world.run(secs(31));
        assert_eq!(world.ended, [SaveOutcome::Done]);
        assert_eq!(world.server.saves_received(), 1);
        world.assert_converged();
    }
}

#[test]
fn a_caller_is_told_of_a_save_that_was_done_and_not_shown_when_the_store_went_away() {
    let mut world = World::new(3, Quirks::default());
    world.run(secs(30));
    world.act(Deed::Save(0, 1));
    world.run(secs(31));
    // What was saved a moment ago has it hold its set for a while when the log is lost.
    world.act(Deed::StoreEmptied);
    world.run(secs(40));
    world.act(Deed::Save(0, 2));
    world.run(secs(50));
    assert_eq!((world.ended.len(), world.server.saves_received()), (1, 2), "it waits to be shown");
    world.act(Deed::StoreAway(100));
    world.run(secs(75));
    assert!(matches!(world.ended[1], SaveOutcome::Unknown { .. }), "{:?}", world.ended);
}

#[test]
fn another_replica_goes_on_within_three_polls_when_the_author_dies() {
    let mut world = World::new(3, Quirks::default());
    world.run(secs(30));
    let author = world.nodes.iter().position(|node| {
        let replica = node.replica.as_ref().unwrap();
        replica.place().unwrap().link.author == replica.name()
    });
    world.act(Deed::Pause(author.unwrap(), 100_000));
    world.act(Deed::Operator(1));
    world.run(secs(30 + 180));
    let truth = &world.server.truth()[&w(1)].settings;
    let shows = world.nodes.iter().filter(|node| {
        let snapshot = node.replica.as_ref().unwrap().snapshot();
        let website = snapshot.websites.get(&w(1)).unwrap();
        website.settings.parse::<serde_json::Value>().unwrap() == *truth
    });
    assert_eq!(shows.count(), 2, "the paused one shows nothing new");
}

#[test]
fn the_log_is_renewed_and_has_an_end() {
    let mut world = World::new(3, Quirks::default());
    world.run(secs(4 * 3600));
    assert!(world.store.log.len() < 100, "{} entries", world.store.log.len());
    world.act(Deed::Kill(1));
    world.run(secs(4 * 3600 + 300));
    world.assert_converged();
    // One a minute, an hourly list, and the loads; a renewal costs none.
    assert!(requests(&world) < 4 * 60 + 5 * 5 + 20, "{} requests", requests(&world));
}

#[test]
fn replicas_with_other_options_go_their_own_way_and_take_over_when_the_others_are_gone() {
    let mut world = World::new(2, Quirks::default());
    world.run(secs(30));
    world.start_with(1, |config| config.overlap = secs(90));
    world.run(secs(300));
    let followed = |world: &World, node: usize| {
        let replica = world.nodes[node].replica.as_ref().unwrap();
        (replica.is_following(), replica.is_ready())
    };
    assert_eq!(followed(&world, 0), (true, true));
    assert_eq!(followed(&world, 1), (false, true), "it polls by itself");
    world.act(Deed::Pause(0, 1_000_000));
    world.run(secs(300 + 3 * 900 + 300));
    assert_eq!(followed(&world, 1), (true, true));
}

#[test]
fn the_store_goes_away_and_comes_back_and_each_replica_polls_meanwhile() {
    let mut world = World::new(3, Quirks::default());
    world.run(secs(30));
    world.act(Deed::StoreAway(300));
    world.run(secs(90));
    let before = requests(&world);
    world.act(Deed::Operator(1));
    world.run(secs(320));
    assert!(requests(&world) - before >= 3 * 3, "each one asks for itself");
    world.run(secs(700));
    world.assert_converged();
    let before = requests(&world);
    world.run(secs(700 + 600));
    assert_eq!(requests(&world) - before, 10, "one loop again");
}

#[test]
fn an_emptied_store_is_filled_again() {
    let mut world = World::new(3, Quirks::default());
    world.run(secs(30));
    world.act(Deed::StoreEmptied);
    world.act(Deed::Operator(2));
    world.run(secs(400));
    world.assert_converged();
}

/// Three replicas that have polled twice, with a change between the polls.
fn two_polls_and_a_change() -> World {
    let mut world = World::new(3, Quirks::default());
    world.run(secs(65));
    world.act(Deed::Operator(1));
    world.run(secs(130));
    world
}

#[test]
fn a_store_with_old_data_puts_nothing_back() {
    for entries in 1..12 {
        let mut world = two_polls_and_a_change();
        world.act(Deed::StoreSetBack(entries));
        world.run(secs(600));
        world.assert_converged();
    }
}

#[test]
fn a_version_is_above_those_of_the_entries_that_a_store_lost() {
    for entries in 1..12 {
        let mut world = two_polls_and_a_change();
        let before = world.store.version;
        world.act(Deed::StoreSetBack(entries));
        // None of those that are there then has read what was lost.
        (0..3).for_each(|node| world.act(Deed::Kill(node)));
        world.act(Deed::Operator(2));
        world.run(secs(600));
        world.assert_converged();
        let (version, _) = world.store.published[&w(2)];
        assert!(version > before, "a reader that is at {before} never asks for {version}");
    }
}

#[test]
fn a_machine_that_begins_anew_in_the_log_knows_what_a_list_costs_and_when_the_last_one_was() {
    let mut world = World::new(1, Quirks { page_size: 1, ..Quirks::default() });
    for number in 3..=40 {
        world.server.installed_before(w(number), serde_json::json!({}));
    }
    world.start_with(0, |config| config.quota = crate::Quota::Known(300));
    let lists = |world: &World| {
        let first = |path: &&(Duration, String)| path.1.ends_with("websites/all/1");
        world.server.requests.iter().filter(first).count()
    };
    world.run(secs(60));
    let begun = lists(&world);
    // Of 300 requests 120 may be lists of 42 each: one in 8.4 hours.
    world.run(secs(8 * 3600));
    assert_eq!(lists(&world), begun, "the log is renewed with every list");
    world.run(secs(9 * 3600));
    assert_eq!(lists(&world), begun + 1);
    world.assert_converged();
}

#[test]
fn a_set_out_of_a_file_is_not_fresh_because_the_log_s_is() {
    let mut world = World::new(1, Quirks::default());
    world.run(secs(600));
    let warm = world.nodes[0].replica.as_ref().unwrap().warm_start();
    assert!(warm.is_some());
    let now = Moment { elapsed: secs(600), wall: jiff::Timestamp::UNIX_EPOCH };
    let mut replica = Replica::new(config(), Options::new(77), now, warm);
    let unconfirmed = Freshness::Stale { age: None };
    assert_eq!(replica.status(now).freshness, unconfirmed, "before the log is read");
    replica.hear(now, world.store.read(None));
    assert_eq!(replica.status(now).freshness, unconfirmed, "before a poll after its start");
}
