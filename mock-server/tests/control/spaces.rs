use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::InProcess;
use crisp_mock_server::spaces::Info;
use serde_json::{Value, json};

use crate::talk::{control, emulator, plugin, settings_path};

async fn space(emulator: &InProcess, options: Value) -> Info {
    let (status, body) = control(emulator, "POST /_mock/spaces", options).await;
    assert_eq!(status, 201, "{body}");
    serde_json::from_value(body).unwrap()
}

#[tokio::test]
async fn credentials_choose_the_world() {
    let emulator = emulator(WorldOptions::default());
    let one = space(&emulator, json!({"websites": 1})).await;
    let two = space(&emulator, json!({"websites": 2, "name": "second"})).await;
    assert_eq!((one.space.as_str(), two.space.as_str()), ("s1", "second"));
    assert!(two.control_url.ends_with("/_mock/spaces/second"));
    for (info, websites) in [(emulator.info(), 3), (&one, 1), (&two, 2)] {
        let (_, body) =
            plugin(&emulator, info, "GET plugin/connect/websites/all/1", Value::Null).await;
        assert_eq!(body["data"].as_array().unwrap().len(), websites);
    }
}

#[tokio::test]
async fn nothing_leaks_from_one_world_into_another() {
    let emulator = emulator(WorldOptions { quota: Some(10.into()), ..Default::default() });
    let other = space(&emulator, json!({})).await;
    let call = "/_mock/spaces/s1";
    control(&emulator, &format!("PUT {call}/websites/w1/settings"), json!({"message": "theirs"}))
        .await;
    control(&emulator, &format!("POST {call}/clock"), json!({"advance": "1h"})).await;
    control(&emulator, &format!("PUT {call}/quota"), json!({"limit": 0})).await;
    control(&emulator, &format!("PUT {call}/quirks"), json!({"list-status": 200})).await;
    control(&emulator, &format!("POST {call}/faults"), json!({"at": "account", "status": 503}))
        .await;
    let (status, _) =
        plugin(&emulator, &other, "GET plugin/connect/websites/all/1", Value::Null).await;
    assert_eq!(status, 429);

    let (status, body) =
        plugin(&emulator, emulator.info(), "GET plugin/connect/websites/all/1", Value::Null).await;
    assert_eq!(status, 206);
    assert_ne!(body["data"][0]["settings"], json!({"message": "theirs"}));
    let (status, _) =
        plugin(&emulator, emulator.info(), "GET plugin/connect/account", Value::Null).await;
    assert_eq!(status, 200);
    let (_, clock) = control(&emulator, "GET /_mock/clock", Value::Null).await;
    assert_eq!(clock["now"], "2026-01-01T12:00:00.000Z");
    let (_, journal) = control(&emulator, "GET /_mock/requests", Value::Null).await;
    assert_eq!(journal["total"], 2);
    let (_, theirs) = control(&emulator, &format!("GET {call}/requests"), Value::Null).await;
    assert_eq!(theirs["requests"][0]["seq"], 1, "numbers count for each space");
}

#[tokio::test]
async fn one_worlds_key_does_not_open_anothers_plugin() {
    let emulator = emulator(WorldOptions::default());
    let other = space(&emulator, json!({})).await;
    let path = settings_path(emulator.info(), "w1");
    let (status, body) = plugin(&emulator, &other, &format!("GET {path}"), Value::Null).await;
    assert_eq!((status, &body["reason"]), (404, &json!("not_subscribed")));
    let mixed = Info { key: other.key.clone(), ..emulator.info().clone() };
    let (status, body) = plugin(&emulator, &mixed, "GET plugin/connect/account", Value::Null).await;
    assert_eq!((status, &body["reason"]), (401, &json!("invalid_session")));
}

#[tokio::test]
async fn a_space_has_the_servers_options_unless_it_names_its_own() {
    let schema = json!({"type": "object", "properties": {"color": {"enum": ["red"]}}, "required": ["color"]});
    let emulator = emulator(WorldOptions {
        schema: Some(schema.clone()),
        page_size: Some(2),
        ..Default::default()
    });
    let same = space(&emulator, json!({})).await;
    let (_, body) =
        plugin(&emulator, &same, "GET plugin/connect/websites/all/1", Value::Null).await;
    assert_eq!(body["data"].as_array().unwrap().len(), 2);
    assert_eq!(body["data"][0]["settings"], json!({"color": "red"}));
    let own = space(&emulator, json!({"page_size": 1, "schema": {"type": "object"}})).await;
    let (_, body) = plugin(&emulator, &own, "GET plugin/connect/websites/all/1", Value::Null).await;
    assert_eq!(body["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_call_exists_under_a_space_too() {
    let emulator = emulator(WorldOptions::default());
    space(&emulator, json!({})).await;
    let (_, document) = control(&emulator, "GET /_mock/openapi.json", Value::Null).await;
    for (path, calls) in document["paths"].as_object().unwrap() {
        let own = path.starts_with("/_mock/spaces") || path.contains('{');
        if own || path == "/_mock/ui" || calls.get("get").is_none() {
            continue;
        }
        let call = path.replace("/_mock/", "/_mock/spaces/s1/");
        let (status, _) = control(&emulator, &format!("GET {call}"), Value::Null).await;
        assert_eq!(status, 200, "{call}");
        let gone = call.replace("s1", "s9");
        let (status, _) = control(&emulator, &format!("GET {gone}"), Value::Null).await;
        assert_eq!(status, 404, "{gone}");
    }
}

#[tokio::test]
async fn a_space_that_is_torn_down_is_gone() {
    let emulator = emulator(WorldOptions::default());
    let gone = space(&emulator, json!({})).await;
    let (status, _) = control(&emulator, "DELETE /_mock/spaces/s1", Value::Null).await;
    assert_eq!(status, 200);
    let (status, body) = plugin(&emulator, &gone, "GET plugin/connect/account", Value::Null).await;
    assert_eq!((status, &body["reason"]), (401, &json!("invalid_session")));
    for call in ["DELETE /_mock/spaces/s1", "GET /_mock/spaces/s1/websites"] {
        let (status, body) = control(&emulator, call, Value::Null).await;
        assert_eq!(status, 404, "{call}");
        assert!(body["hint"].is_string());
    }
    assert_eq!(space(&emulator, json!({})).await.space, "s2", "names do not come back");
}

#[tokio::test]
async fn requests_with_unknown_credentials_are_journalled_in_the_default_space() {
    let emulator = emulator(WorldOptions::default());
    space(&emulator, json!({})).await;
    let stranger = Info { identifier: "nobody".into(), ..emulator.info().clone() };
    let (status, _) = plugin(&emulator, &stranger, "GET plugin/connect/account", Value::Null).await;
    assert_eq!(status, 401);
    let (_, journal) = control(&emulator, "GET /_mock/requests?status=401", Value::Null).await;
    let explanation = journal["requests"][0]["explanation"].as_str().unwrap();
    assert!(
        explanation.starts_with("no token of this server has that identifier"),
        "{explanation}"
    );
}

#[tokio::test]
async fn options_that_do_not_fit_make_no_space() {
    let emulator = emulator(WorldOptions::default());
    for options in [
        json!({"name": "default"}),
        json!({"name": "a/b"}),
        json!({"expires": "soon"}),
        json!({"website": 3}),
        json!({"page_size": 0}),
        json!({"schema": {"type": "objekt"}}),
        json!({"quirks": {"list-ordr": "by-id"}}),
        json!({"faults": [{"at": "sicne", "status": 503}]}),
    ] {
        let (status, body) = control(&emulator, "POST /_mock/spaces", options.clone()).await;
        assert_eq!(status, 400, "{options}: {body}");
        assert!(body["error"].is_string() && body["hint"].is_string());
    }
    let taken = json!({"identifier": emulator.info().identifier});
    assert_eq!(control(&emulator, "POST /_mock/spaces", taken).await.0, 409);
    let (_, body) = control(&emulator, "GET /_mock/spaces", Value::Null).await;
    assert_eq!(body, json!({"spaces": ["default"]}));
}

#[tokio::test]
async fn the_same_seed_makes_the_same_world_and_another_does_not() {
    let first = emulator(WorldOptions::default());
    let again = emulator(WorldOptions::default());
    let other = emulator(WorldOptions { seed: Some(2), ..Default::default() });
    let truth = async |emulator| control(emulator, "GET /_mock/websites", Value::Null).await.1;
    assert_eq!(truth(&first).await, truth(&again).await);
    assert_ne!(truth(&first).await, truth(&other).await);
    assert_eq!(first.info().identifier, other.info().identifier, "the development pair is fixed");
}

#[tokio::test]
async fn a_name_that_cannot_be_read_never_means_the_default_space() {
    let emulator = emulator(WorldOptions::default());
    let calls = [
        ("POST", "/reset", Value::Null),
        ("GET", "/info", Value::Null),
        ("GET", "/state", Value::Null),
        ("POST", "/clock", json!({"advance": "1h"})),
        ("DELETE", "/faults", Value::Null),
        ("GET", "/requests", Value::Null),
        ("GET", "/websites/w1", Value::Null),
        ("DELETE", "/websites/w1", Value::Null),
        ("DELETE", "", Value::Null),
    ];
    let before = control(&emulator, "GET /_mock/state", Value::Null).await;
    for (method, path, body) in calls {
        let call = format!("{method} /_mock/spaces/%ff{path}");
        let (status, answer) = control(&emulator, &call, body).await;
        assert_eq!(status, 400, "{call}: {answer}");
        assert!(answer["error"].is_string() && answer["hint"].is_string(), "{call}: {answer}");
    }
    let (status, answer) = control(&emulator, "DELETE /_mock/websites/%ff", Value::Null).await;
    assert_eq!(status, 400, "{answer}");
    assert_eq!(control(&emulator, "GET /_mock/state", Value::Null).await, before);
}

#[tokio::test]
async fn no_space_has_a_name_that_a_url_cannot_hold() {
    let emulator = emulator(WorldOptions::default());
    for name in [".", "..", "...", "", "a/b", "a b", "ä", "default"] {
        let (status, answer) =
            control(&emulator, "POST /_mock/spaces", json!({ "name": name })).await;
        assert_eq!(status, 400, "{name}: {answer}");
    }
    let (status, _) = control(&emulator, "POST /_mock/spaces", json!({ "name": "a..b" })).await;
    assert_eq!(status, 201);
}

#[tokio::test]
async fn a_call_that_replaces_something_needs_a_body() {
    let emulator = emulator(WorldOptions::default());
    let before = control(&emulator, "GET /_mock/state", Value::Null).await;
    for call in ["PUT /_mock/schema", "PUT /_mock/websites/w1/settings", "PUT /_mock/state"] {
        let (status, answer) = control(&emulator, call, Value::Null).await;
        assert_eq!(status, 400, "{call}: {answer}");
        assert!(answer["error"].as_str().unwrap().contains("no body"), "{call}: {answer}");
    }
    assert_eq!(control(&emulator, "GET /_mock/state", Value::Null).await, before);
    let (status, _) = control(&emulator, "PUT /_mock/schema", json!({})).await;
    assert_eq!(status, 200);
}
