//! docs/wire.md#settings, docs/wire.md#saves: settings, read, replaced and merged.

use bytes::Bytes;
use crisp_mock_server::api::Tier;
use crisp_mock_server::options::WorldOptions;
use serde_json::{Value, json};

use crate::emulator::{Emulator, START, id, message, options, quirks};

fn nested() -> Value {
    json!({"type": "object", "properties": {
        "message": {"type": ["string", "null"]},
        "box": {"type": "object", "properties": {"size": {"type": "integer"}}},
    }})
}

#[test]
pub fn s2_10_get_settings_has_schema_settings_token_and_addresses() {
    let page = Some("https://plugin.example/config".to_owned());
    let mut crisp = Emulator::with(WorldOptions { settings_url: page.clone(), ..options() });
    crisp.save("w1", message("Hi"));
    let path = crisp.of("w1", "/settings");
    for tier in [Tier::Plugin, Tier::User] {
        let reply = crisp.ask(tier, "GET", &path, None);
        assert_eq!(reply.outcome(), "200 resolved");
        let expected = json!({
            "plugin_id": crisp.space.plugin().id,
            "website_id": id("w1"),
            "token": crisp.website("w1").unwrap().token,
            "schema": crisp.space.world.schema().raw(),
            "settings": {"message": "Hi"},
            "settings_form_url": page,
            "callback_url": null,
        });
        assert_eq!(reply.data, expected);
    }
    let listed = crisp.list().data;
    assert_eq!(listed[0]["token"], crisp.get(&path).data["token"], "one token in both places");
}

#[test]
pub fn s2_11_put_settings_replaces_all_with_the_bare_object() {
    let mut crisp = Emulator::schema(nested());
    crisp.seconds(1);
    for tier in [Tier::Plugin, Tier::User] {
        crisp.save("w1", json!({"message": "old", "box": {"size": 1}}));
        let path = crisp.of("w1", "/settings");
        let reply = crisp.ask(tier, "PUT", &path, Some(message("new")));
        assert_eq!(reply.outcome(), "200 saved");
        assert_eq!(reply.data, json!({}));
        assert_eq!(crisp.settings("w1"), message("new"));
    }
    assert_eq!(crisp.list().data[0]["settings"], message("new"));
    assert_eq!(crisp.since(START), "updated w1");
}

#[test]
pub fn s2_12_patch_settings_merges_top_level_members() {
    let mut crisp = Emulator::schema(nested());
    crisp.seconds(1);
    for tier in [Tier::Plugin, Tier::User] {
        crisp.save("w1", json!({"message": "kept", "box": {"size": 1, "other": 2}}));
        let path = crisp.of("w1", "/settings");
        let reply = crisp.ask(tier, "PATCH", &path, Some(json!({"box": {"size": 3}})));
        assert_eq!(reply.outcome(), "200 updated");
        assert_eq!(reply.data, json!({}));
        assert_eq!(crisp.settings("w1"), json!({"message": "kept", "box": {"size": 3}}));
    }
    assert_eq!(crisp.since(START), "updated w1");
}

#[test]
fn the_three_depths_of_a_patch_differ_in_nested_members_and_in_null() {
    let patch = json!({"message": null, "box": {"size": 3, "gone": null}});
    let depths = [
        ("shallow", json!({"message": null, "box": {"size": 3, "gone": null}})),
        ("deep", json!({"message": null, "box": {"size": 3, "gone": null, "other": 2}})),
        ("rfc7396", json!({"box": {"size": 3, "other": 2}})),
    ];
    for (depth, expected) in depths {
        let mut crisp = Emulator::with(WorldOptions {
            schema: Some(json!({"type": "object"})),
            quirks: quirks(&[("merge-depth", depth)]),
            ..options()
        });
        crisp.save("w1", json!({"message": "a", "box": {"size": 1, "gone": 1, "other": 2}}));
        assert_eq!(crisp.write("PATCH", "w1", patch.clone()).status, 200);
        assert_eq!(crisp.settings("w1"), expected, "{depth}");
    }
}

#[test]
fn an_empty_put_clears_and_an_empty_patch_is_still_a_write() {
    let mut crisp = Emulator::new();
    crisp.seconds(1);
    let before = crisp.settings("w2");
    assert_eq!(crisp.write("PUT", "w1", json!({})).outcome(), "200 saved");
    assert_eq!(crisp.write("PATCH", "w2", json!({})).outcome(), "200 updated");
    assert_eq!(crisp.settings("w1"), json!({}));
    assert_eq!(crisp.settings("w2"), before);
    assert_eq!(crisp.since(START), "updated w1, updated w2");
}

#[test]
fn a_save_against_the_schema_is_refused_with_the_place_and_changes_nothing() {
    let mut crisp = Emulator::schema(nested());
    crisp.save("w1", message("kept"));
    crisp.seconds(1);
    let cursor = crisp.now();
    let events = crisp.space.world.outbox.events().count();
    let wrong = json!({"box": {"size": "big"}});
    for method in ["PUT", "PATCH"] {
        let reply = crisp.write(method, "w1", wrong.clone());
        assert_eq!(reply.outcome(), "400 invalid_data");
        assert_eq!(reply.data["namespace"], "body");
        let message = reply.data["message"].as_str().unwrap();
        assert_eq!(message, "data.box.size should be integer");
        assert_eq!(crisp.explanation(), message);
    }
    assert_eq!(crisp.settings("w1"), message("kept"));
    assert_eq!(crisp.since(&cursor), "");
    assert_eq!(crisp.space.world.outbox.events().count(), events);
}

#[test]
fn a_patch_is_judged_by_the_merged_whole() {
    let mut crisp = Emulator::schema(json!({
        "type": "object", "required": ["a"], "additionalProperties": false,
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
    }));
    crisp.save("w1", json!({"a": "1"}));
    assert_eq!(crisp.write("PATCH", "w1", json!({"b": "2"})).status, 200, "a is there already");
    assert_eq!(crisp.write("PUT", "w1", json!({"b": "2"})).status, 400, "a is missing");
    assert_eq!(crisp.write("PATCH", "w1", json!({"c": "2"})).status, 400, "c is unknown");
    assert_eq!(crisp.settings("w1"), json!({"a": "1", "b": "2"}));
}

#[test]
fn members_that_the_schema_does_not_declare_are_kept() {
    let mut crisp = Emulator::new();
    let settings = json!({"message": "a", "chatbox": {"25": "#bbbbbb"}, "extra": [1, null]});
    assert_eq!(crisp.write("PUT", "w1", settings.clone()).status, 200);
    assert_eq!(crisp.settings("w1"), settings);
    assert!(crisp.journal().unread.is_empty());
}

#[test]
fn a_body_that_is_no_object_is_refused() {
    let mut crisp = Emulator::new();
    let before = crisp.settings("w1");
    for method in ["PUT", "PATCH"] {
        for body in [json!(null), json!([]), json!("text"), json!(5), json!(true)] {
            let reply = crisp.write(method, "w1", body.clone());
            assert_eq!(reply.outcome(), "400 invalid_data", "{method} {body}");
        }
    }
    assert_eq!(crisp.settings("w1"), before);
}

/// Bodies as bytes, with what the refusal has to say about them.
fn wrong_bodies() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (vec![], "the body is empty"),
        (b"{".to_vec(), "not JSON"),
        (b"{\"message\": \"a\"} x".to_vec(), "not JSON"),
        (b"{'message': 'a'}".to_vec(), "not JSON"),
        (b"{\"message\": \"\xff\xfe\"}".to_vec(), "not JSON"),
        (b"{\"message\": NaN}".to_vec(), "not JSON"),
        (b"{\"message\": \"\\ud800\"}".to_vec(), "not JSON"),
        (b"{\"a\": 1e999}".to_vec(), "not JSON"),
        ("[".repeat(100_000).into_bytes(), "not JSON"),
        ("{\"a\":".repeat(100_000).into_bytes(), "not JSON"),
        (b"\xef\xbb\xbf{}".to_vec(), "not JSON"),
    ]
}

#[test]
fn a_body_that_is_no_json_is_refused_and_said_why() {
    let mut crisp = Emulator::new();
    let before = crisp.settings("w1");
    for method in ["PUT", "PATCH"] {
        for (body, why) in wrong_bodies() {
            let path = crisp.of("w1", "/settings");
            let request = crisp.request(Tier::Plugin, method, &path);
            let request = request.header("content-type", "application/json");
            let reply = crisp.raw(&request.body(Bytes::from(body)).unwrap());
            assert_eq!(reply.outcome(), "400 invalid_data");
            assert!(crisp.explanation().contains(why), "{}", crisp.explanation());
        }
    }
    assert_eq!(crisp.settings("w1"), before);
}

#[test]
fn content_types_of_json_are_taken_and_others_refused() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/settings");
    let mut put = |content_type: Option<&str>| {
        let mut request = crisp.request(Tier::Plugin, "PUT", &path);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        // Go ends the body with a newline.
        crisp.raw(&request.body(Bytes::from_static(b"{\"message\":\"a\"}\n")).unwrap()).status
    };
    let json = [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/merge-patch+json",
        "text/json",
    ];
    for content_type in json {
        assert_eq!(put(Some(content_type)), 200, "{content_type}");
    }
    assert_eq!(put(None), 200, "curl users forget it");
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        assert_eq!(put(Some(content_type)), 400, "{content_type}");
    }
}

#[test]
fn a_schema_with_crisps_id_works_and_is_never_fetched() {
    let mut crisp = Emulator::schema(json!({
        "$id": "crisp:service:api/_schema/plugin#urn:my.account:pluginname:0",
        "type": "object",
        "properties": {"access_token":
            {"type": ["string", "null"], "pattern": "^([a-z0-9]){24}$"}},
        "required": ["access_token"],
    }));
    let good = json!({"access_token": "90984d15addbc9e3a9855aza"});
    assert_eq!(crisp.write("PUT", "w1", good).status, 200);
    assert_eq!(crisp.write("PATCH", "w1", json!({"access_token": null})).status, 200);
    assert_eq!(crisp.settings("w1"), json!({"access_token": null}), "null is a value");
    let reply = crisp.write("PUT", "w1", json!({"access_token": "short"}));
    assert_eq!(reply.outcome(), "400 invalid_data");
}

#[test]
fn the_last_write_wins_without_any_condition() {
    let mut crisp = Emulator::new();
    let path = crisp.of("w1", "/settings");
    for text in ["first", "second"] {
        let request = crisp.request(Tier::Plugin, "PUT", &path).header("if-match", "\"other\"");
        let body = Bytes::from(message(text).to_string());
        assert_eq!(crisp.raw(&request.body(body).unwrap()).status, 200);
    }
    assert_eq!(crisp.settings("w1"), message("second"));
    assert!(crisp.get(&path).header("etag").is_none());
}

#[test]
fn numbers_are_kept_as_javascript_keeps_them_in_answers_events_and_dumps() {
    let sent = json!({"b": 1.0, "big": 9_007_199_254_740_993_u64, "10": -0.0, "2": 1});
    let kept = r#"{"2":1,"10":0,"b":1,"big":9007199254740992}"#;
    let mut crisp = Emulator::schema(json!({"type": "object"}));
    assert_eq!(crisp.write("PUT", "w1", sent.clone()).status, 200);
    assert_eq!(crisp.settings("w1").to_string(), kept);
    assert_eq!(crisp.list().data[0]["settings"].to_string(), kept);
    let event = crisp.space.world.outbox.events().last().unwrap();
    assert_eq!(event.data["settings"].to_string(), kept);
    let schema = json!({"type": "object"});
    let as_sent = WorldOptions { schema: Some(schema), ..options() };
    let quirk = quirks(&[("numbers", "as-sent")]);
    let mut exact = Emulator::with(WorldOptions { quirks: quirk, ..as_sent });
    assert_eq!(exact.write("PUT", "w1", sent).status, 200);
    let kept = r#"{"b":1.0,"big":9007199254740993,"10":-0.0,"2":1}"#;
    assert_eq!(exact.settings("w1").to_string(), kept);
}
