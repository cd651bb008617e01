//! What the page under `/_mock/ui` asks of the control API.

use bytes::Bytes;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::{InProcess, ServerOptions};
use http::Request;
use serde_json::{Value, json};

use crate::talk::{control, emulator, plugin, settings_path, user};

#[tokio::test]
async fn the_page_and_its_files_need_no_token_and_no_other_path_goes_with_them() {
    let options = ServerOptions { control_token: Some("s3cret".into()), ..Default::default() };
    let emulator = InProcess::new(options).unwrap();
    let status = async |path: &str, origin: Option<&str>| {
        let mut request = Request::get(format!("http://127.0.0.1/_mock/{path}"));
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let request = request.body(Bytes::new()).unwrap();
        emulator.answer(request).await.unwrap().status().as_u16()
    };
    for path in ["ui", "ui/", "ui/main.js", "ui/style.css"] {
        assert_eq!(status(path, None).await, 200, "{path}");
        assert_eq!(status(path, Some("http://evil.example")).await, 403, "{path}");
    }
    for path in ["uis", "ui/none.js", "ui/../info", "spaces/ui/info"] {
        assert_eq!(status(path, None).await, 401, "{path}");
    }
}

#[tokio::test]
async fn a_request_is_shown_with_what_went_over_the_wire() {
    let emulator = emulator(WorldOptions::default());
    let path = "PUT plugins/subscription/w1/none/settings";
    plugin(&emulator, emulator.info(), path, json!({"message": "Hi"})).await;
    let (status, body) = control(&emulator, "GET /_mock/requests/1", Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(body["entry"]["seq"], 1);
    assert_eq!(body["exchange"]["request"]["body"], r#"{"message":"Hi"}"#);
    assert!(body["exchange"]["answer"]["body"].as_str().unwrap().contains("error"));
    for unknown in ["2", "x", "-1", "18446744073709551616"] {
        let call = format!("GET /_mock/requests/{unknown}");
        assert_eq!(control(&emulator, &call, Value::Null).await.0, 404, "{unknown}");
    }
}

#[tokio::test]
async fn the_journal_is_read_backwards_a_page_at_a_time() {
    let emulator = emulator(WorldOptions::default());
    for _ in 0..5 {
        plugin(&emulator, emulator.info(), "GET plugin/connect/account", Value::Null).await;
    }
    let call = "GET /_mock/requests?before_seq=4&limit=2";
    let (_, body) = control(&emulator, call, Value::Null).await;
    let seqs: Vec<_> = body["requests"].as_array().unwrap().iter().map(|one| &one["seq"]).collect();
    assert_eq!(seqs, [2, 3]);
    assert_eq!(body["last_seq"], 5);
}

#[tokio::test]
async fn websites_are_paged_in_the_order_of_their_installation_and_searched() {
    let emulator = emulator(WorldOptions { websites: Some(30), ..WorldOptions::default() });
    let names = async |query: &str| {
        let call = format!("GET /_mock/websites?{query}");
        let (status, body) = control(&emulator, &call, Value::Null).await;
        assert_eq!((status, &body["installed"]), (200, &json!(30)));
        let websites = body["websites"].as_object().unwrap().values();
        let mut names: Vec<String> =
            websites.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        names.sort_by_key(|name| name[1..].parse::<u32>().unwrap());
        (names, body["has_more"].as_bool().unwrap())
    };
    assert_eq!(names("offset=10&limit=2").await, (vec!["w11".to_owned(), "w12".to_owned()], true));
    assert_eq!(names("offset=29&limit=2").await, (vec!["w30".to_owned()], false));
    assert_eq!(names("search=w7").await, (vec!["w7".to_owned()], false));
    let (_, w3) = control(&emulator, "GET /_mock/websites/w3", Value::Null).await;
    for key in ["token", "domain", "website_id"] {
        let query = format!("search={}", w3[key].as_str().unwrap().to_uppercase());
        assert_eq!(names(&query).await.0, ["w3"], "{key}");
    }
    assert_eq!(names("search=no-such-website").await, (vec![], false));
}

#[tokio::test]
async fn the_history_of_a_website_goes_on_after_it_left() {
    let emulator = emulator(WorldOptions::default());
    let settings = json!({"message": "new"});
    control(&emulator, "PUT /_mock/websites/w1/settings", settings.clone()).await;
    control(&emulator, "DELETE /_mock/websites/w1", Value::Null).await;
    let (_, body) = control(&emulator, "GET /_mock/websites/w1/history", Value::Null).await;
    let kinds: Vec<_> =
        body["changes"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["removed", "updated"]);
    assert_eq!(body["changes"][1]["settings"], settings);
    assert_eq!(body["changes"][1]["time"], "2026-01-01T12:00:00.000Z");
}

#[tokio::test]
async fn the_history_of_a_website_says_who_changed_it() {
    let emulator = emulator(WorldOptions::default());
    let info = emulator.info();
    let path = settings_path(info, "w9");
    let (save, update) = (format!("PUT {path}"), format!("PATCH {path}"));
    control(&emulator, "POST /_mock/websites", json!({"website_id": "w9"})).await;
    control(&emulator, "PUT /_mock/websites/w9/settings", json!({"message": "a"})).await;
    plugin(&emulator, info, &save, json!({"message": "b"})).await;
    plugin(&emulator, info, &update, json!({"message": "c"})).await;
    user(&emulator, info, &save, json!({"message": "d"})).await;
    control(&emulator, "PATCH /_mock/websites/w9", json!({"plan": "Plus"})).await;
    control(&emulator, "DELETE /_mock/websites/w9", Value::Null).await;
    let (_, body) = control(&emulator, "GET /_mock/websites/w9/history", Value::Null).await;
    let by: Vec<_> = body["changes"].as_array().unwrap().iter().map(|one| &one["by"]).collect();
    assert_eq!(by, ["control", "control", "operator", "plugin", "plugin", "control", "control"]);
}

#[tokio::test]
async fn a_refused_save_says_what_is_wrong_at_which_place() {
    let emulator = emulator(WorldOptions::default());
    let wrong = json!({"message": 5});
    let (status, body) = control(&emulator, "PUT /_mock/websites/w1/settings", wrong).await;
    assert_eq!(status, 400);
    assert_eq!(body["problems"][0]["pointer"], "/message");
    assert!(body["problems"][0]["message"].as_str().unwrap().contains("must be a string"));
}

#[tokio::test]
async fn a_schema_is_checked_without_being_replaced() {
    let emulator = emulator(WorldOptions::default());
    let (_, before) = control(&emulator, "GET /_mock/schema", Value::Null).await;
    let check = async |text: &str| {
        control(&emulator, "POST /_mock/schema/check", json!({ "text": text })).await.1
    };
    let wrong = check("{\n  \"type\": \"objekt\"\n}").await;
    assert_eq!((&wrong["valid"], &wrong["samples"]), (&json!(false), &json!([])));
    assert!(wrong["report"].as_str().unwrap().starts_with("schema:2:"), "{wrong}");
    let right = check(r#"{"type": "object", "properties": {"n": {"const": 7}}}"#).await;
    assert_eq!(right["valid"], true);
    assert_eq!(right["samples"][0], json!({"n": 7}));
    assert_eq!(control(&emulator, "GET /_mock/schema", Value::Null).await.1, before);
    assert_eq!(control(&emulator, "POST /_mock/schema/check", json!({})).await.0, 400);
}

#[tokio::test]
async fn a_plan_in_yaml_is_armed_whole_or_not_at_all() {
    let emulator = emulator(WorldOptions::default());
    let arm = async |text: &str| {
        control(&emulator, "POST /_mock/faults/plan", json!({ "text": text })).await
    };
    let (status, body) = arm("- { at: since, status: 503 }\n- { at: sinze, reset: true }\n").await;
    assert_eq!(status, 400);
    assert!(body["error"].as_str().unwrap().starts_with("plan:2:"), "{body}");
    let (_, armed) = control(&emulator, "GET /_mock/faults", Value::Null).await;
    assert_eq!(armed["faults"], json!([]));
    let (status, body) = arm("- { at: since, status: 503 }\n- { at: list, reset: true }\n").await;
    assert_eq!((status, &body["ids"]), (201, &json!([1, 2])));
}

#[tokio::test]
async fn every_quirk_is_told_with_its_question_and_whether_it_was_changed() {
    let emulator = emulator(WorldOptions::default());
    let exclusive = json!({"since-boundary": "exclusive"});
    control(&emulator, "PUT /_mock/quirks", exclusive).await;
    let (_, body) = control(&emulator, "GET /_mock/quirks/table", Value::Null).await;
    let rows = body["quirks"].as_array().unwrap();
    let changed: Vec<_> = rows.iter().filter(|row| row["value"] != row["default"]).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(
        (&changed[0]["name"], &changed[0]["value"]),
        (&json!("since-boundary"), &json!("exclusive"))
    );
    assert!(rows.iter().all(|row| row["question"].as_str().unwrap().ends_with('?')));
}
