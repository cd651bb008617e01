//! What a plugin saves.

use reqwest::Method;
use serde_json::{Value, json};

use crate::program::Serving;
use crate::sync::{Sync, ctl, id};

async fn save(sync: &Sync, method: Method, website: &str, body: &str) -> (u16, Value) {
    let path = format!("/websites/{website}/settings");
    let response = sync.request(method, &path).body(body.to_owned()).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_save_that_is_done_is_read_at_once_and_is_at_crisp() {
    let serving = Serving::start(&["--websites", "3"]);
    ctl(&serving, &["save", "w1", "message=one", "color=red"]);
    let sync = Sync::of(&serving).await;
    let website = id("w1");
    let (status, body) = save(&sync, Method::PATCH, &website, r#"{"message":"two"}"#).await;
    assert_eq!((status, body["outcome"].as_str()), (200, Some("done")), "{body}");
    let (_, read) = sync.json(&format!("/websites/{website}")).await;
    assert_eq!((&body["website"], &read["settings"]["message"]), (&read, &json!("two")));
    let (status, _) = save(&sync, Method::PUT, &website, r#"{"message":"three"}"#).await;
    let (_, read) = sync.json(&format!("/websites/{website}")).await;
    assert_eq!((status, &read["settings"]), (200, &json!({ "message": "three" })));
    let held = serving.ctl_json(&["websites", "w1"]);
    assert_eq!(held["settings"], json!({ "message": "three" }), "{held}");
}

#[tokio::test]
async fn a_save_that_crisp_refuses_says_so_with_its_reason_and_changes_nothing() {
    let serving = Serving::start(&["--websites", "3"]);
    let sync = Sync::of(&serving).await;
    let (status, body) = save(&sync, Method::PATCH, &id("w9"), r#"{"message":"two"}"#).await;
    assert_eq!((status, body["outcome"].as_str()), (422, Some("refused")), "{body}");
    assert_eq!(body["answer"]["status"], 404, "{body}");
    assert!(body["answer"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{body}");
    assert_eq!(sync.json(&format!("/websites/{}", id("w9"))).await.0, 404);
}

#[tokio::test]
async fn what_is_no_settings_object_is_never_sent() {
    let serving = Serving::start(&["--websites", "3"]);
    let sync = Sync::of(&serving).await;
    let website = id("w1");
    let (_, before) = sync.json(&format!("/websites/{website}")).await;
    for body in ["", "{", "[]", "null", r#""text""#] {
        let (status, answer) = save(&sync, Method::PUT, &website, body).await;
        let reason = answer["error"]["reason"].as_str();
        assert_eq!((status, reason), (400, Some("no_settings")), "{body}: {answer}");
    }
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(1 << 20));
    let (status, answer) = save(&sync, Method::PUT, &website, &long).await;
    assert_eq!((status, answer["error"]["reason"].as_str()), (413, Some("too_large")));
    assert_eq!(sync.json(&format!("/websites/{website}")).await.1, before);
}
