//! Refusals as each client reports them (docs/wire.md#statuses, docs/wire.md#throttling).

use serde_json::json;

use crate::emulator::World;
use crate::official::{Bench, Official, claims_of_every_client};

claims_of_every_client!(
    a_wrong_key_is_refused,
    a_spent_quota_is_said,
    a_new_quota_lets_requests_through_again,
    the_edge_can_answer_420,
);

async fn a_wrong_key_is_refused(official: Official) {
    let world = World::start(json!({"websites": 2})).await;
    let wrong = "0".repeat(64);
    let Some(mut bench) = Bench::with_key(official, world, Some(&wrong)).await else {
        return;
    };
    let refusal = bench.page(1, false).await.expect_err("the key is wrong");
    assert!(refusal.is(401, "invalid_session"), "{refusal:?}");
    let website = bench.world.website("w1").await;
    let id = website["website_id"].as_str().expect("a website has an id").to_owned();
    let save = bench.save_settings(&id, json!({"message": "Hi"})).await;
    let refusal = save.expect_err("the key is wrong");
    assert!(refusal.is(401, "invalid_session"), "{refusal:?}");
    assert_eq!(bench.world.website("w1").await, website);
}

async fn a_spent_quota_is_said(official: Official) {
    let options = json!({"websites": 2, "quota": 2});
    let Some(mut bench) = Bench::start(official, options).await else {
        return;
    };
    bench.page(1, false).await.expect("the first request of two");
    bench.page(2, false).await.expect("the second request of two");
    let refusal = bench.page(1, false).await.expect_err("the quota is spent");
    assert!(refusal.is(429, "too_many_requests"), "{refusal:?}");
    let asked = bench.world.requests("list").await.len();
    // Version 10 asks twice more before it says so, and each time counts.
    let tries = if official == Official::Node10 { 3 } else { 1 };
    assert_eq!(asked, 2 + tries);
}

async fn a_new_quota_lets_requests_through_again(official: Official) {
    let options = json!({"websites": 1, "quota": 0});
    let Some(mut bench) = Bench::start(official, options).await else {
        return;
    };
    let website = bench.world.website("w1").await;
    let id = website["website_id"].as_str().expect("a website has an id").to_owned();
    let greeting = json!({"message": "Hi"});
    // A merge, since no client tries that again by itself.
    let refusal = bench.update_settings(&id, greeting.clone()).await;
    assert!(refusal.expect_err("there is no quota").is(429, "too_many_requests"));
    let quota = Some(json!({"limit": 5}));
    bench.world.control(reqwest::Method::PUT, "/quota", quota).await;
    bench.update_settings(&id, greeting.clone()).await.expect("there is a quota now");
    assert_eq!(bench.world.website("w1").await["settings"], greeting);
}

async fn the_edge_can_answer_420(official: Official) {
    let options = json!({"websites": 2, "faults": [{"at": "list#1", "throttle": 420}]});
    let Some(mut bench) = Bench::start(official, options).await else {
        return;
    };
    let refusal = bench.page(1, false).await.expect_err("the edge is busy");
    assert!(refusal.is(420, "enhance_your_calm"), "{refusal:?}");
    assert_eq!(bench.page(1, false).await.map(|page| page.len()), Ok(2));
    assert_eq!(bench.world.requests("list").await.len(), 2, "a client tried again on 420");
}
