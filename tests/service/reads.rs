//! What a plugin reads.

use reqwest::Method;
use serde_json::{Value, json};

use crate::program::Serving;
use crate::sync::{Sync, ctl, id};

#[tokio::test]
async fn a_website_is_read_with_a_tag_and_again_only_when_it_has_changed() {
    let serving = Serving::start(&["--websites", "3"]);
    ctl(&serving, &["save", "w1", "message=one"]);
    let sync = Sync::of(&serving).await;
    let path = format!("/websites/{}", id("w1"));
    let response = sync.get(&path).await;
    let tag = response.headers()["etag"].clone();
    let website: Value = response.json().await.unwrap();
    assert_eq!(website["settings"], json!({ "message": "one" }));
    assert!(website["token"].as_str().is_some_and(|token| !token.is_empty()), "{website}");
    let again = || sync.request(Method::GET, &path).header("if-none-match", tag.clone()).send();
    let unchanged = again().await.unwrap();
    assert_eq!((unchanged.status().as_u16(), &unchanged.headers()["etag"]), (304, &tag));
    ctl(&serving, &["save", "w1", "message=two"]);
    sync.until(&path, |_, body| body["settings"]["message"] == "two").await;
    assert_eq!(again().await.unwrap().status(), 200);
}

#[tokio::test]
async fn all_websites_come_as_a_list_and_as_a_map_of_settings() {
    let serving = Serving::start(&["--websites", "45"]);
    let sync = Sync::of(&serving).await;
    let (_, list) = sync.json("/websites").await;
    let (_, settings) = sync.json("/settings").await;
    let list = list["websites"].as_array().unwrap().clone();
    assert_eq!(list.len(), 45);
    let as_map =
        list.iter().map(|it| (it["id"].as_str().unwrap().to_owned(), it["settings"].clone()));
    assert_eq!(Value::Object(as_map.collect()), settings);
}

#[tokio::test]
async fn what_is_not_there_is_refused_with_the_reason() {
    let serving = Serving::start(&["--websites", "3"]);
    let sync = Sync::of(&serving).await;
    for (path, status, reason) in [
        (format!("/websites/{}", id("w9")), 404, "not_installed"),
        ("/websites/w1".to_owned(), 400, "no_website_id"),
        ("/website".to_owned(), 404, "no_such_address"),
    ] {
        let (got, body) = sync.json(&path).await;
        assert_eq!((got, body["error"]["reason"].as_str()), (status, Some(reason)), "{body}");
    }
    let posted = sync.request(Method::POST, "/websites").send().await.unwrap();
    assert_eq!(posted.status(), 405);
    assert_eq!(posted.headers()["allow"], "GET, HEAD");
}

#[tokio::test]
async fn status_and_metrics_say_how_old_the_set_is_and_what_is_left_of_the_quota() {
    let serving = Serving::start(&["--websites", "3"]);
    let mut command = crate::sync::plugin_of(&serving);
    let sync = Sync::spawn(command.args(["--quota", "1000"]));
    let status = sync.until("/status", |_, body| body["state"] == "fresh").await;
    assert!(status["age_ms"].as_u64().is_some(), "{status}");
    let quota = &status["quota"];
    let (spent, left) = (quota["spent"].as_u64().unwrap(), quota["left"].as_u64().unwrap());
    assert_eq!((quota["limit"].as_u64(), spent + left), (Some(1000), 1000), "{status}");
    let metrics = sync.get("/metrics").await.text().await.unwrap();
    for line in ["crisp_sync_websites 3", "crisp_sync_fresh 1", "crisp_sync_listeners 0"] {
        assert!(metrics.lines().any(|known| known == line), "{line} is not in\n{metrics}");
    }
    for name in ["crisp_sync_quota_left", "crisp_sync_age_seconds", "crisp_sync_changes_total"] {
        assert!(metrics.lines().any(|line| line.starts_with(name)), "{name} is not in\n{metrics}");
    }
    assert!(metrics.contains(r#"crisp_sync_requests_by_outcome_total{outcome="good"}"#));
}

#[tokio::test]
async fn before_the_first_set_is_whole_everything_says_that_it_is_loading() {
    let serving = Serving::start(&["--websites", "3"]);
    ctl(&serving, &["fault", "list", "status=503"]);
    let sync = Sync::spawn(&mut crate::sync::plugin_of(&serving));
    for path in ["/websites", "/settings", "/readyz", &format!("/websites/{}", id("w1"))] {
        let response = sync.get(path).await;
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.status(), 503, "{path}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["reason"], "loading", "{body}");
    }
    assert_eq!(sync.get("/healthz").await.status(), 200);
    ctl(&serving, &["fault", "--clear"]);
    sync.until("/readyz", |status, _| status == 200).await;
}
