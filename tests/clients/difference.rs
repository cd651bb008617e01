//! What changed since a date (docs/wire.md#differential).

use serde_json::{Value, json};

use crate::official::{Bench, Official, claims_of_every_client};

claims_of_every_client!(
    a_save_an_install_and_an_uninstall_come_as_the_difference,
    no_change_is_an_empty_difference,
    ones_own_save_comes_back_as_a_difference,
    an_uninstall_and_install_again_comes_as_added_with_a_new_token,
);

async fn a_save_an_install_and_an_uninstall_come_as_the_difference(official: Official) {
    let Some(mut bench) = Bench::start(official, json!({"websites": 4})).await else {
        return;
    };
    let before = bench.world.now().await;
    bench.world.operator_saves("w2", json!({"message": "Bonjour"})).await;
    let new = bench.world.install(json!({"message": "Hej"})).await;
    let gone = bench.world.website("w3").await;
    bench.world.uninstall("w3").await;

    let changes = bench.since(before).await.expect("a difference is given");
    let saved = bench.world.website("w2").await;
    assert_eq!(changes.len(), 3);
    assert_eq!(changes[0], item(&saved, "updated"));
    assert_eq!(changes[0]["settings"], json!({"message": "Bonjour"}));
    assert_eq!(changes[1], item(&new, "added"));
    let gone = json!({"website_id": gone["website_id"], "difference": "removed"});
    assert_eq!(changes[2], gone);
}

async fn no_change_is_an_empty_difference(official: Official) {
    let Some(mut bench) = Bench::start(official, json!({"websites": 4})).await else {
        return;
    };
    let now = bench.world.now().await;
    assert_eq!(bench.since(now).await, Ok(Vec::new()));
}

async fn ones_own_save_comes_back_as_a_difference(official: Official) {
    let Some(mut bench) = Bench::start(official, json!({"websites": 2})).await else {
        return;
    };
    let before = bench.world.now().await;
    let w1 = bench.world.website("w1").await;
    let id = w1["website_id"].as_str().expect("a website has an id").to_owned();
    let saved = bench.update_settings(&id, json!({"message": "Ciao"})).await;
    saved.expect("the save is taken");
    let changes = bench.since(before).await.expect("a difference is given");
    assert_eq!(changes, [item(&bench.world.website("w1").await, "updated")]);
}

async fn an_uninstall_and_install_again_comes_as_added_with_a_new_token(official: Official) {
    let Some(mut bench) = Bench::start(official, json!({"websites": 2})).await else {
        return;
    };
    let before = bench.world.now().await;
    let w1 = bench.world.website("w1").await;
    bench.world.uninstall("w1").await;
    let body = json!({"website_id": w1["website_id"], "settings": {"message": "Again"}});
    let again = bench.world.control(reqwest::Method::POST, "/websites", Some(body)).await;
    let changes = bench.since(before).await.expect("a difference is given");
    assert_eq!(changes, [item(&again, "added")]);
    assert_ne!(changes[0]["token"], w1["token"]);
}

/// A website as the differential gives it.
fn item(truth: &Value, difference: &str) -> Value {
    json!({
        "website_id": truth["website_id"],
        "token": truth["token"],
        "price": truth["price"],
        "settings": truth["settings"],
        "difference": difference,
    })
}
