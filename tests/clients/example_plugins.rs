//! The example plugins against the emulator: what they hold, and whom they let change it.

use reqwest::StatusCode;
use serde_json::json;

use crate::emulator::World;
use crate::install::repository;
use crate::plugin::{Language, Plugin, claims_of_every_plugin, truth};

claims_of_every_plugin!(
    a_plugin_holds_the_settings_of_every_page,
    a_save_an_install_and_an_uninstall_reach_the_plugin,
    a_plugin_that_starts_during_an_outage_loads_afterwards,
    the_right_token_saves_and_a_wrong_one_does_not,
    a_new_website_can_save_as_soon_as_the_plugin_knows_it,
);

async fn a_plugin_holds_the_settings_of_every_page(language: Language) {
    let options = json!({"websites": 5, "unconfigured": 1, "page_size": 2});
    let Some(plugin) = Plugin::start(language, options).await else {
        return;
    };
    assert_eq!(plugin.cache().await, truth(&plugin.world).await);
    assert_eq!(plugin.world.requests("list").await.len(), 4);
}

async fn a_save_an_install_and_an_uninstall_reach_the_plugin(language: Language) {
    let Some(plugin) = Plugin::start(language, json!({"websites": 4})).await else {
        return;
    };
    let before = plugin.cache().await;
    plugin.world.operator_saves("w2", json!({"message": "Bonjour"})).await;
    plugin.world.install(json!({"message": "Hej"})).await;
    plugin.world.uninstall("w3").await;
    plugin.catches_up().await;
    let after = plugin.cache().await;
    assert_ne!(after, before);
    assert_eq!(after, truth(&plugin.world).await);
}

async fn a_plugin_that_starts_during_an_outage_loads_afterwards(language: Language) {
    // More failures than the Node client hides by itself.
    let outage = json!({"at": "list#1..4", "status": 503});
    let options = json!({"websites": 3, "faults": outage});
    let Some(plugin) = Plugin::start(language, options).await else {
        return;
    };
    assert_eq!(plugin.cache().await, truth(&plugin.world).await);
}

async fn the_right_token_saves_and_a_wrong_one_does_not(language: Language) {
    let Some(plugin) = Plugin::start(language, json!({"websites": 2})).await else {
        return;
    };
    let website = plugin.world.website("w1").await;
    let other = plugin.world.website("w2").await;
    let before = plugin.world.websites().await;
    let greeting = json!({"message": "Ciao"});
    for wrong in [other["token"].clone(), json!("guess"), json!(""), json!(null)] {
        let body = json!({
            "website_id": website["website_id"], "token": wrong, "settings": greeting,
        });
        let (status, answer) = plugin.post(body).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{wrong}: {answer}");
    }
    assert_eq!(plugin.world.websites().await, before);
    assert_eq!(plugin.world.requests("update_settings").await.len(), 0);

    let body = json!({
        "website_id": website["website_id"], "token": website["token"], "settings": greeting,
    });
    assert_eq!(plugin.post(body).await, (StatusCode::OK, json!({})));
    assert_eq!(plugin.world.website("w1").await["settings"], greeting);
    assert_eq!(plugin.cache().await, truth(&plugin.world).await);
}

async fn a_new_website_can_save_as_soon_as_the_plugin_knows_it(language: Language) {
    let Some(plugin) = Plugin::start(language, json!({"websites": 1})).await else {
        return;
    };
    let new = plugin.world.install(json!({})).await;
    plugin.catches_up().await;
    let greeting = json!({"message": "Ciao"});
    let body = json!({
        "website_id": new["website_id"], "token": new["token"], "settings": greeting,
    });
    assert_eq!(plugin.post(body).await, (StatusCode::OK, json!({})));
    let id = new["website_id"].as_str().expect("a website has an id");
    assert_eq!(plugin.world.website(id).await["settings"], greeting);
}

#[tokio::test]
async fn the_credentials_in_every_readme_are_those_of_the_default_world() {
    let world = World::as_served().await;
    for language in ["go", "node", "python"] {
        let readme = repository(&format!("examples/{language}-plugin/README.md"));
        let readme = std::fs::read_to_string(readme).expect("every example has a README");
        for fact in ["identifier", "key", "plugin_id"] {
            assert!(readme.contains(world.fact(fact)), "{language}: {fact}");
        }
    }
}

#[test]
fn every_example_shows_the_same_settings_page_for_the_same_schema() {
    for file in ["config.html", "schema.json"] {
        let read = |language: &str| {
            let path = repository(&format!("examples/{language}-plugin/{file}"));
            std::fs::read_to_string(path).expect("every example has a page and a schema")
        };
        let node = read("node");
        assert!(node == read("python") && node == read("go"), "{file} differs");
    }
}
