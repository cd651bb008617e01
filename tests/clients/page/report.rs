//! A failed run, looked at: in a file that opens offline, and in the page.

use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::Page;
use crate::install::repository;
use crate::webdriver::Browser;

/// A report of the guide's loop, which loses an update.
fn report() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("there is room for a report");
    let file = folder.path().join("report.html");
    let mut replay = Command::new(env!("CARGO_BIN_EXE_crisp-mock"));
    replay.current_dir(repository(""));
    replay.args([
        "replay",
        "scenarios/guide/a-save-during-a-slow-poll.yaml",
        "--client",
        "guide",
        "--quiet",
    ]);
    replay.arg("--report").arg(format!("html={}", file.display()));
    let ended = replay.output().expect("the command runs");
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    (folder, file)
}

/// What a report shows, wherever it is opened.
async fn is_drawn(browser: &Browser) {
    for text in [
        "0 passed, 1 failed",
        "lost update",
        "An operator saved w1 at 22.52 s.",
        "asked far enough back",
        "crisp-mock replay scenarios/guide",
        "name: an operator saves during a slow poll",
    ] {
        browser.says(text).await;
    }
    let flags =
        "return [...document.querySelectorAll('text.flag')].map((flag) => flag.textContent)";
    assert_eq!(browser.evaluate(flags).await, json!(["1", "2"]));
    let rows = "document.querySelectorAll('.story tbody tr').length";
    let all = browser.evaluate(&format!("return {rows}")).await;
    browser.click("[aria-label='Zoom in']").await;
    browser.click("[aria-label='Zoom in']").await;
    browser.until(&format!("{rows} < {all}")).await;
    browser.click("[aria-label='All of it']").await;
    browser.until(&format!("{rows} === {all}")).await;
    // A moment of a lane leads to its row.
    browser
        .evaluate("document.querySelector('circle.dot-good').dispatchEvent(new Event('click'))")
        .await;
    browser.until("document.querySelector('.story tr.chosen')").await;
}

#[tokio::test]
async fn a_failed_run_is_one_file_that_opens_offline() {
    let Some(browser) = Browser::start().await else {
        return;
    };
    let (_folder, file) = report();
    browser.log("performance").await; // what the browser asks by itself at its start
    browser.open(&format!("file://{}", file.display())).await;
    is_drawn(&browser).await;
    assert_eq!(browser.log("browser").await, Vec::<String>::new());
    for line in browser.log("performance").await {
        assert!(!line.contains("\"url\":\"http"), "{line}");
    }
}

#[tokio::test]
async fn the_page_opens_a_report_and_runs_nothing_of_it() {
    let Some(page) = Page::open("lanes", &["--websites", "1"]).await else {
        return;
    };
    let (_folder, file) = report();
    let text = std::fs::read_to_string(&file).expect("a report can be read");
    let evil = text.replace("<main id", "<img src=x onerror=\"window.hacked=1\"><main id");
    std::fs::write(&file, evil).expect("a report can be written");
    page.browser.attach("[type=file]", &file).await;
    is_drawn(&page.browser).await;
    assert_eq!(page.browser.evaluate("return window.hacked ?? 0").await, json!(0));

    let other = file.with_file_name("other.html");
    std::fs::write(&other, "<p>no report</p>").expect("a file can be written");
    page.browser.attach("[type=file]", &other).await;
    page.browser.says("other.html cannot be shown: it has no report in it").await;

    page.plugin_asks("plugin/connect/account").await;
    page.press("Show the journal now").await;
    page.browser.says("account#1: 200").await;
}
