//! The page goes on: after a reload, after a restart of the server, beside another tab, and with much.

use bytes::Bytes;
use crisp_mock_server::{MockServer, ServerOptions};
use serde_json::json;

use super::Page;
use crate::emulator::World;
use crate::webdriver::Browser;

#[tokio::test]
async fn a_reload_keeps_the_view_and_a_restart_of_the_server_is_survived() {
    let Some(mut page) = Page::open("websites", &["--websites", "2"]).await else {
        return;
    };
    page.browser.says("1 to 2, 2 have the plugin").await;
    page.browser.evaluate("location.reload()").await;
    page.browser.says("1 to 2, 2 have the plugin").await;

    page.press("Journal").await;
    page.plugin_asks("plugin/connect/account").await;
    page.browser.says("account#1").await;
    let address = page.world.fact("url").trim_start_matches("http://").to_owned();
    page.world = World::served_with(&["--listen", "127.0.0.1:0"]).await;
    page.browser.says("The server does not answer. Trying again").await;
    page.world = World::served_with(&["--listen", &address, "--websites", "5"]).await;
    page.browser.says("Nothing was asked yet").await;
    page.plugin_asks("plugin/connect/websites/all/1").await;
    page.browser.says("list#1").await;
    let complaint = page.browser.text("#connection").await;
    assert_eq!(complaint, "");
}

#[tokio::test]
async fn what_another_tab_saves_is_seen_and_not_written_over_unasked() {
    let Some(page) = Page::open("websites/w1", &["--websites", "1"]).await else {
        return;
    };
    page.browser.until("document.querySelector('.form')").await;
    page.world.operator_saves("w1", json!({"message": "from another tab"})).await;
    page.browser.until("document.querySelector('.form input').value === 'from another tab'").await;

    page.fill("message", "mine").await;
    page.world.operator_saves("w1", json!({"message": "from another tab, again"})).await;
    page.browser.says("This website was changed meanwhile").await;
    let written = page.browser.evaluate("return document.querySelector('.form input').value").await;
    assert_eq!(written, "mine");
    page.browser.evaluate("window.confirm = () => false").await;
    page.press("Save").await;
    page.press("Show what is there now").await;
    page.browser
        .until("document.querySelector('.form input').value === 'from another tab, again'")
        .await;
    let settings = page.world.website("w1").await["settings"].take();
    assert_eq!(settings, json!({"message": "from another tab, again"}));
}

#[tokio::test]
async fn two_tabs_at_once_see_each_other_s_changes_and_each_looks_at_a_space_of_its_own() {
    let Some(page) = Page::open("websites/w1", &["--websites", "1"]).await else {
        return;
    };
    let browser = &page.browser;
    browser.until("document.querySelector('.form')").await;
    let first = browser.new_tab().await;
    page.visit("websites/w1").await;
    browser.until("document.querySelector('.form')").await;
    page.fill("message", "from the second").await;
    page.press("Save").await;
    browser.says("Saved at").await;

    let second = browser.look_at(&first).await;
    browser.until("document.querySelector('.form input').value === 'from the second'").await;
    page.fill("message", "mine").await;
    browser.look_at(&second).await;
    page.fill("message", "from the second, again").await;
    page.press("Save").await;
    browser.says("Saved at").await;
    browser.look_at(&first).await;
    browser.says("This website was changed meanwhile").await;
    browser.evaluate("window.confirm = () => true").await;
    page.press("Save").await;
    browser.says("Saved at").await;
    browser.look_at(&second).await;
    browser.until("document.querySelector('.form input').value === 'mine'").await;

    page.press("World").await;
    page.fill("Name", "apart").await;
    page.press("Make a space").await;
    page.press("Look at apart").await;
    browser.says("apart (looked at)").await;
    page.press("Faults").await;
    page.press("Arm").await;
    browser.says("not met yet").await;
    browser.look_at(&first).await;
    page.press("Faults").await;
    browser.says("Nothing is armed").await;
    browser.until("document.querySelector('#space').value === 'default'").await;
}

#[tokio::test]
async fn a_hundred_thousand_websites_are_paged_and_searched() {
    let Some(page) = Page::open("websites", &["--websites", "100000"]).await else {
        return;
    };
    page.browser.says("1 to 50, 100000 have the plugin").await;
    page.press("Next").await;
    page.browser.says("51 to 100").await;
    page.fill("Search websites", "w99999").await;
    page.browser.until("document.querySelectorAll('tbody tr').length === 1").await;
    assert_eq!(page.browser.text("tbody a").await, "w99999");
}

#[tokio::test]
async fn a_journal_at_its_bound_is_drawn_in_parts_and_searched_whole() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let server = MockServer::start(ServerOptions::default()).await.expect("a free port");
    let space = server.spaces().default_space();
    for number in 1..=12_000 {
        let path = format!("/v1/plugin/connect/websites/all/{number}");
        let request = http::Request::get(path).body(Bytes::new()).expect("a request");
        drop(space.handle(&request, None));
    }
    browser.open(&format!("{}/ui", server.info().control_url)).await;
    browser.says("12000 requests, the oldest 2000 are gone").await;
    let rows = "document.querySelectorAll('.row').length";
    assert_eq!(browser.evaluate(&format!("return {rows}")).await, json!(150));
    browser.click(".more").await;
    browser.until(&format!("{rows} === 300")).await;

    browser.fill("[type=search]", "page 2001").await;
    browser.until(&format!("{rows} === 1")).await;
    assert!(browser.text(".row").await.contains("list#2001"));
    server.stop().await;
}
