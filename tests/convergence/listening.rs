//! The cache listens to the RTM API of a real server. Where polls are ten minutes apart, what is
//! shown within a test was shown because of an event.

use std::time::Duration;

use crisp_mock_server::operation::Operation;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::quirks::Settings;
use crisp_sync::machine::{SocketState, Status};
use crisp_sync::{Cache, Config, Listening, Waits};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::stage::{Stage, serve, w, within, world};

/// Far longer than any test takes.
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// Polls ten minutes apart, with and without a socket; reconnects in a hurry.
fn listening(stage: &Stage) -> Config {
    let mut listening = Listening::default();
    let [base, cap] = [20, 100].map(Duration::from_millis);
    listening.reconnect = Waits { base, cap };
    let mut config = stage.config();
    config.poll_every = TEN_MINUTES;
    config.settle = Duration::from_millis(500);
    config.request_timeout = Duration::from_secs(5);
    config.listening = Some(listening);
    config
}

fn started(config: Config) -> Cache<Value> {
    Cache::builder(config).listen().start().unwrap()
}

/// Waits until the cache's status is so.
async fn until(what: &str, cache: &Cache<Value>, so: impl Fn(&Status) -> bool) {
    let wait = async {
        while !cache.status().is_some_and(|status| so(&status)) {
            tokio::task::yield_now().await;
        }
    };
    within(what, wait).await;
}

/// A cache that is ready and hears.
async fn live(stage: &Stage) -> Cache<Value> {
    let cache = started(listening(stage));
    within("readiness", cache.ready()).await.unwrap();
    until("a live socket", &cache, |status| status.socket == SocketState::Live).await;
    cache
}

fn quirky(websites: u32, quirks: &[(&str, &str)], faults: Value) -> WorldOptions {
    let owned = quirks.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    WorldOptions {
        quirks: Some(Settings(owned.collect())),
        faults: (!faults.is_null()).then_some(faults),
        ..world(websites)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_is_shown_within_a_second_because_of_its_event() {
    let stage = serve(world(3)).await;
    let mut config = listening(&stage);
    // What contradicts a list this soon after it would be read alone first.
    config.settle = Duration::from_millis(1);
    let cache = started(config);
    until("a live socket", &cache, |status| status.socket == SocketState::Live).await;
    let mut fastest = TEN_MINUTES;
    for v in 1..=9 {
        let saved = Instant::now();
        stage.operator_saves(2, v);
        stage.until_equal(&cache).await;
        fastest = fastest.min(saved.elapsed());
    }
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
    assert!(cache.status().unwrap().counters.events >= 1);
    assert_eq!(stage.asked(Operation::Endpoints), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_website_that_comes_is_shown_with_its_token_and_heard_from_then_on_until_it_leaves() {
    let stage = serve(world(3)).await;
    let cache = live(&stage).await;
    stage.installs(9);
    stage.until_equal(&cache).await;
    stage.operator_saves(9, 7);
    stage.until_equal(&cache).await;
    stage.uninstalls(9);
    stage.until_equal(&cache).await;
    assert_eq!(cache.view().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_install_that_is_told_by_a_poll_alone_is_heard_after_it() {
    let stage = serve(quirky(3, &[("rtm-installed", "withheld")], Value::Null)).await;
    let cache = live(&stage).await;
    stage.installs(9);
    cache.poll_now().await;
    stage.until_equal(&cache).await;
    stage.operator_saves(9, 7);
    stage.until_equal(&cache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_while_the_socket_is_down_is_shown_when_it_is_back() {
    let stage = serve(world(3)).await;
    let cache = live(&stage).await;
    stage.with(|space, _| space.sockets.kick_all());
    stage.operator_saves(1, 7);
    stage.until_equal(&cache).await;
    until("another socket", &cache, |status| status.counters.connects >= 2).await;
    stage.operator_saves(1, 8);
    stage.until_equal(&cache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_after_a_restart_is_heard_again() {
    let stage = serve(world(3)).await;
    let cache = live(&stage).await;
    let stage = stage.again(world(3)).await;
    stage.operator_saves(2, 7);
    stage.until_equal(&cache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_without_heartbeats_is_replaced() {
    let quirks = [("rtm-ping-interval", "500ms"), ("rtm-ping-timeout", "500ms")];
    let stage = serve(quirky(3, &quirks, json!({"at": "rtm#1", "mute_pings": true}))).await;
    let cache = live(&stage).await;
    until("another socket", &cache, |status| status.counters.connects >= 2).await;
    until("a live socket", &cache, |status| status.socket == SocketState::Live).await;
    stage.operator_saves(1, 7);
    stage.until_equal(&cache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_meets_the_first_handshake_the_cache_is_ready_and_hears_later() {
    for fault in ["status", "reset", "hang", "close", "lose_answer", "kick", "refuse_auth"] {
        let effect = if fault == "status" { json!(503) } else { json!(true) };
        let stage = serve(quirky(3, &[], json!({"at": "rtm#1", fault: effect}))).await;
        let mut config = listening(&stage);
        config.listening.as_mut().unwrap().connect_timeout = Duration::from_secs(1);
        let cache = started(config);
        within("readiness", cache.ready()).await.unwrap();
        // The error itself goes as soon as another socket is live.
        stage.until(fault, |space| space.faults.list().iter().any(|it| it.fired > 0)).await;
        until(fault, &cache, |status| status.socket == SocketState::Live).await;
        stage.operator_saves(2, 7);
        stage.until_equal(&cache).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_authentication_is_told_and_polls_go_on() {
    let stage = serve(quirky(3, &[], json!({"at": "rtm", "refuse_auth": true}))).await;
    let mut config = listening(&stage);
    config.poll_every = Duration::from_millis(50);
    let cache = started(config);
    within("readiness", cache.ready()).await.unwrap();
    let refused = |status: &Status| {
        let error = status.socket_error.as_deref().unwrap_or_default();
        error.contains("refused the authentication (invalid_credentials)")
    };
    until("the refusal", &cache, refused).await;
    stage.operator_saves(2, 7);
    stage.until_equal(&cache).await;
    assert_eq!(cache.status().unwrap().counters.connects, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_save_while_the_list_is_read_is_shown() {
    let stage = serve(WorldOptions { page_size: Some(1), ..world(60) }).await;
    let cache = started(listening(&stage));
    stage.until_asked(Operation::List, 20).await;
    stage.operator_saves(1, 7);
    stage.operator_saves(59, 7);
    stage.until_equal(&cache).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_late_or_out_of_order_leave_the_cache_right() {
    for effect in [json!({"delay": "300ms"}), json!({"hold_order": true})] {
        let mut fault = effect.clone();
        fault["at"] = "rtm_event#every:2".into();
        let stage = serve(quirky(3, &[], fault)).await;
        let cache = live(&stage).await;
        for v in 1..=9 {
            stage.operator_saves(1 + v as u32 % 3, v);
        }
        stage.until_equal(&cache).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_lost_are_made_up_for_by_the_next_poll() {
    let stage = serve(quirky(3, &[], json!({"at": "rtm_event", "drop": true}))).await;
    let mut config = listening(&stage);
    config.poll_every = Duration::from_millis(50);
    config.listening.as_mut().unwrap().poll_every = Duration::from_millis(300);
    let cache = started(config);
    until("a live socket", &cache, |status| status.socket == SocketState::Live).await;
    for v in 1..=3 {
        stage.operator_saves(2, v);
        stage.until_equal(&cache).await;
    }
    assert_eq!(cache.status().unwrap().counters.events, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_closes_the_socket_and_does_not_wait_for_a_handshake() {
    let stage = serve(world(3)).await;
    let cache = live(&stage).await;
    within("the stop", cache.stop()).await;
    stage.until("no socket", |space| space.sockets.list().is_empty()).await;

    let stage = serve(quirky(3, &[], json!({"at": "rtm#1", "hang": true}))).await;
    let mut config = listening(&stage);
    config.listening.as_mut().unwrap().connect_timeout = TEN_MINUTES;
    let cache = started(config);
    stage.until_asked(Operation::Rtm, 1).await;
    within("the stop", cache.stop()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_own_save_is_heard_as_an_event_and_stays() {
    let stage = serve(world(3)).await;
    let cache = live(&stage).await;
    for v in 1..=3 {
        let outcome = within("the save", cache.update(w(1), &json!({"v": v}))).await;
        assert_eq!(outcome, crisp_sync::machine::SaveOutcome::Done);
        assert_eq!(cache.get(&w(1)).unwrap().value().unwrap()["v"], v);
    }
    stage.until_equal(&cache).await;
}
