use crisp_mock_server::options::WorldOptions;
use serde_json::{Value, json};

use crate::talk::{control, emulator, plugin};

#[tokio::test]
async fn a_manual_clock_moves_only_when_told_to() {
    let emulator = emulator(WorldOptions::default());
    let (_, before) = control(&emulator, "GET /_mock/clock", Value::Null).await;
    assert_eq!(
        before,
        json!({"now": "2026-01-01T12:00:00.000Z", "mode": "manual", "elapsed_ms": 0})
    );
    let (status, after) =
        control(&emulator, "POST /_mock/clock", json!({"advance": "1m 30s"})).await;
    assert_eq!(status, 200);
    assert_eq!(
        after,
        json!({"now": "2026-01-01T12:01:30.000Z", "mode": "manual", "elapsed_ms": 90_000})
    );
}

#[tokio::test]
async fn skewing_and_setting_move_the_wall_alone() {
    let emulator = emulator(WorldOptions::default());
    let (_, after) = control(&emulator, "POST /_mock/clock", json!({"skew": "-60s"})).await;
    assert_eq!(after["now"], "2026-01-01T11:59:00.000Z");
    let (_, after) =
        control(&emulator, "POST /_mock/clock", json!({"set": "2030-05-05T00:00:00Z"})).await;
    assert_eq!(after["now"], "2030-05-05T00:00:00.000Z");
    assert_eq!(after["elapsed_ms"], 0);
    let request = http::Request::get(format!("{}plugin/connect/account", emulator.info().rest_url));
    let response = emulator.answer(request.body(bytes::Bytes::new()).unwrap()).await.unwrap();
    assert_eq!(response.headers()["date"], "Sun, 05 May 2030 00:00:00 GMT");
}

#[tokio::test]
async fn a_quota_comes_back_at_virtual_midnight() {
    let emulator = emulator(WorldOptions { quota: Some(1.into()), ..Default::default() });
    let account = async || {
        plugin(&emulator, emulator.info(), "GET plugin/connect/account", Value::Null).await.0
    };
    assert_eq!(account().await, 200);
    assert_eq!(account().await, 429);
    let (_, quota) = control(&emulator, "GET /_mock/quota", Value::Null).await;
    assert_eq!(quota, json!({"limit": 1, "used": 2, "resets_at": "2026-01-02T00:00:00.000Z"}));
    control(&emulator, "POST /_mock/clock", json!({"advance": "12h"})).await;
    assert_eq!(account().await, 200);
}

#[tokio::test]
async fn a_step_that_makes_no_sense_moves_nothing() {
    let emulator = emulator(WorldOptions::default());
    for step in [
        json!({}),
        json!({"advance": "1h", "skew": "1h"}),
        json!({"advance": "-1h"}),
        json!({"advance": "soon"}),
        json!({"set": "tomorrow"}),
        json!({"advnace": "1h"}),
    ] {
        let (status, body) = control(&emulator, "POST /_mock/clock", step.clone()).await;
        assert_eq!(status, 400, "{step}: {body}");
    }
    let (_, clock) = control(&emulator, "GET /_mock/clock", Value::Null).await;
    assert_eq!(clock["elapsed_ms"], 0);
}

#[tokio::test]
async fn every_mistake_in_a_body_is_named_at_once_and_nothing_is_changed() {
    let emulator = emulator(WorldOptions::default());
    let (_, before) = control(&emulator, "GET /_mock/websites", Value::Null).await;
    for (call, wrong, said) in [
        (
            "POST /_mock/clock",
            json!({"advanse": "1s", "set": "tomorrow"}),
            [
                "/advanse: a step of the clock has no key `advanse` (did you mean `advance`?)",
                "/set",
            ],
        ),
        (
            "PUT /_mock/quota",
            json!({"limit": -1, "used": "many"}),
            ["/limit: `-1` is out of range", "/used: `many` stands where a whole number should"],
        ),
        (
            "POST /_mock/websites",
            json!({"website_id": "first", "price": 70_000}),
            ["/website_id: `first` is not a website", "/price: `70000` is out of range"],
        ),
        (
            "PUT /_mock/quirks",
            json!({"since-boundry": "exclusive", "page-size": "many"}),
            ["the nearest is `since-boundary`", "`many` does not fit"],
        ),
    ] {
        let (status, answer) = control(&emulator, call, wrong).await;
        let error = answer["error"].as_str().unwrap();
        assert_eq!(status, 400, "{answer}");
        assert!(said.iter().all(|part| error.contains(part)), "{call}: {error}");
    }
    let (_, after) = control(&emulator, "GET /_mock/websites", Value::Null).await;
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_member_that_is_null_is_left_out_but_for_the_limit_of_the_quota() {
    let emulator = emulator(WorldOptions::default());
    let step = json!({"advance": "20s", "skew": null});
    let (status, clock) = control(&emulator, "POST /_mock/clock", step).await;
    assert_eq!((status, &clock["elapsed_ms"]), (200, &json!(20_000)));
    let (_, quota) =
        control(&emulator, "PUT /_mock/quota", json!({"limit": 7, "used": null})).await;
    assert_eq!(quota["limit"], 7);
    let (_, quota) = control(&emulator, "PUT /_mock/quota", json!({"limit": null})).await;
    assert_eq!(quota["limit"], Value::Null);
}

#[tokio::test]
async fn a_reset_brings_back_the_start() {
    let emulator = emulator(WorldOptions {
        faults: Some(json!({"at": "endpoints#1", "status": 503})),
        ..Default::default()
    });
    let (_, at_start) = control(&emulator, "GET /_mock/websites", Value::Null).await;
    let endpoints = async || {
        plugin(&emulator, emulator.info(), "GET plugin/connect/endpoints", Value::Null).await.0
    };
    assert_eq!((endpoints().await, endpoints().await), (503, 200));
    control(&emulator, "POST /_mock/clock", json!({"advance": "1h"})).await;
    control(&emulator, "DELETE /_mock/websites/w1", Value::Null).await;
    control(&emulator, "POST /_mock/faults", json!({"at": "account", "reset": true})).await;
    let (status, _) = control(&emulator, "POST /_mock/reset", Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(control(&emulator, "GET /_mock/websites", Value::Null).await.1, at_start);
    assert_eq!(control(&emulator, "GET /_mock/clock", Value::Null).await.1["elapsed_ms"], 0);
    assert_eq!(control(&emulator, "GET /_mock/requests", Value::Null).await.1["total"], 0);
    let (_, faults) = control(&emulator, "GET /_mock/faults", Value::Null).await;
    assert_eq!(faults["faults"].as_array().unwrap().len(), 1);
    assert_eq!(endpoints().await, 503, "occurrences count from the reset");
}

#[tokio::test]
async fn a_stale_answer_shows_what_was_true_then() {
    let emulator = emulator(WorldOptions::default());
    let list = async || {
        let (_, body) =
            plugin(&emulator, emulator.info(), "GET plugin/connect/websites/all/1", Value::Null)
                .await;
        body["data"][0]["settings"].clone()
    };
    let before = list().await;
    control(&emulator, "POST /_mock/clock", json!({"advance": "2m"})).await;
    control(&emulator, "PUT /_mock/websites/w1/settings", json!({"message": "new"})).await;
    control(&emulator, "POST /_mock/clock", json!({"advance": "30s"})).await;
    control(&emulator, "POST /_mock/faults", json!({"at": "list#1", "stale": "60s"})).await;
    control(&emulator, "POST /_mock/faults", json!({"at": "list#2", "stale": "20s"})).await;
    assert_eq!(list().await, before, "a minute ago it was not saved yet");
    assert_eq!(list().await, json!({"message": "new"}), "twenty seconds ago it was");
}
