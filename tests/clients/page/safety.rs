//! What clients write stays text, no other host is asked, and a foreign page gets nothing.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::Page;
use crate::emulator::http;

const VIEWS: [&str; 9] = [
    "journal",
    "websites",
    "websites/w1",
    "schema",
    "faults",
    "events",
    "world",
    "lanes",
    "websites/none",
];

/// Markup that would run a script, if any part of the page took it for markup.
const MARKUP: &str = "\"><img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script>";

#[tokio::test]
async fn text_that_clients_write_stays_text_and_no_other_host_is_asked() {
    let hook = "http://127.0.0.1:9/hook";
    let Some(page) = Page::open("journal", &["--websites", "1", "--hook", hook]).await else {
        return;
    };
    let world = &page.world;
    world.operator_saves("w1", json!({"message": MARKUP, MARKUP: MARKUP})).await;
    let plan = json!({"plan": MARKUP});
    world.control(Method::PATCH, "/websites/w1", Some(plan)).await;
    let schema = json!({
        "type": "object",
        "properties": {"message": {"type": "string", "title": MARKUP, "description": MARKUP, "default": MARKUP}, MARKUP: {}},
    });
    world.control(Method::PUT, "/schema", Some(schema)).await;
    let fault = json!({"at": "account", "garbage": true});
    world.control(Method::POST, "/faults", Some(fault)).await;
    let url = format!("{}plugin/{}", world.fact("rest_url"), percent(MARKUP));
    let request = http()
        .post(format!("{url}?q={}", percent(MARKUP)))
        .header("User-Agent", MARKUP)
        .header("X-Odd", MARKUP)
        .body(MARKUP);
    request.send().await.expect("the emulator answers");

    let browser = &page.browser;
    browser.log("performance").await; // what the browser asks by itself at its start
    for view in VIEWS {
        page.visit(view).await;
        if view == "journal" {
            browser.until("document.querySelectorAll('.row').length >= 2").await;
            browser
                .evaluate("document.querySelectorAll('.row').forEach((row) => row.click())")
                .await;
            browser.says("Do it again").await;
            browser.says("x-odd").await;
        }
        if view == "websites/w1" {
            browser.says("onerror").await;
            for tab in ["JSON", "History", "Open as an operator", "Form"] {
                page.press(tab).await;
            }
        }
        let odd =
            "return [window.hacked ?? 0, document.querySelectorAll('img, main script').length]";
        assert_eq!(browser.evaluate(odd).await, json!([0, 0]), "{view}");
    }

    let log = browser.log("browser").await;
    let wanted: Vec<_> =
        log.iter().filter(|line| !line.contains("Failed to load resource")).collect();
    assert!(wanted.is_empty(), "the browser complained: {wanted:?}");
    let own = page.world.fact("url").to_owned();
    for line in browser.log("performance").await {
        let entry: serde_json::Value = serde_json::from_str(&line).expect("an event is JSON");
        let event = &entry["message"];
        let sent = event["method"] == "Network.requestWillBeSent";
        if let Some(url) = event["params"]["request"]["url"].as_str().filter(|_| sent) {
            let local = url.starts_with(&own)
                || ["about:", "data:", "chrome:"].iter().any(|own| url.starts_with(own));
            assert!(local, "{url} was asked");
        }
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn the_control_token_is_asked_for_and_kept_in_the_tab() {
    let options = ["--websites", "2", "--control-token", "secret-token-of-this-test"];
    let Some(browser) = crate::webdriver::Browser::start().await else {
        return;
    };
    let world =
        crate::emulator::World::served_with(&[&["--listen", "127.0.0.1:0"], &options[..]].concat())
            .await;
    let address = format!("{}/ui#/websites", world.fact("control_url"));
    browser.open(&address).await;
    let page = Page { browser, world };
    page.fill("Token", "wrong").await;
    page.press("Go on").await;
    page.browser.until("document.querySelector('dialog[open] input')?.value === ''").await;
    page.fill("Token", "secret-token-of-this-test").await;
    page.press("Go on").await;
    page.browser.says("1 to 2, 2 have the plugin").await;

    // It outlives a reload, and stands in no address and in no storage that another tab sees.
    page.browser.evaluate("location.reload()").await;
    page.browser.says("1 to 2, 2 have the plugin").await;
    let stored =
        page.browser.evaluate("return [localStorage.length, document.cookie, location.href]").await;
    assert_eq!(stored, json!([0, "", address]));
}

#[tokio::test]
async fn a_foreign_origin_and_a_foreign_host_get_nothing() {
    let world = crate::emulator::World::as_served().await;
    let url = format!("{}/ui", world.fact("control_url"));
    let asked = |name: &'static str, value: &'static str| {
        let request = http().get(&url).header(name, value);
        async move { request.send().await.expect("the emulator answers") }
    };
    for (name, value) in [("Origin", "http://evil.example"), ("Host", "evil.example")] {
        let answer = asked(name, value).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
        assert!(!answer.text().await.expect("a text").contains("<html"));
    }
    let answer = asked("Accept", "text/html").await;
    let policy = answer.headers()["content-security-policy"].to_str().expect("a text").to_owned();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}
