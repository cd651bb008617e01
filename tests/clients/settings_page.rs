//! The settings page in a real browser, opened as Crisp opens it (docs/wire.md#settings-page).

use serde_json::json;

use crate::plugin::{Language, Plugin, claims_of_every_plugin, truth};
use crate::webdriver::Browser;

claims_of_every_plugin!(
    what_is_saved_on_the_page_is_saved_in_crisp_and_held_by_the_plugin,
    a_page_opened_with_a_wrong_token_shows_and_saves_nothing,
    what_the_schema_refuses_is_said_on_the_page,
);

const MESSAGE: &str = "#message";
const SAVE: &str = "#save";

/// A browser beside a plugin whose first website says Hello.
async fn browser_and_plugin(language: Language) -> Option<(Browser, Plugin)> {
    let schema = std::fs::read_to_string(match language {
        Language::Node => crate::install::repository("examples/node-plugin/schema.json"),
        Language::Python => crate::install::repository("examples/python-plugin/schema.json"),
    });
    let schema = schema.expect("the example has a schema");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("a schema is JSON");
    let plugin = Plugin::start(language, json!({"websites": 3, "schema": schema})).await?;
    plugin.world.operator_saves("w1", json!({"message": "Hello"})).await;
    plugin.catches_up().await;
    Some((Browser::start().await?, plugin))
}

/// Where Crisp sends an operator of the first website.
async fn settings_url(plugin: &Plugin) -> String {
    let website = plugin.world.website("w1").await;
    website["settings_url"].as_str().expect("the plugin has a settings page").to_owned()
}

async fn what_is_saved_on_the_page_is_saved_in_crisp_and_held_by_the_plugin(language: Language) {
    let Some((browser, plugin)) = browser_and_plugin(language).await else {
        return;
    };
    browser.open(&settings_url(&plugin).await).await;
    browser.status("ready").await;
    assert_eq!(browser.field(MESSAGE).await, "Hello");
    browser.fill(MESSAGE, "Bienvenue à tous").await;
    browser.click(SAVE).await;
    browser.status("saved").await;

    let greeting = json!({"message": "Bienvenue à tous"});
    assert_eq!(plugin.world.website("w1").await["settings"], greeting);
    // A poll that was answered before the save may put the old value back until the next one.
    plugin.catches_up().await;
    assert_eq!(plugin.cache().await, truth(&plugin.world).await);
    let writes = plugin.world.requests("update_settings").await;
    assert_eq!((writes.len(), &writes[0]["method"]), (1, &json!("PATCH")));
}

async fn a_page_opened_with_a_wrong_token_shows_and_saves_nothing(language: Language) {
    let Some((browser, plugin)) = browser_and_plugin(language).await else {
        return;
    };
    let token = plugin.world.website("w1").await["token"].take();
    let other = plugin.world.website("w2").await["token"].take();
    let text = |token: &serde_json::Value| token.as_str().expect("a token").to_owned();
    let url = settings_url(&plugin).await.replace(&text(&token), &text(&other));

    browser.open(&url).await;
    let refusal = browser.status("refused").await;
    assert!(refusal.contains("link is not valid"), "{refusal}");
    assert_eq!(browser.field(MESSAGE).await, "");
    browser.fill(MESSAGE, "Hacked").await;
    browser.click(SAVE).await;
    let refusal = browser.status("refused").await;
    assert!(refusal.contains("link is not valid"), "{refusal}");
    assert_eq!(plugin.world.website("w1").await["settings"], json!({"message": "Hello"}));
    assert_eq!(plugin.world.requests("update_settings").await.len(), 0);
}

async fn what_the_schema_refuses_is_said_on_the_page(language: Language) {
    let Some((browser, plugin)) = browser_and_plugin(language).await else {
        return;
    };
    browser.open(&settings_url(&plugin).await).await;
    browser.status("ready").await;
    browser.fill(MESSAGE, &"la".repeat(31)).await; // 62 characters, and 60 fit
    browser.click(SAVE).await;
    let refusal = browser.status("refused").await;
    assert!(refusal.contains("message") && refusal.contains("60"), "{refusal}");
    assert_eq!(plugin.world.website("w1").await["settings"], json!({"message": "Hello"}));
}
