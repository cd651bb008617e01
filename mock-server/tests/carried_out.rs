//! With any plan, the truth is what the requests that were carried out have made of it.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::clock::Stamp;
use crisp_mock_server::fault::{FaultPlan, Outcome};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::options::{Blueprint, WorldOptions};
use crisp_mock_server::space::{Outside, Space};
use http::{Method, Request};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The effects with which a write counts; with any other it does not.
const COUNTING: [&str; 5] = ["delay", "drip", "cut_body", "lose_answer", "hold_order"];

/// All effects that can meet a write.
fn effects() -> Vec<Value> {
    let flags = [
        "hang",
        "reset",
        "close",
        "garbage",
        "html",
        "empty_body",
        "wrong_type",
        "error_envelope",
        "missing_data",
        "null_data",
        "lose_answer",
        "lose_request",
        "hold_order",
    ];
    let flags = flags.into_iter().map(|flag| json!({ flag: true }));
    let others = [
        json!({ "status": 503 }),
        json!({ "throttle": 420 }),
        json!({ "delay": "5s" }),
        json!({ "drip": "1B/s" }),
        json!({ "cut_body": 3 }),
    ];
    flags.chain(others).collect()
}

fn a_fault() -> impl Strategy<Value = Value> {
    let target = prop::sample::select(vec![
        json!({ "at": "save_settings#2..4" }),
        json!({ "at": "save_settings#every:2" }),
        json!({ "at": "save_settings", "website": "w2" }),
        json!({ "at": "save_settings", "times": 2 }),
        json!({ "at": "save_settings", "chance": 0.5, "seed": 3 }),
        json!({ "window": "3s..6s" }),
    ]);
    (target, prop::sample::select(effects())).prop_map(|(mut fault, effect)| {
        fault.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
        fault
    })
}

fn space(faults: Value) -> Space {
    let options = WorldOptions {
        websites: Some(3),
        now: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        faults: Some(faults),
        ..WorldOptions::default()
    };
    let outside = Outside { elapsed: Duration::ZERO, wall: Stamp(0) };
    Space::start("default", Arc::new(Blueprint::new(options).unwrap()), "http://mock", outside)
}

fn request(space: &Space, method: Method, website: u32, body: &Value) -> Request<Bytes> {
    let account = &space.accounts().user;
    let uri = format!(
        "/v1/plugins/subscription/{}/{}/settings",
        WebsiteId::numbered(website),
        space.plugin().id
    );
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("{}:{}", account.identifier, account.key),
    );
    Request::builder()
        .method(method)
        .uri(uri)
        .header("authorization", format!("Basic {basic}"))
        .header("x-crisp-tier", "user")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

/// The settings that a read without faults gives.
fn truth(space: &mut Space, website: u32) -> Value {
    space.faults.clear();
    let request = request(space, Method::GET, website, &json!({}));
    let handled = space.handle(Duration::from_secs(100), &request);
    let Outcome::Answer(answer) = handled.delivery.outcome else {
        panic!("no fault is armed");
    };
    let body: Value = serde_json::from_slice(answer.body()).unwrap();
    body["data"]["settings"].clone()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn truth_is_what_carried_out_writes_made_of_it(
        plan in prop::collection::vec(a_fault(), 0..6),
        writes in prop::collection::vec(1_u32..=3, 1..12),
    ) {
        let plan = json!(plan);
        prop_assert!(FaultPlan::parse(&plan).is_ok());
        let mut space = space(plan);
        let mut model = BTreeMap::new();
        for (second, website) in writes.into_iter().enumerate() {
            let settings = json!({ "message": format!("write {second}") });
            let put = request(&space, Method::PUT, website, &settings);
            let seq = space.handle(Duration::from_secs(second as u64), &put).seq;
            let journal = space.journal.last().unwrap();
            prop_assert_eq!(journal.seq, seq);
            let counts = |key: &str| COUNTING.contains(&key);
            if journal.faults.iter().all(|fired| counts(fired.fault.effect.key())) {
                model.insert(website, settings);
            }
        }
        for (website, settings) in model {
            prop_assert_eq!(truth(&mut space, website), settings, "w{}", website);
        }
    }
}
