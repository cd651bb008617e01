//! The driver over real sockets: every fault, long lists, dead servers, wrong clocks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crisp_mock_server::fault::{Effect, FaultPlan};
use crisp_mock_server::operation::Operation;
use crisp_mock_server::options::WorldOptions;
use crisp_sync::Cache;
use crisp_sync::machine::{Freshness, Refusal, SaveOutcome};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::stage::{Stage, serve, w, within, world};

/// Every effect that a server can carry out, as small as tests like it.
fn effects() -> Vec<Value> {
    vec![
        json!({"status": 503}),
        json!({"status": 401}),
        json!({"status": 404, "reason": "not_found"}),
        json!({"throttle": 429}),
        json!({"throttle": 420, "retry_after": "1s"}),
        json!({"delay": "100ms"}),
        json!({"delay": "2s"}),
        json!({"hang": true}),
        json!({"reset": true}),
        json!({"close": true}),
        json!({"cut_body": 40}),
        json!({"drip": "40B/s"}),
        json!({"garbage": true}),
        json!({"html": true}),
        json!({"empty_body": true}),
        json!({"wrong_type": true}),
        json!({"error_envelope": true}),
        json!({"missing_data": true}),
        json!({"null_data": true}),
        json!({"lose_answer": true}),
        json!({"lose_request": true}),
        json!({"stale": "60s"}),
        json!({"empty_page": true}),
        json!({"short_page": true}),
        json!({"repeat_page": true}),
        json!({"hold_order": true}),
    ]
}

fn aimed(at: &str, effect: &Value) -> Option<Value> {
    let mut fault = effect.clone();
    fault["at"] = at.into();
    // Some effects are about lists only.
    FaultPlan::parse_for_server(&fault).is_ok().then_some(fault)
}

/// Tries all effects at once, each with a server and a cache of its own.
async fn for_every_effect<F>(tries: impl Fn(Value) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut all: JoinSet<()> = effects().into_iter().map(tries).collect();
    while let Some(tried) = all.join_next().await {
        if let Err(failed) = tried {
            std::panic::resume_unwind(failed.into_panic());
        }
    }
}

#[test]
fn every_effect_of_the_fault_language_but_the_clocks_is_tried() {
    let tried = effects();
    let missing = Effect::REQUEST_KEYS
        .iter()
        .find(|key| **key != "clock" && !tried.iter().any(|effect| effect.get(**key).is_some()));
    assert_eq!(missing, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_meets_two_polls_the_operators_save_arrives() {
    for_every_effect(meets_two_polls).await;
}

async fn meets_two_polls(effect: Value) {
    // An honest looking differential without its items is what the hourly list is for.
    let lies = effect.get("empty_page").or(effect.get("short_page")).is_some();
    let Some(fault) = aimed("since#1..2", &effect).filter(|_| !lies) else {
        return;
    };
    let stage = serve(world(3)).await;
    let cache = stage.ready().await;
    stage.arm(&fault);
    stage.operator_saves(2, 7);
    stage.until_equal(&cache).await;
    stage.until_asked(Operation::Since, 4).await;
    assert!(stage.fired() >= 1, "{fault}");
    assert_eq!(cache.view().len(), 3, "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_meets_the_second_page_the_first_list_is_whole() {
    for_every_effect(meets_the_second_page).await;
}

async fn meets_the_second_page(effect: Value) {
    let Some(fault) = aimed("list/2#1", &effect) else {
        return;
    };
    let options = WorldOptions { page_size: Some(2), faults: Some(fault.clone()), ..world(5) };
    let stage = serve(options).await;
    let cache = stage.ready().await;
    assert_eq!(cache.view().len(), 5, "{fault}");
    stage.until_equal(&cache).await;
    assert!(stage.fired() >= 1, "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_meets_a_save_it_ends_once_and_reads_tell_the_truth() {
    for_every_effect(meets_a_save).await;
}

async fn meets_a_save(effect: Value) {
    let Some(fault) = aimed("update_settings#1", &effect) else {
        return;
    };
    let stage = serve(world(2)).await;
    let mut config = stage.config();
    // Known, so that a slow answer about the account refuses no save.
    config.plugin_id = Some(stage.server.info().plugin_id.to_string().parse().unwrap());
    let cache: Cache<Value> = Cache::start(config).unwrap();
    within("readiness", cache.ready()).await.unwrap();
    stage.arm(&fault);
    let outcome = within("the save", cache.update(w(1), &json!({"w": 7}))).await;
    let shown = cache.get(&w(1)).unwrap().value().unwrap()["w"].clone();
    match &outcome {
        SaveOutcome::Done => assert_eq!(shown, 7, "{fault}"),
        SaveOutcome::Refused(_) => assert_eq!(shown, Value::Null, "{fault}"),
        SaveOutcome::Unknown { .. } => {}
    }
    stage.until_equal(&cache).await;
    assert_eq!(stage.asked(Operation::UpdateSettings), 1, "{fault}: {outcome:?}");
    assert_eq!(stage.fired(), 1, "{fault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_official_length_costs_each_page_once() {
    let stage = serve(world(2_400)).await;
    let mut config = stage.config();
    // However slow the machine is, no page is given up and asked for again.
    config.request_timeout = Duration::from_secs(60);
    let cache: Cache<Value> = Cache::start(config).unwrap();
    within("readiness", cache.ready()).await.unwrap();
    assert_eq!(cache.view().len(), 2_400);
    stage.until_equal(&cache).await;
    // 120 pages of 20, and the empty one twice.
    assert_eq!(stage.asked(Operation::List), 122);
}

#[tokio::test(flavor = "multi_thread")]
async fn websites_that_leave_and_join_while_a_long_list_is_read_are_neither_lost_nor_kept() {
    let stage = serve(world(2_000)).await;
    let cache = stage.cache();
    stage.until_asked(Operation::List, 30).await;
    stage.uninstalls(1);
    stage.uninstalls(1_999);
    stage.installs(3_000);
    stage.operator_saves(2, 7);
    within("readiness", cache.ready()).await.unwrap();
    stage.until_equal(&cache).await;
    assert_eq!(cache.view().len(), 1_999);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_the_middle_of_a_list_and_comes_back_is_listed_whole() {
    let stage = serve(world(2_000)).await;
    let cache = stage.cache();
    stage.until_asked(Operation::List, 40).await;
    let stage = stage.again(world(1_990)).await;
    within("readiness", cache.ready()).await.unwrap();
    stage.until_equal(&cache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_there_is_no_server_saves_are_refused_reads_serve_and_the_status_says_stale() {
    let stage = serve(world(3)).await;
    let mut config = stage.config();
    config.plugin_id = Some(stage.server.info().plugin_id.to_string().parse().unwrap());
    let cache: Cache<Value> = Cache::start(config).unwrap();
    within("readiness", cache.ready()).await.unwrap();
    let (info, address) = (stage.server.info().clone(), stage.server.addresses()[0]);
    stage.server.stop().await;
    let outcome = within("the save", cache.save(w(1), &json!({"v": 2}))).await;
    assert!(
        matches!(outcome, SaveOutcome::Refused(Refusal::NotSent) | SaveOutcome::Unknown { .. }),
        "{outcome:?}"
    );
    assert_eq!(cache.view().len(), 3);
    let stale = async {
        while !matches!(cache.status().unwrap().freshness, Freshness::Stale { age: Some(_) }) {
            tokio::task::yield_now().await;
        }
    };
    within("a stale status", stale).await;
    let options = crisp_mock_server::server::ServerOptions { listen: address, ..world(3).into() };
    let server = crisp_mock_server::server::MockServer::start(options).await.unwrap();
    assert_eq!(server.info().key, info.key, "the development pair is fixed");
    let stage = Stage::of(server);
    stage.operator_saves(3, 9);
    stage.until_equal(&cache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_clock_ten_minutes_off_loses_nothing() {
    for skew in [-600_000, 600_000] {
        let stage = serve(world(3)).await;
        stage.with(|space, _| space.clock.skew(skew));
        let cache = stage.ready().await;
        for v in 1..=5 {
            stage.operator_saves(1, v);
            stage.until_equal(&cache).await;
        }
        stage.uninstalls(2);
        stage.until_equal(&cache).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_clock_that_steps_ten_minutes_is_noticed_and_nothing_is_lost() {
    for skew in [-600_000, 600_000] {
        let stage = serve(world(3)).await;
        let cache = stage.ready().await;
        stage.with(|space, _| space.clock.skew(skew));
        stage.operator_saves(1, 7);
        stage.uninstalls(2);
        stage.installs(9);
        stage.until_equal(&cache).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_quota_is_waited_out_and_what_changed_meanwhile_arrives() {
    let options = WorldOptions { quota: Some(12.into()), ..world(3) };
    let stage = serve(options).await;
    let cache = stage.ready().await;
    let spent = |space: &crisp_mock_server::space::Space| {
        space.journal.counts().values().any(|statuses| statuses.contains_key("429"))
    };
    stage.until("a spent quota", spent).await;
    stage.operator_saves(1, 7);
    stage.uninstalls(2);
    let asked = stage.asked(Operation::Since);
    stage.until_asked(Operation::Since, asked + 2).await;
    assert_eq!(cache.view().len(), 3, "no answer has shown it yet");
    stage.with(|space, _| {
        space.world.quota.limit = None;
        space.clock.advance(Duration::from_secs(86_400));
    });
    stage.until_equal(&cache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_for_a_while_stops_nothing_for_good() {
    let stage = serve(world(3)).await;
    let cache = stage.ready().await;
    stage.arm(&json!({"window": "0s..", "status": 401}));
    stage
        .until("refusals", |space| {
            let refused =
                |statuses: &std::collections::BTreeMap<String, u64>| statuses.get("401").copied();
            space.journal.counts().values().filter_map(refused).sum::<u64>() >= 3
        })
        .await;
    let status = cache.status().unwrap();
    assert!(matches!(status.freshness, Freshness::Stale { age: Some(_) }), "{status}");
    assert!(status.last_error.unwrap().contains("401"));
    stage.operator_saves(1, 7);
    stage.disarm();
    stage.until_equal(&cache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_panics_is_called_again_and_loses_no_later_change() {
    let stage = serve(world(3)).await;
    let (heard, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let cache: Cache<Value> = Cache::builder(stage.config())
        .on_change(move |change| {
            assert!(counted.fetch_add(1, Ordering::Relaxed) > 0, "the plugin's own bug");
            heard.send(change.website()).unwrap();
        })
        .start()
        .unwrap();
    within("readiness", cache.ready()).await.unwrap();
    stage.operator_saves(3, 7);
    stage.until_equal(&cache).await;
    let mut ids = Vec::new();
    while ids.len() < 3 {
        ids.push(within("the callback", hears.recv()).await.unwrap());
    }
    assert_eq!(calls.load(Ordering::Relaxed), 4, "three joined, one changed");
    assert_eq!(ids.last(), Some(&w(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_the_save_under_way_and_ends_everything_else() {
    let stage = serve(world(3)).await;
    let cache = stage.ready().await;
    assert_eq!(cache.save(w(2), &json!({"v": 1})).await, SaveOutcome::Done);
    stage.arm(&json!({"at": "save_settings", "delay": "300ms"}));
    let saving = tokio::spawn({
        let cache = cache.clone();
        async move { cache.save(w(1), &json!({"v": 8})).await }
    });
    stage.until_asked(Operation::SaveSettings, 2).await;
    within("the stop", cache.stop()).await;
    assert_eq!(saving.await.unwrap(), SaveOutcome::Done);
    assert_eq!(cache.get(&w(1)).unwrap().value(), Some(&json!({"v": 8})));
    let later = cache.save(w(1), &json!({"v": 9})).await;
    assert_eq!(later, SaveOutcome::Refused(Refusal::Stopped));
    assert_eq!(cache.view().len(), 3, "the last view stays readable");
}
