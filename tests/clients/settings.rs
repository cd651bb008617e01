//! Reading and writing one website's settings (docs/wire.md#settings).

use serde_json::{Value, json};

use crate::official::{Bench, Official, claims_of_every_client};

claims_of_every_client!(
    settings_are_read_with_token_and_schema,
    a_save_replaces_all_settings,
    an_update_merges_into_the_settings,
    settings_against_the_schema_are_refused_with_the_reason_and_change_nothing,
    an_update_is_judged_by_what_it_would_make_of_the_settings,
    a_website_without_the_plugin_has_no_settings,
);

fn schema() -> Value {
    json!({
        "$id": "crisp:service:api/_schema/plugin#urn:acme:greeter:0",
        "type": "object",
        "properties": {
            "message": {"type": "string", "maxLength": 60},
            "repeat": {"type": "integer", "minimum": 1},
        },
        "required": ["message"],
    })
}

/// A client beside one website that says Hello, twice; and that website's id.
async fn greeter(official: Official) -> Option<(Bench, String)> {
    let options = json!({"websites": 1, "schema": schema()});
    let bench = Bench::start(official, options).await?;
    bench.world.operator_saves("w1", json!({"message": "Hello", "repeat": 2})).await;
    let website = bench.world.website("w1").await;
    let id = website["website_id"].as_str().expect("a website has an id");
    Some((bench, id.to_owned()))
}

async fn truth(bench: &Bench) -> Value {
    bench.world.website("w1").await["settings"].take()
}

async fn settings_are_read_with_token_and_schema(official: Official) {
    let Some((mut bench, website)) = greeter(official).await else {
        return;
    };
    let read = bench.get_settings(&website).await.expect("settings are given");
    let known = bench.world.website("w1").await;
    assert_eq!(read["settings"], json!({"message": "Hello", "repeat": 2}));
    assert_eq!(read["token"], known["token"]);
    assert_eq!(read["schema"], schema());
    assert_eq!(read["website_id"], json!(website));
    assert_eq!(read["plugin_id"], bench.world.info["plugin_id"]);
    let account = bench.account().await.expect("the account is given");
    assert_eq!(account["plugin_id"], read["plugin_id"]);
}

async fn a_save_replaces_all_settings(official: Official) {
    let Some((mut bench, website)) = greeter(official).await else {
        return;
    };
    let saved = bench.save_settings(&website, json!({"message": "Bye"})).await;
    assert_eq!(saved, Ok(json!({})));
    assert_eq!(truth(&bench).await, json!({"message": "Bye"}));
    assert_eq!(bench.world.requests("save_settings").await.len(), 1);
}

async fn an_update_merges_into_the_settings(official: Official) {
    let Some((mut bench, website)) = greeter(official).await else {
        return;
    };
    let saved = bench.update_settings(&website, json!({"repeat": 3})).await;
    assert_eq!(saved, Ok(json!({})));
    let merged = json!({"message": "Hello", "repeat": 3});
    assert_eq!(truth(&bench).await, merged);
    let read = bench.get_settings(&website).await.expect("settings are given");
    assert_eq!(read["settings"], merged);
    assert_eq!(bench.world.requests("update_settings").await.len(), 1);
}

async fn settings_against_the_schema_are_refused_with_the_reason_and_change_nothing(
    official: Official,
) {
    let Some((mut bench, website)) = greeter(official).await else {
        return;
    };
    let wrong = json!({"message": 5, "repeat": 2});
    let refusal = bench.save_settings(&website, wrong).await.expect_err("5 is no text");
    assert!(refusal.is(400, "invalid_data"), "{refusal:?}");
    assert_eq!(refusal.namespace, "response");
    let explained = refusal.explanation.starts_with("Got response error: ")
        && refusal.explanation.contains("message");
    assert!(explained, "{refusal:?}");
    assert_eq!(truth(&bench).await, json!({"message": "Hello", "repeat": 2}));
}

async fn an_update_is_judged_by_what_it_would_make_of_the_settings(official: Official) {
    let Some((mut bench, website)) = greeter(official).await else {
        return;
    };
    // Without `message`, which is required: fine as a part, refused as a whole.
    let part = json!({"repeat": 1});
    bench.update_settings(&website, part.clone()).await.expect("the part is taken");
    let refusal = bench.save_settings(&website, part).await.expect_err("`message` is required");
    assert!(refusal.is(400, "invalid_data"), "{refusal:?}");
    let refusal = bench.update_settings(&website, json!({"repeat": 0})).await;
    let refusal = refusal.expect_err("0 is below 1");
    assert!(refusal.is(400, "invalid_data"), "{refusal:?}");
    assert!(refusal.explanation.contains("repeat"), "{refusal:?}");
    assert_eq!(truth(&bench).await, json!({"message": "Hello", "repeat": 1}));
}

async fn a_website_without_the_plugin_has_no_settings(official: Official) {
    let Some((mut bench, website)) = greeter(official).await else {
        return;
    };
    bench.world.uninstall("w1").await;
    let refusal = bench.get_settings(&website).await.expect_err("it is gone");
    assert!(refusal.is(404, "not_subscribed"), "{refusal:?}");
    let update = bench.update_settings(&website, json!({"message": "Hi"})).await;
    let refusal = update.expect_err("it is gone");
    assert!(refusal.is(404, "not_subscribed"), "{refusal:?}");
}
