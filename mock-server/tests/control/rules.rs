use crisp_mock_server::options::WorldOptions;
use serde_json::{Value, json};

use crate::talk::{control, emulator, plugin, settings_path};

#[tokio::test]
async fn an_invalid_schema_is_refused_with_an_explanation_and_changes_nothing() {
    let emulator = emulator(WorldOptions::default());
    let (_, before) = control(&emulator, "GET /_mock/schema", Value::Null).await;
    let bad = json!({"type": "object", "properties": {"a": {"type": "strin"}}});
    let (status, body) = control(&emulator, "PUT /_mock/schema", bad).await;
    assert_eq!(status, 400);
    let error = body["error"].as_str().unwrap();
    assert!(error.contains("/properties/a/type"), "{error}");
    assert_eq!(control(&emulator, "GET /_mock/schema", Value::Null).await.1, before);
}

#[tokio::test]
async fn a_new_schema_is_what_saves_are_held_against() {
    let emulator = emulator(WorldOptions::default());
    let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": false});
    let (status, _) = control(&emulator, "PUT /_mock/schema", schema.clone()).await;
    assert_eq!(status, 200);
    let path = settings_path(emulator.info(), "w1");
    let (status, body) =
        plugin(&emulator, emulator.info(), &format!("PUT {path}"), json!({"message": "x"})).await;
    assert_eq!((status, &body["reason"]), (400, &json!("invalid_data")));
    assert_eq!(body["data"]["namespace"], "body");
    let (status, _) =
        plugin(&emulator, emulator.info(), &format!("PUT {path}"), json!({"n": 1})).await;
    assert_eq!(status, 200);
    let (_, read) = plugin(&emulator, emulator.info(), &format!("GET {path}"), Value::Null).await;
    assert_eq!(read["data"]["schema"], schema);
    assert_eq!(read["data"]["settings"], json!({"n": 1}));
}

#[tokio::test]
async fn quirks_can_be_read_and_set_one_by_one() {
    let emulator = emulator(WorldOptions::default());
    let (_, body) =
        control(&emulator, "PUT /_mock/quirks", json!({"list-status": 200, "page_size": 1})).await;
    assert_eq!((&body["list-status"], &body["page-size"]), (&json!("200"), &json!("1")));
    assert_eq!(body["since-status"], "200", "the others stay");
    let (status, body) =
        plugin(&emulator, emulator.info(), "GET plugin/connect/websites/all/1", Value::Null).await;
    assert_eq!((status, body["data"].as_array().unwrap().len()), (200, 1));
    let (status, body) = control(&emulator, "PUT /_mock/quirks", json!({"list-statsu": 200})).await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().contains("the nearest is `list-status`"), "{body}");
}

#[tokio::test]
async fn a_draft_under_which_the_schema_is_invalid_is_refused() {
    let schema =
        json!({"type": "object", "properties": {"n": {"minimum": 1, "exclusiveMinimum": true}}});
    let emulator = emulator(WorldOptions {
        schema: Some(schema),
        quirks: Some(serde_json::from_value(json!({"schema-draft": "draft-04"})).unwrap()),
        ..Default::default()
    });
    let (status, body) =
        control(&emulator, "PUT /_mock/quirks", json!({"schema-draft": "2020-12"})).await;
    assert_eq!(status, 409, "{body}");
    let (_, quirks) = control(&emulator, "GET /_mock/quirks", Value::Null).await;
    assert_eq!(quirks["schema-draft"], "draft-04");
}

#[tokio::test]
async fn a_quota_can_be_set_and_lifted() {
    let emulator = emulator(WorldOptions::default());
    let account = async || {
        plugin(&emulator, emulator.info(), "GET plugin/connect/account", Value::Null).await.0
    };
    control(&emulator, "PUT /_mock/quota", json!({"limit": 100, "used": 100})).await;
    assert_eq!(account().await, 429);
    let (_, quota) = control(&emulator, "PUT /_mock/quota", json!({"limit": null})).await;
    assert_eq!(quota["limit"], Value::Null);
    assert_eq!(account().await, 200);
    assert_eq!(control(&emulator, "PUT /_mock/quota", json!({})).await.0, 400);
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_point_and_settings_stay_as_they_were_sent() {
    let emulator = emulator(WorldOptions::default());
    control(&emulator, "PUT /_mock/quirks", json!({"numbers": "as-sent", "page-size": 7.0})).await;
    let (status, quota) =
        control(&emulator, "PUT /_mock/quota", json!({"limit": 20.0, "used": 1.8e19})).await;
    assert_eq!((status, &quota["limit"]), (200, &json!(20)), "{quota}");
    assert_eq!(quota["used"], 18_000_000_000_000_000_000_u64);
    let website = json!({"website_id": "w90", "price": 12.0, "settings": {"price": 12.0}});
    let (_, website) = control(&emulator, "POST /_mock/websites", website).await;
    assert_eq!((&website["price"], &website["settings"]["price"]), (&json!(12), &json!(12.0)));
    for odd in [json!(1.5), json!(2e19), json!(-1.0)] {
        let (status, said) = control(&emulator, "PUT /_mock/quota", json!({"limit": odd})).await;
        assert_eq!(status, 400, "{odd}: {said}");
    }
}
