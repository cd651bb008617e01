//! The fault plan as users meet it: every example of `docs/faults.md` and the sequence that
//! `examples/flaky.yaml` promises, against a server on a real socket.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

mod agreement;
mod command;
mod document;
mod isolation;
mod journal;
mod many_connections;
mod time;
mod wire;

use crisp_mock_server::clock::Mode;
use crisp_mock_server::fault::{Effect, FaultPlan};
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::MockServer;
use serde_json::{Value, json};

use document::{Example, examples, yaml_blocks};
use wire::{End, Seen, arm, ask, ask_and_wait, control};

const DOCUMENT: &str = include_str!("../../docs/faults.md");
const FLAKY: &str = include_str!("../../examples/flaky.yaml");

/// A world in which nothing differs from run to run: time stands still.
fn world(faults: Option<Value>) -> WorldOptions {
    WorldOptions {
        clock: Some(Mode::Manual),
        now: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        faults,
        ..WorldOptions::default()
    }
}

async fn server(faults: Option<Value>) -> MockServer {
    MockServer::start(world(faults).into()).await.unwrap()
}

#[test]
fn every_effect_has_an_example() {
    let documented: Vec<_> = examples(DOCUMENT).into_iter().map(|e| e.key).collect();
    let missing: Vec<_> = Effect::REQUEST_KEYS
        .into_iter()
        .filter(|key| !documented.iter().any(|documented| documented == key))
        .collect();
    assert_eq!(missing, [""; 0]);
    assert_eq!(documented.len(), Effect::REQUEST_KEYS.len());
}

/// What acts on events has its example where no request shows it (tests/clients/hooks.rs).
#[test]
fn every_effect_on_events_has_a_plan() {
    let plans = yaml_blocks(DOCUMENT).join("");
    for key in Effect::KEYS.into_iter().filter(|key| !Effect::REQUEST_KEYS.contains(key)) {
        assert!(DOCUMENT.contains(&format!("\n### `{key}`\n")), "{key}");
        assert!(plans.contains(&format!("{key}: ")), "{key}");
    }
}

#[test]
fn every_plan_in_the_document_is_a_plan() {
    let blocks = yaml_blocks(DOCUMENT);
    assert!(blocks.len() > Effect::REQUEST_KEYS.len());
    for block in blocks {
        let value: Value = serde_saphyr::from_str(&block).unwrap();
        FaultPlan::parse(&value).unwrap_or_else(|errors| panic!("{block}: {errors:?}"));
    }
}

#[test]
fn every_example_is_the_same_in_yaml_and_json() {
    for example in examples(DOCUMENT) {
        let plan: Value = serde_saphyr::from_str(&example.yaml).unwrap();
        assert_eq!(plan, json!([example.armed]), "{}", example.key);
    }
}

#[tokio::test]
async fn every_example_shows_what_the_wire_shows() {
    for example in examples(DOCUMENT) {
        let server = server(None).await;
        let ids = arm(&server, &example.armed).await;
        assert_eq!(ids, json!({ "ids": [1] }), "{}", example.key);
        let seen = ask_as_documented(&server, &example).await;
        let ending = match seen.end {
            End::Complete => None,
            End::Fin if seen.text.is_empty() => Some("curl: (52) Empty reply from server"),
            End::Fin => Some("curl: (18) transfer closed with "),
            End::Reset => Some("curl: (56) Recv failure: Connection reset by peer"),
            End::Hanging => Some("curl: (28) Operation timed out after "),
        };
        example.agrees_with(&seen.text, ending);
    }
}

/// The self-check: a fault that a caller could not notice would test nothing.
#[tokio::test]
async fn every_fault_can_be_told_from_its_absence() {
    for example in examples(DOCUMENT) {
        let (armed, disarmed) = (server(None).await, server(None).await);
        arm(&armed, &example.armed).await;
        let armed = ask_as_documented(&armed, &example).await;
        let disarmed = ask(&disarmed, &example).await;
        assert_eq!(disarmed.end, End::Complete, "{}", example.key);
        assert!(armed != disarmed, "{} makes no difference", example.key);
    }
}

/// Asks once, and lets time pass where the fault is about time.
async fn ask_as_documented(server: &MockServer, example: &Example) -> Seen {
    match example.key.as_str() {
        "delay" | "drip" | "hold_order" | "hang" => ask_and_wait(server, example).await,
        _ => ask(server, example).await,
    }
}

#[tokio::test]
async fn a_save_counts_when_its_answer_is_lost_and_not_when_its_request_is() {
    for (key, saved) in [("lose_answer", true), ("lose_request", false)] {
        let example = examples(DOCUMENT).into_iter().find(|e| e.key == key).unwrap();
        let server = server(None).await;
        arm(&server, &example.armed).await;
        assert_eq!(ask(&server, &example).await.end, End::Reset);
        let website = control(&server, "GET", "/websites/w1", "").await;
        assert_eq!(website["settings"] == json!({ "message": "Hi" }), saved, "{key}: {website}");
    }
}

#[tokio::test]
async fn the_flaky_example_gives_the_sequence_that_it_describes() {
    let faults: Value = serde_saphyr::from_str(FLAKY).unwrap();
    let server = server(Some(faults)).await;
    let mut rows = 0;
    for (target, expected) in FLAKY.lines().filter_map(document::row) {
        let seen = ask(&server, &Example::of_target(target)).await;
        assert_eq!(document::told(&seen), expected, "{target}: {seen:?}");
        rows += 1;
    }
    assert_eq!(rows, 17);
}

#[tokio::test]
async fn a_server_says_what_fired_and_what_never_did() {
    let server = server(Some(serde_saphyr::from_str(FLAKY).unwrap())).await;
    for _ in 0..3 {
        ask(&server, &Example::of_target("since#1")).await;
    }
    let faults = control(&server, "GET", "/faults", "").await;
    let fired: Vec<_> =
        faults["faults"].as_array().unwrap().iter().map(|f| f["fired"].as_u64().unwrap()).collect();
    assert_eq!(fired, [1, 1, 0, 0, 0, 0, 0, 0, 0]);
    let journal = control(&server, "GET", "/requests", "").await;
    let met: Vec<_> = journal["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["faults"][0]["id"].as_u64())
        .collect();
    assert_eq!(met, [None, Some(1), Some(2)]);
}
