//! What replicas with one store promise, whichever store it is.

use std::time::Duration;

use crisp_mock_server::engine::Writer;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use crisp_sync::machine::SaveOutcome;
use crisp_sync::{Cache, Store};
use serde_json::{Value, json};

use crate::server::{Keeps, Kind, Part, Server};
use crate::stage::{Stage, serve, w, within, world};
use crate::want::or_skip;

/// A replica on this stage. It takes the store to be away after a second and a half.
pub fn replica(stage: &Stage, server: &Server) -> Cache<Value> {
    patient_replica(stage, server, Duration::from_millis(1500))
}

/// A replica that takes the store to be away after so long.
fn patient_replica(stage: &Stage, server: &Server, patience: Duration) -> Cache<Value> {
    let store = Store::new(&server.url()).unwrap().patience(patience);
    let mut config = stage.config();
    // After the store was away, what a replica learnt alone is held for so long.
    config.overlap = Duration::from_secs(2);
    Cache::builder(config).store(store).start().unwrap()
}

async fn three(stage: &Stage, server: &Server) -> [Cache<Value>; 3] {
    let replicas = [(); 3].map(|()| replica(stage, server));
    for replica in &replicas {
        within("readiness", replica.ready()).await.unwrap();
    }
    replicas
}

async fn all_equal(stage: &Stage, replicas: &[Cache<Value>]) {
    for replica in replicas {
        stage.until_equal(replica).await;
    }
}

/// What readers of this store see of `w{number}`.
pub async fn published(stage: &Stage, server: &Server, number: u32) -> Value {
    server.published(&stage.server.info().identifier, &w(number).to_string()).await
}

/// Waits until the readers of this store see these settings of `w{number}`.
pub async fn until_published(stage: &Stage, server: &Server, number: u32, v: u64) {
    let seen = async {
        while published(stage, server, number).await["settings"]["v"] != json!(v) {
            tokio::task::yield_now().await;
        }
    };
    within("what is published", seen).await;
}

async fn three_replicas_poll_as_one_and_all_show_what_is_saved(kind: Kind) {
    let Some(server) = or_skip(Server::start(kind, Keeps::Nothing)) else { return };
    let server = &server;
    let stage = serve(world(30)).await;
    let replicas = three(&stage, server).await;
    for v in 1..=5 {
        stage.operator_saves(3, v);
        all_equal(&stage, &replicas).await;
    }
    until_published(&stage, server, 3, 5).await;
    let came = || stage.with(|space, _| space.journal.entries(&Default::default()).count() as u64);
    let counted =
        || replicas.iter().map(|it| it.status().unwrap().counters.requests).max().unwrap();
    let sent_since = 3;
    // The machine is one, so its count is that of all three; and the API has met no more. On a busy machine
    // the store may be late, and then it is right that each asks by itself.
    for _ in 0..3 {
        let (counted_before, came_before) = (counted(), came());
        let from = stage.asked(Operation::Since);
        stage.until_asked(Operation::Since, from + 40).await;
        let more = came() - came_before;
        if more <= counted().saturating_sub(counted_before) + sent_since {
            return;
        }
    }
    panic!("three times more requests came than were counted");
}

async fn a_save_through_any_replica_is_shown_by_all_and_published(kind: Kind) {
    let Some(server) = or_skip(Server::start(kind, Keeps::Nothing)) else { return };
    let server = &server;
    let stage = serve(world(3)).await;
    let replicas = three(&stage, server).await;
    for (number, replica) in (1..).zip(&replicas) {
        let v = u64::from(number) * 10;
        let outcome = within("the save", replica.save(w(number), &json!({"v": v}))).await;
        assert_eq!(outcome, SaveOutcome::Done);
        let shown = replica.get(&w(number)).unwrap();
        assert_eq!(shown.value(), Some(&json!({"v": v})), "a save is shown when it is done");
        until_published(&stage, server, number, v).await;
    }
    all_equal(&stage, &replicas).await;
}

/// Kills the store between changes, again and again.
async fn store_dies(kind: Kind, keeps: Keeps) {
    let Some(mut server) = or_skip(Server::start(kind, keeps)) else { return };
    let stage = serve(world(5)).await;
    let replicas = three(&stage, &server).await;
    for round in 1..=3 {
        stage.operator_saves(1, round * 10);
        server.kill();
        stage.operator_saves(2, round * 10 + 1);
        // Without a store each polls by itself.
        all_equal(&stage, &replicas).await;
        server.again();
        stage.operator_saves(3, round * 10 + 2);
        all_equal(&stage, &replicas).await;
        until_published(&stage, &server, 3, round * 10 + 2).await;
        until_published(&stage, &server, 2, round * 10 + 1).await;
    }
}

async fn a_store_that_is_killed_and_comes_back_empty_loses_nothing(kind: Kind) {
    store_dies(kind, Keeps::Nothing).await;
}

async fn a_store_that_is_killed_and_comes_back_with_its_log_loses_nothing(kind: Kind) {
    store_dies(kind, Keeps::Everything).await;
}

async fn a_store_that_comes_back_with_old_data_loses_nothing(kind: Kind) {
    let Some(mut server) = or_skip(Server::start(kind, Keeps::Everything)) else { return };
    let stage = serve(world(5)).await;
    let replicas = three(&stage, &server).await;
    stage.operator_saves(1, 1);
    until_published(&stage, &server, 1, 1).await;
    server.remember();
    for v in 2..=3 {
        stage.operator_saves(1, v);
        until_published(&stage, &server, 1, v).await;
    }
    server.kill();
    stage.operator_saves(2, 4);
    server.again_with_old_data();
    stage.operator_saves(3, 5);
    all_equal(&stage, &replicas).await;
    for (number, v) in [(1, 3), (2, 4), (3, 5)] {
        until_published(&stage, &server, number, v).await;
    }
}

async fn a_store_that_is_killed_in_the_middle_of_writes_loses_nothing(kind: Kind) {
    let Some(mut server) = or_skip(Server::start(kind, Keeps::Everything)) else { return };
    let stage = serve(world(5)).await;
    let replicas = three(&stage, &server).await;
    for round in 0..3 {
        for v in 1..=20 {
            stage.operator_saves(1, round * 100 + v);
            stage.operator_saves(2, round * 100 + v);
            // The next poll, and what it leads to, is under way.
            stage.until_asked(Operation::Since, stage.asked(Operation::Since) + 1).await;
        }
        server.kill();
        server.again();
    }
    all_equal(&stage, &replicas).await;
    for number in 1..=2 {
        until_published(&stage, &server, number, 220).await;
    }
}

async fn what_is_larger_than_a_message_of_the_server_is_shared_and_published(kind: Kind) {
    let Some(server) = or_skip(Server::start(kind, Keeps::Nothing)) else { return };
    let stage = serve(world(1100)).await;
    let replicas = three(&stage, &server).await;
    for number in [1, 1100] {
        while published(&stage, &server, number).await["settings"].is_null() {}
    }
    // What is saved within the window of a list is a reason to list again.
    while !replicas[0].status().unwrap().verified {
        stage.until_asked(Operation::Since, stage.asked(Operation::Since) + 1).await;
    }
    // A megabyte and a half in the answer to one poll.
    let words = "w".repeat(5000);
    stage.with(|space, now| {
        for number in 1..=300 {
            let (id, settings) =
                (WebsiteId::numbered(number), json!({"v": number, "words": words}));
            space.world.save(now, id, settings, Writer::Operator).unwrap();
        }
    });
    all_equal(&stage, &replicas).await;
    for number in [1, 300] {
        until_published(&stage, &server, number, number.into()).await;
    }
    // One that could not read it would list by itself, each time.
    comes_late_without_a_list(&stage, &server).await;
}

/// A replica that has published a save of `w1`, and lost this part of what is in the store; with the version of `w1`.
async fn lost(kind: Kind, part: Part) -> Option<(Server, Stage, Cache<Value>, u64)> {
    let server = or_skip(Server::start(kind, Keeps::Nothing))?;
    let stage = serve(world(3)).await;
    let cache = replica(&stage, &server);
    stage.operator_saves(1, 1);
    until_published(&stage, &server, 1, 1).await;
    within("readiness", cache.ready()).await.unwrap();
    let version = published(&stage, &server, 1).await["version"].as_u64().unwrap();
    server.remove(&stage.server.info().identifier, part).await;
    Some((server, stage, cache, version))
}

async fn what_was_published_and_lost_is_published_again_whole(kind: Kind) {
    let Some((server, stage, _cache, _)) = lost(kind, Part::Published).await else { return };
    stage.operator_saves(2, 2);
    until_published(&stage, &server, 2, 2).await;
    until_published(&stage, &server, 1, 1).await;
}

async fn a_log_that_was_lost_begins_anew_above_the_versions_that_are_published(kind: Kind) {
    let Some((server, stage, _cache, before)) = lost(kind, Part::Log).await else { return };
    stage.operator_saves(1, 2);
    until_published(&stage, &server, 1, 2).await;
    let after = published(&stage, &server, 1).await["version"].as_u64().unwrap();
    assert!(after > before, "{after} after {before}");
}

async fn the_others_go_on_when_the_replica_that_polls_stops(kind: Kind) {
    let Some(server) = or_skip(Server::start(kind, Keeps::Nothing)) else { return };
    let server = &server;
    let stage = serve(world(3)).await;
    let replicas = three(&stage, server).await;
    for (v, replica) in (1..).zip(&replicas[..2]) {
        replica.stop().await;
        stage.operator_saves(1, v);
        stage.until_equal(&replicas[2]).await;
        until_published(&stage, server, 1, v).await;
    }
}

async fn a_website_that_leaves_is_a_tombstone_with_a_version(kind: Kind) {
    let Some(server) = or_skip(Server::start(kind, Keeps::Nothing)) else { return };
    let server = &server;
    let stage = serve(world(3)).await;
    let replicas = three(&stage, server).await;
    stage.operator_saves(2, 1);
    until_published(&stage, server, 2, 1).await;
    let before = published(&stage, server, 2).await;
    stage.uninstalls(2);
    all_equal(&stage, &replicas).await;
    let gone = async {
        loop {
            let shown = published(&stage, server, 2).await;
            if shown["removed"] == json!(true) {
                return shown;
            }
        }
    };
    let gone = within("the tombstone", gone).await;
    assert!(gone["version"].as_u64() > before["version"].as_u64(), "{gone} after {before}");
    assert!(gone["removed_at_ms"].is_u64() && gone.get("settings").is_none(), "{gone}");
}

async fn a_late_replica_begins_from_the_log_without_a_list_of_its_own(kind: Kind) {
    let Some(server) = or_skip(Server::start(kind, Keeps::Nothing)) else { return };
    let server = &server;
    let stage = serve(world(50)).await;
    let first = replica(&stage, server);
    within("readiness", first.ready()).await.unwrap();
    comes_late_without_a_list(&stage, server).await;
}

/// A replica that comes late finds all in the log. It waits for a store that is late on a busy machine; another
/// replica, which does not, may list meanwhile, but not three times.
async fn comes_late_without_a_list(stage: &Stage, server: &Server) {
    for _ in 0..3 {
        let lists = stage.asked(Operation::List);
        let late = patient_replica(stage, server, Duration::from_secs(60));
        within("readiness", late.ready()).await.unwrap();
        stage.until_equal(&late).await;
        if stage.asked(Operation::List) == lists {
            return;
        }
    }
    panic!("while three replicas came late, websites were listed each time");
}

/// Each claim, with each store.
macro_rules! claims {
    ($($claim:ident),* $(,)?) => {
        mod with_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $claim() { super::$claim(super::Kind::Redis).await; })*
        }
        mod with_nats {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $claim() { super::$claim(super::Kind::Nats).await; })*
        }
    };
}

claims!(
    three_replicas_poll_as_one_and_all_show_what_is_saved,
    a_save_through_any_replica_is_shown_by_all_and_published,
    a_store_that_is_killed_and_comes_back_empty_loses_nothing,
    a_store_that_is_killed_and_comes_back_with_its_log_loses_nothing,
    a_store_that_comes_back_with_old_data_loses_nothing,
    a_store_that_is_killed_in_the_middle_of_writes_loses_nothing,
    what_is_larger_than_a_message_of_the_server_is_shared_and_published,
    what_was_published_and_lost_is_published_again_whole,
    a_log_that_was_lost_begins_anew_above_the_versions_that_are_published,
    the_others_go_on_when_the_replica_that_polls_stops,
    a_website_that_leaves_is_a_tombstone_with_a_version,
    a_late_replica_begins_from_the_log_without_a_list_of_its_own,
);
