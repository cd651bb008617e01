use crisp_mock_server::options::WorldOptions;
use serde_json::{Value, json};

use crate::talk::{control, emulator};

#[tokio::test]
async fn an_event_of_any_name_is_sent_with_members_over_those_that_it_has() {
    let emulator = emulator(WorldOptions::default());
    let sent = json!({"event": "message:send", "data": {"content": "Hi", "extra": 1}});
    let (status, event) = control(&emulator, "POST /_mock/events", sent).await;
    assert_eq!(status, 201, "{event}");
    let id: crisp_mock_server::id::WebsiteId = "w1".parse().unwrap();
    assert_eq!(event["website_id"], json!(id), "the first website that has the plugin");
    assert_eq!((&event["seq"], &event["data"]["website_id"]), (&json!(1), &json!(id)));
    assert_eq!(event["data"]["content"], "Hi");
    assert_eq!(event["data"]["extra"], 1);
    assert_eq!(event["data"]["from"], "user");
    assert_eq!(event["timestamp"], 1_767_268_800_000_i64, "by the world's clock");

    let unknown = json!({"event": "bucket:url:upload:generated", "website_id": "w2"});
    let (status, event) = control(&emulator, "POST /_mock/events", unknown).await;
    assert_eq!((status, &event["seq"]), (201, &json!(2)));
    let (_, listed) = control(&emulator, "GET /_mock/events", Value::Null).await;
    assert_eq!(listed["events"][1], event);
    assert_eq!(listed["last_seq"], 2);
}

#[tokio::test]
async fn an_event_is_refused_with_its_reason_and_nothing_is_sent() {
    let emulator = emulator(WorldOptions::default());
    for (sent, status, reason) in [
        (json!({"event": "message"}), 400, "`message` is not the name of an event"),
        (json!({"event": "message:send", "website_id": "w9"}), 404, "does not have the plugin"),
        (json!({"event": "message:send", "data": []}), 400, "data"),
        (json!({}), 400, "event"),
    ] {
        let (answered, body) = control(&emulator, "POST /_mock/events", sent.clone()).await;
        let error = body["error"].as_str().unwrap_or_default();
        assert!(answered == status && error.contains(reason), "{sent}: {answered} {error}");
    }
    for website in ["w1", "w2", "w3"] {
        control(&emulator, &format!("DELETE /_mock/websites/{website}"), Value::Null).await;
    }
    let sent = json!({"event": "message:send"});
    assert_eq!(control(&emulator, "POST /_mock/events", sent).await.0, 409);
    let (_, listed) = control(&emulator, "GET /_mock/events", Value::Null).await;
    assert_eq!(listed["last_seq"], 3, "three removals alone: {listed}");
}

#[tokio::test]
async fn numbers_of_events_are_not_used_again_after_a_dump_is_put_back_or_a_reset() {
    let emulator = emulator(WorldOptions::default());
    let send = async || {
        let sent = json!({"event": "message:send"});
        control(&emulator, "POST /_mock/events", sent).await.1["seq"].clone()
    };
    assert_eq!(send().await, 1);
    let (_, state) = control(&emulator, "GET /_mock/state", Value::Null).await;
    assert_eq!(control(&emulator, "PUT /_mock/state", state).await.0, 200);
    assert_eq!(send().await, 2);
    control(&emulator, "POST /_mock/reset", Value::Null).await;
    let (_, listed) = control(&emulator, "GET /_mock/events", Value::Null).await;
    assert_eq!(listed, json!({"events": [], "last_seq": 2}));
    assert_eq!(send().await, 3);
}
