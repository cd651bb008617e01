use crisp_mock_server::options::WorldOptions;
use serde_json::{Value, json};

use crate::talk::{control, emulator, plugin};

#[tokio::test]
async fn the_truth_shows_every_field_of_the_product_surface() {
    let emulator = emulator(WorldOptions {
        settings_url: Some("http://localhost:1234/config.html?theme=dark".into()),
        unconfigured: Some(1),
        ..Default::default()
    });
    let (status, body) = control(&emulator, "GET /_mock/websites", Value::Null).await;
    assert_eq!(status, 200);
    let websites = body["websites"].as_object().unwrap();
    assert_eq!(websites.len(), 3);
    for (id, website) in websites {
        let token = website["token"].as_str().unwrap();
        assert_eq!(website["installed_at"], "2025-12-02T12:00:00.000Z", "30 days before the start");
        let page = format!(
            "http://localhost:1234/config.html?theme=dark&website_id={id}&token={token}&locale=en"
        );
        assert_eq!(website["settings_url"], json!(page));
        for field in ["settings", "configured", "plan", "price", "changed_at"] {
            assert!(website.get(field).is_some(), "{field} is missing");
        }
    }
    let configured = websites.values().filter(|website| website["configured"] == true).count();
    assert_eq!(configured, 2);
}

#[tokio::test]
async fn an_install_without_an_id_takes_the_next_short_name() {
    let emulator = emulator(WorldOptions::default());
    let (status, body) = control(
        &emulator,
        "POST /_mock/websites",
        json!({"settings": {"message": "Hi"}, "plan": "Plus"}),
    )
    .await;
    assert_eq!(status, 201);
    assert_eq!(body["name"], "w4");
    assert_eq!(body["settings"], json!({"message": "Hi"}));
    assert_eq!(body["plan"]["name"], "Plus");
    let (_, listed) =
        plugin(&emulator, emulator.info(), "GET plugin/connect/websites/all/1", Value::Null).await;
    assert_eq!(listed["data"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn installing_twice_or_naming_nonsense_is_refused_with_a_hint() {
    let emulator = emulator(WorldOptions::default());
    let (status, body) =
        control(&emulator, "POST /_mock/websites", json!({"website_id": "w1"})).await;
    assert_eq!(status, 409);
    assert_eq!(
        body["error"],
        "website w1 has the plugin already: uninstall it first, or name another"
    );
    for (call, sent) in [
        ("POST /_mock/websites", json!({"website_id": "website-one"})),
        ("POST /_mock/websites", json!({"setings": {}})),
        ("POST /_mock/websites", json!({"price": 70_000})),
        ("POST /_mock/websites", json!([])),
        ("PATCH /_mock/websites/w1", json!({})),
        ("GET /_mock/websites/w01", Value::Null),
        ("PUT /_mock/websites/w1/settings", json!("text")),
        ("PUT /_mock/websites/w1/settings", json!({"message": 7})),
    ] {
        let (status, body) = control(&emulator, call, sent).await;
        assert_eq!(status, 400, "{call}");
        assert!(body["error"].is_string() && body["hint"].is_string(), "{call}: {body}");
    }
    let (_, body) = control(&emulator, "GET /_mock/websites", Value::Null).await;
    assert_eq!(body["websites"].as_object().unwrap().len(), 3, "nothing was changed");
}

#[tokio::test]
async fn an_operators_changes_reach_the_differential() {
    let emulator = emulator(WorldOptions::default());
    control(&emulator, "POST /_mock/clock", json!({"advance": "10s"})).await;
    control(&emulator, "PUT /_mock/websites/w1/settings", json!({"message": "new"})).await;
    control(&emulator, "PATCH /_mock/websites/w2", json!({"plan": "Mini", "price": 45})).await;
    control(&emulator, "DELETE /_mock/websites/w3", Value::Null).await;
    control(&emulator, "POST /_mock/websites", json!({"website_id": "w9"})).await;
    let since = "GET plugin/connect/websites/since?date_since=2026-01-01T12:00:05Z&include_plan=1";
    let (status, body) = plugin(&emulator, emulator.info(), since, Value::Null).await;
    assert_eq!(status, 200);
    let items = body["data"].as_array().unwrap();
    let differences: Vec<_> =
        items.iter().map(|item| item["difference"].as_str().unwrap()).collect();
    assert_eq!(differences, ["updated", "updated", "removed", "added"]);
    assert_eq!(items[0]["settings"], json!({"message": "new"}));
    assert_eq!(items[1]["plan"]["name"], "Mini");
    assert_eq!(items[1]["price"], 45);
}

#[tokio::test]
async fn what_is_not_installed_is_not_found() {
    let emulator = emulator(WorldOptions::default());
    for call in ["GET /_mock/websites/w8", "DELETE /_mock/websites/w8", "PATCH /_mock/websites/w8"]
    {
        let (status, body) = control(&emulator, call, json!({"price": 1})).await;
        assert_eq!(status, 404, "{call}");
        assert!(body["error"].as_str().unwrap().starts_with("website w8 ("), "{body}");
    }
}

#[tokio::test]
async fn the_events_that_hooks_would_carry_can_be_read() {
    let emulator = emulator(WorldOptions::default());
    control(&emulator, "PUT /_mock/websites/w1/settings", json!({"message": "new"})).await;
    control(&emulator, "DELETE /_mock/websites/w1", Value::Null).await;
    let (_, body) = control(&emulator, "GET /_mock/events", Value::Null).await;
    let events = body["events"].as_array().unwrap();
    assert_eq!(events[0]["event"], "plugin:settings:saved");
    assert_eq!(events[0]["data"]["settings"], json!({"message": "new"}));
    assert_eq!(events[1]["event"], "plugin:subscription:updated");
    assert_eq!(events[1]["data"]["bound"], false);
}
