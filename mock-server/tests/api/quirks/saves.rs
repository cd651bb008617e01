//! Quirks of writes, and of what a subscription keeps.

use crisp_mock_server::options::WorldOptions;
use serde_json::json;

use crate::emulator::{Emulator, options, quirks};

/// A schema that says something different in every draft.
fn of_every_draft(name: &str, value: &str) -> Emulator {
    let schema = json!({
        "type": "object",
        "properties": {
            "const": {"const": 1},
            "tuple": {"prefixItems": [{"type": "string"}]},
        },
        "if": {"required": ["if"]},
        "then": {"required": ["then"]},
        "dependentRequired": {"if-dependent": ["other"]},
    });
    let quirks = quirks(&[(name, value)]);
    Emulator::with(WorldOptions { schema: Some(schema), websites: Some(0), quirks, ..options() })
}

/// A schema with a format.
fn with_format(name: &str, value: &str) -> Emulator {
    let properties = json!({"mail": {"format": "email"}, "count": {"type": "number"}});
    let schema = json!({"type": "object", "properties": properties});
    let quirks = quirks(&[(name, value)]);
    Emulator::with(WorldOptions { schema: Some(schema), quirks, ..options() })
}

/// A schema that lets everything pass.
fn anything(name: &str, value: &str) -> Emulator {
    let schema = Some(json!({"type": "object"}));
    let quirks = quirks(&[(name, value)]);
    Emulator::with(WorldOptions { schema, quirks, ..options() })
}

super::cases! {
    write_reason "write-reason" on super::plain {
        "specific" => "saved updated added forwarded dispatched subscribed unsubscribed",
        "resolved" => "resolved resolved resolved resolved resolved resolved resolved",
        "any_text" => "any_text any_text any_text any_text any_text any_text any_text",
    }
    reinstall_token "reinstall-token" on super::plain {
        "new" => "another token",
        "same" => "the same token",
    }
    reinstall_settings "reinstall-settings" on super::plain {
        "dropped" => "{}",
        "kept" => r#"{"message":"before"}"#,
    }
    merge_depth "merge-depth" on anything {
        "shallow" => r#"{"a":null,"b":{"new":1}}"#,
        "deep" => r#"{"a":null,"b":{"old":1,"new":1}}"#,
        "rfc7396" => r#"{"b":{"old":1,"new":1}}"#,
    }
    numbers "numbers" on anything {
        "javascript" => r#"{"10":9007199254740992,"a":1}"#,
        "as-sent" => r#"{"a":1.0,"10":9007199254740993}"#,
    }
    invalid_save_status "invalid-save-status" on super::plain {
        "400" => "400 invalid_data",
        "422" => "422 invalid_data",
    }
    invalid_save_reason "invalid-save-reason" on super::plain {
        "specific" => "400 invalid_data",
        "invalid_settings" => "400 invalid_settings",
        "any_text" => "400 any_text",
    }
    validation_wording "validation-wording" on with_format {
        "ajv6" => "data.mail should match format \"email\"",
        "plain" => "/mail must be a valid `email`, found the text `nobody`; \
            /count must be a number, found null",
    }
    schema_draft "schema-draft" on of_every_draft {
        "draft-04" => "refuses nothing",
        "draft-06" => "refuses const",
        "draft-07" => "refuses const if",
        "2019-09" => "refuses const if dependentRequired",
        "2020-12" => "refuses const if dependentRequired prefixItems",
    }
    schema_formats "schema-formats" on with_format {
        "asserted" => "400, a good one 200",
        "ignored" => "200, a good one 200",
    }
    body_limit "body-limit" on super::plain {
        "off" => "1024: 200, 1025: 200, 102400: 200, 102401: 200",
        "100KiB" => "1024: 200, 1025: 200, 102400: 200, 102401: 413",
        "1KiB" => "1024: 200, 1025: 413, 102400: 413, 102401: 413",
    }
    unchanged_save "unchanged-save" on super::plain {
        "updated" => "updated w1, 2 events",
        "silent" => ", 0 events",
    }
    own_write_echo "own-write-echo" on super::plain {
        "echoed" => "operator, plugin, user",
        "silent" => "operator, user",
    }
}

mod scenes {
    use bytes::Bytes;
    use crisp_mock_server::api::Tier;
    use serde_json::json;

    use crate::emulator::{Emulator, id, message};

    pub fn write_reason(crisp: &mut Emulator) -> String {
        let plugin = crisp.space.plugin().id;
        let of = |rest: &str| crisp.of("w1", rest);
        let writes = [
            (Tier::Plugin, "PUT", of("/settings"), Some(json!({}))),
            (Tier::Plugin, "PATCH", of("/settings"), Some(json!({}))),
            (
                Tier::Plugin,
                "POST",
                of("/bill/usage"),
                Some(json!({"name": "a", "units": 1, "price": 1})),
            ),
            (Tier::Plugin, "POST", of("/channel"), Some(json!({"namespace": "a", "payload": {}}))),
            (Tier::Plugin, "POST", of("/event"), Some(json!({"name": "a", "data": {}}))),
            (
                Tier::User,
                "POST",
                format!("plugins/subscription/{}", id("w4")),
                Some(json!({"plugin_id": plugin})),
            ),
            (Tier::User, "DELETE", of(""), None),
        ];
        let reasons = writes.map(|(tier, method, path, body)| {
            let reply = crisp.ask(tier, method, &path, body);
            assert!(!reply.error, "{}", reply.outcome());
            reply.reason
        });
        reasons.join(" ")
    }

    pub fn reinstall_token(crisp: &mut Emulator) -> String {
        let before = crisp.website("w1").unwrap().token;
        crisp.uninstall("w1");
        crisp.install("w1");
        let same = crisp.website("w1").unwrap().token == before;
        if same { "the same token" } else { "another token" }.to_owned()
    }

    pub fn reinstall_settings(crisp: &mut Emulator) -> String {
        crisp.save("w1", message("before"));
        crisp.uninstall("w1");
        crisp.install("w1");
        crisp.settings("w1").to_string()
    }

    pub fn merge_depth(crisp: &mut Emulator) -> String {
        crisp.save("w1", json!({"a": 1, "b": {"old": 1}}));
        crisp.write("PATCH", "w1", json!({"a": null, "b": {"new": 1}}));
        crisp.settings("w1").to_string()
    }

    pub fn invalid_save_status(crisp: &mut Emulator) -> String {
        let put = crisp.write("PUT", "w1", json!({"message": 5})).outcome();
        assert_eq!(crisp.write("PATCH", "w1", json!({"message": 5})).outcome(), put);
        put
    }

    pub fn invalid_save_reason(crisp: &mut Emulator) -> String {
        invalid_save_status(crisp)
    }

    pub fn validation_wording(crisp: &mut Emulator) -> String {
        let refused = crisp.write("PUT", "w1", json!({"mail": "nobody", "count": null}));
        refused.data["message"].as_str().unwrap_or("?").to_owned()
    }

    pub fn schema_draft(crisp: &mut Emulator) -> String {
        crisp.install("w1");
        let wrong = [
            ("const", json!({"const": 2})),
            ("if", json!({"if": 1})),
            ("dependentRequired", json!({"if-dependent": 1})),
            ("prefixItems", json!({"tuple": [1]})),
        ];
        let mut refused = Vec::new();
        for (keyword, settings) in wrong {
            if crisp.write("PUT", "w1", settings).status == 400 {
                refused.push(keyword);
            }
        }
        let none = if refused.is_empty() { "nothing" } else { "" };
        format!("refuses {none}{}", refused.join(" "))
    }

    pub fn numbers(crisp: &mut Emulator) -> String {
        crisp.write("PUT", "w1", json!({"a": 1.0, "10": 9_007_199_254_740_993_u64}));
        crisp.settings("w1").to_string()
    }

    pub fn schema_formats(crisp: &mut Emulator) -> String {
        let bad = crisp.write("PUT", "w1", json!({"mail": "nobody"})).status;
        let good = crisp.write("PUT", "w1", json!({"mail": "me@plugin.example"})).status;
        format!("{bad}, a good one {good}")
    }

    pub fn body_limit(crisp: &mut Emulator) -> String {
        let path = crisp.of("w1", "/settings");
        let statuses = [1_024, 1_025, 102_400, 102_401].map(|bytes| {
            let frame = r#"{"message":""}"#.len();
            let body = message(&"x".repeat(bytes - frame)).to_string();
            assert_eq!(body.len(), bytes);
            let request = crisp.request(Tier::Plugin, "PUT", &path);
            let reply = crisp.raw(&request.body(Bytes::from(body)).unwrap());
            if reply.error {
                assert_eq!(reply.outcome(), "413 payload_too_large");
            }
            format!("{bytes}: {}", reply.status)
        });
        statuses.join(", ")
    }

    pub fn unchanged_save(crisp: &mut Emulator) -> String {
        crisp.save("w1", json!({"message": "Hi", "other": 1}));
        crisp.seconds(1);
        let cursor = crisp.now();
        let before = crisp.space.world.outbox.events().count();
        crisp.write("PUT", "w1", json!({"other": 1, "message": "Hi"}));
        crisp.write("PATCH", "w1", json!({"message": "Hi"}));
        let events = crisp.space.world.outbox.events().count() - before;
        format!("{}, {events} events", crisp.since(&cursor))
    }

    pub fn own_write_echo(crisp: &mut Emulator) -> String {
        crisp.save("w1", message("operator"));
        crisp.write("PUT", "w1", message("plugin"));
        let path = crisp.of("w1", "/settings");
        crisp.ask(Tier::User, "PUT", &path, Some(message("user")));
        let events = crisp.space.world.outbox.events();
        let texts = events.map(|event| event.data["settings"]["message"].as_str().unwrap_or("?"));
        texts.collect::<Vec<_>>().join(", ")
    }
}
