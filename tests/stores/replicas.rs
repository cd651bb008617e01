//! What replicas with one Redis promise.

use std::time::Duration;

use crisp_mock_server::operation::Operation;
use crisp_sync::machine::SaveOutcome;
use crisp_sync::{Cache, Store};
use serde_json::{Value, json};

use crate::redis_server::{Keeps, RedisServer};
use crate::stage::{Stage, serve, w, within, world};
use crate::want::or_skip;

/// A replica on this stage. It takes the store to be away after a second and a half.
pub fn replica(stage: &Stage, redis: &RedisServer) -> Cache<Value> {
    let store = Store::new(&redis.url()).unwrap().patience(Duration::from_millis(1500));
    let mut config = stage.config();
    // After the store was away, what a replica learnt alone is held for so long.
    config.overlap = Duration::from_secs(2);
    Cache::builder(config).store(store).start().unwrap()
}

async fn three(stage: &Stage, redis: &RedisServer) -> [Cache<Value>; 3] {
    let replicas = [(); 3].map(|()| replica(stage, redis));
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

/// Waits until the readers of this Redis see these settings of `w{number}`.
async fn until_published(stage: &Stage, redis: &RedisServer, number: u32, v: u64) {
    let name = &stage.server.info().identifier;
    let key = format!("crisp:{name}:website:{}", w(number));
    let seen = async {
        loop {
            let shown: Value = serde_json::from_str(&redis.ask(&["GET", &key])).unwrap_or_default();
            if shown["settings"]["v"] == json!(v) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    within("what is published", seen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_replicas_poll_as_one_and_all_show_what_is_saved() {
    let Some(redis) = or_skip(RedisServer::start(Keeps::Nothing)) else { return };
    let stage = serve(world(30)).await;
    let replicas = three(&stage, &redis).await;
    for v in 1..=5 {
        stage.operator_saves(3, v);
        all_equal(&stage, &replicas).await;
    }
    until_published(&stage, &redis, 3, 5).await;
    let from = stage.asked(Operation::Since);
    stage.until_asked(Operation::Since, from + 40).await;
    // The machine is one, so its count is that of all three; and the API has met no more.
    let asked = stage.with(|space, _| space.journal.entries(&Default::default()).count() as u64);
    let counted = replicas.iter().map(|it| it.status().unwrap().counters.requests).max().unwrap();
    let sent_since = 3;
    assert!(asked <= counted + sent_since, "{asked} requests came, and {counted} were counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_through_any_replica_is_shown_by_all_and_published() {
    let Some(redis) = or_skip(RedisServer::start(Keeps::Nothing)) else { return };
    let stage = serve(world(3)).await;
    let replicas = three(&stage, &redis).await;
    for (number, replica) in (1..).zip(&replicas) {
        let v = u64::from(number) * 10;
        let outcome = within("the save", replica.save(w(number), &json!({"v": v}))).await;
        assert_eq!(outcome, SaveOutcome::Done);
        let shown = replica.get(&w(number)).unwrap();
        assert_eq!(shown.value(), Some(&json!({"v": v})), "a save is shown when it is done");
        until_published(&stage, &redis, number, v).await;
    }
    all_equal(&stage, &replicas).await;
}

/// Kills the store between changes, again and again.
async fn store_dies(keeps: Keeps) {
    let Some(mut redis) = or_skip(RedisServer::start(keeps)) else { return };
    let stage = serve(world(5)).await;
    let replicas = three(&stage, &redis).await;
    for round in 1..=3 {
        stage.operator_saves(1, round * 10);
        redis.kill();
        stage.operator_saves(2, round * 10 + 1);
        // Without a store each polls by itself.
        all_equal(&stage, &replicas).await;
        redis.again();
        stage.operator_saves(3, round * 10 + 2);
        all_equal(&stage, &replicas).await;
        until_published(&stage, &redis, 3, round * 10 + 2).await;
        until_published(&stage, &redis, 2, round * 10 + 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_killed_and_comes_back_empty_loses_nothing() {
    store_dies(Keeps::Nothing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_killed_and_comes_back_with_its_log_loses_nothing() {
    store_dies(Keeps::Everything).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_others_go_on_when_the_replica_that_polls_stops() {
    let Some(redis) = or_skip(RedisServer::start(Keeps::Nothing)) else { return };
    let stage = serve(world(3)).await;
    let replicas = three(&stage, &redis).await;
    for (v, replica) in (1..).zip(&replicas[..2]) {
        replica.stop().await;
        stage.operator_saves(1, v);
        stage.until_equal(&replicas[2]).await;
        until_published(&stage, &redis, 1, v).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_website_that_leaves_is_a_tombstone_with_a_version() {
    let Some(redis) = or_skip(RedisServer::start(Keeps::Nothing)) else { return };
    let stage = serve(world(3)).await;
    let replicas = three(&stage, &redis).await;
    stage.operator_saves(2, 1);
    until_published(&stage, &redis, 2, 1).await;
    let key = format!("crisp:{}:website:{}", stage.server.info().identifier, w(2));
    let before: Value = serde_json::from_str(&redis.ask(&["GET", &key])).unwrap();
    stage.uninstalls(2);
    all_equal(&stage, &replicas).await;
    let gone = async {
        loop {
            let shown: Value = serde_json::from_str(&redis.ask(&["GET", &key])).unwrap();
            if shown["removed"] == json!(true) {
                return shown;
            }
        }
    };
    let gone = within("the tombstone", gone).await;
    assert!(gone["version"].as_u64() > before["version"].as_u64(), "{gone} after {before}");
    assert!(gone["removed_at_ms"].is_u64() && gone.get("settings").is_none(), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_replica_begins_from_the_log_without_a_list_of_its_own() {
    let Some(redis) = or_skip(RedisServer::start(Keeps::Nothing)) else { return };
    let stage = serve(world(50)).await;
    let first = replica(&stage, &redis);
    within("readiness", first.ready()).await.unwrap();
    let lists = stage.asked(Operation::List);
    let late = replica(&stage, &redis);
    within("readiness", late.ready()).await.unwrap();
    assert_eq!(late.view().len(), 50);
    assert_eq!(stage.asked(Operation::List), lists);
}
