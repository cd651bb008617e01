//! The form that is made from a schema: what it writes, what it leaves alone, what is refused.

use std::io::Write as _;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::Page;

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["title", "kind"],
        "properties": {
            "title": {"type": "string", "title": "Title", "description": "Shown first", "maxLength": 8},
            "kind": {"const": "banner"},
            "count": {"type": "integer", "minimum": 1, "maximum": 5, "default": 3},
            "big": {"type": "integer"},
            "ratio": {"type": "number"},
            "is_on": {"type": "boolean"},
            "color": {"enum": ["red", "blue"]},
            "note": {"type": ["string", "null"]},
            "hours": {"type": "object", "properties": {"from": {"type": "string", "pattern": "^[0-9]+$"}}},
            "links": {"type": "array", "items": {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}}},
            "rest": {"oneOf": [{"type": "string"}, {"type": "array"}]},
        },
    })
}

/// The form of a website with these settings.
async fn form(settings: &str) -> Option<Page> {
    let mut file = NamedTempFile::new().expect("there is room for a schema");
    file.write_all(schema().to_string().as_bytes()).expect("a schema can be written");
    let path = file.path().to_str().expect("a path is UTF-8");
    let options = ["--websites", "0", "--schema", path, "--quirk", "numbers=as-sent"];
    let page = Page::open("journal", &options).await?;
    let settings: Value = serde_json::from_str(settings).expect("settings are JSON");
    page.world.install(settings).await;
    page.visit("websites/w1").await;
    page.browser.until("document.querySelector('.form')").await;
    Some(page)
}

async fn settings(page: &Page) -> Value {
    page.world.website("w1").await["settings"].take()
}

#[tokio::test]
async fn a_save_loses_nothing_that_the_form_does_not_know() {
    let before = r#"{"title":"Hi","kind":"banner","big":12345678901234567890,"extra":{"deep":[1,2.50]},"rest":["a"]}"#;
    let Some(page) = form(before).await else {
        return;
    };
    page.browser.says("Also there, and kept: extra").await;
    page.fill("Title", "Hello").await;
    page.press("Save").await;
    page.browser.says("Saved at").await;
    let after = before.replace("\"Hi\"", "\"Hello\"");
    assert_eq!(settings(&page).await, serde_json::from_str::<Value>(&after).expect("JSON"));
}

#[tokio::test]
async fn null_not_set_and_a_value_are_three_things() {
    let Some(page) = form(r#"{"title":"Hi","kind":"banner","note":"n","is_on":false}"#).await
    else {
        return;
    };
    page.choose("note: set or not", "null").await;
    page.choose("is_on: set or not", "not set").await;
    page.choose("count: set or not", "set").await; // begins with the default
    page.choose("color", "blue").await;
    page.fill("ratio", "1.5").await;
    page.fill("from", "9").await;
    page.press("Add to links").await;
    page.fill("url", "http://a").await;
    page.press("Save").await;
    page.browser.says("Saved at").await;
    assert_eq!(
        settings(&page).await,
        json!({
            "title": "Hi", "kind": "banner", "note": null, "count": 3, "ratio": 1.5,
            "color": "blue", "hours": {"from": "9"}, "links": [{"url": "http://a"}],
        })
    );
    page.press("Remove item 1").await;
    page.press("Save").await;
    page.browser.says("Saved at").await;
    assert_eq!(settings(&page).await["links"], json!([]));
}

#[tokio::test]
async fn what_the_schema_refuses_is_told_at_each_field_and_nothing_is_saved() {
    let Some(page) = form(r#"{"title":"Hi","kind":"banner"}"#).await else {
        return;
    };
    page.fill("Title", "far too long").await;
    page.fill("count", "9").await;
    page.press("Save").await;
    page.browser.says("Not saved: 2 things do not fit.").await;
    for label in ["Title", "count"] {
        let field = page.labelled(label).await;
        let script = format!(
            "const field = document.querySelector(\"{field}\");
             const told = field.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id).textContent);
             return [field.getAttribute('aria-invalid'), told.join(' ')];"
        );
        let said = page.browser.evaluate(&script).await;
        assert_eq!(said[0], "true", "{label}");
        assert!(said[1].as_str().is_some_and(|text| text.contains("at most")), "{said}");
    }
    assert_eq!(settings(&page).await, json!({"title": "Hi", "kind": "banner"}));

    page.fill("count", "many").await;
    page.press("Save").await;
    page.browser.says("count is to be a whole number, and `many` is none").await;

    page.fill("count", "2").await;
    page.fill("Title", "Fine").await;
    page.press("Save").await;
    page.browser.says("Saved at").await;
    assert_eq!(
        page.browser.evaluate("return document.querySelectorAll('[aria-invalid]').length").await,
        0
    );
}

#[tokio::test]
async fn the_settings_page_of_the_plugin_is_framed_as_crisp_opens_it() {
    let options = ["--websites", "1", "--settings-url", "http://127.0.0.1:9/settings?theme=1"];
    let Some(page) = Page::open("websites/w1", &options).await else {
        return;
    };
    page.press("Open as an operator").await;
    page.choose("Locale", "fr").await;
    let website = page.world.website("w1").await;
    let (id, token) = (website["website_id"].as_str(), website["token"].as_str());
    let wanted = format!(
        "http://127.0.0.1:9/settings?theme=1&website_id={}&token={}&locale=fr",
        id.expect("an id"),
        token.expect("a token")
    );
    page.browser
        .until(&format!("document.querySelector('iframe').src === {}", json!(wanted)))
        .await;
}

#[tokio::test]
async fn what_is_not_saved_is_not_left_unasked() {
    let Some(page) = form(r#"{"title":"Hi","kind":"banner"}"#).await else {
        return;
    };
    page.fill("Title", "mine").await;
    page.browser
        .evaluate("window.asked = 0; window.confirm = () => { window.asked += 1; return false; }")
        .await;
    page.press("Journal").await;
    page.browser.until("window.asked === 1 && location.hash === '#/websites/w1'").await;
    assert_eq!(page.browser.field(&page.labelled("Title").await).await, "mine");
}

#[tokio::test]
async fn the_raw_json_is_saved_and_refused_in_the_same_way() {
    let Some(page) = form(r#"{"title":"Hi","kind":"banner"}"#).await else {
        return;
    };
    page.press("JSON").await;
    page.fill("Settings as JSON", r#"{"title": 5, "kind": "banner"}"#).await;
    page.press("Save").await;
    page.browser.says("/title must be a string").await;
    page.fill("Settings as JSON", r#"{"title": "Raw", "kind": "banner", "new": [true]}"#).await;
    page.press("Save").await;
    page.browser.says("Saved at").await;
    assert_eq!(settings(&page).await, json!({"title": "Raw", "kind": "banner", "new": [true]}));
}
