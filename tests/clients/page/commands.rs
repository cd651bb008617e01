//! Every control shows the command that does the same, and the program takes each of them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::Page;

/// Views with something of everything in them.
const VIEWS: [&str; 9] = [
    "journal",
    "websites",
    "websites/w1",
    "websites/w9",
    "schema",
    "faults",
    "events",
    "world",
    "lanes",
];

/// What `ctl` can do that the page does, too. (`kick` stands in the row of a socket that is open.)
const DONE: [&str; 17] = [
    "clock advance",
    "clock set",
    "clock skew",
    "emit",
    "fault",
    "info",
    "install",
    "plan",
    "quirks",
    "quota",
    "redeliver",
    "requests",
    "reset",
    "save",
    "schema",
    "space",
    "uninstall",
];

async fn page_with_something_of_everything() -> Option<Page> {
    let hook = "http://127.0.0.1:9/hook"; // nothing listens there
    let options = ["--websites", "2", "--hook", hook, "--clock", "manual"];
    let page = Page::open("journal", &options).await?;
    page.world.operator_saves("w1", json!({"message": "Hi"})).await;
    let until_given_up = json!({"advance": "70s"});
    page.world.control(reqwest::Method::POST, "/clock", Some(until_given_up)).await;
    let fault = json!({"at": "since#2", "status": 503});
    page.world.control(reqwest::Method::POST, "/faults", Some(fault)).await;
    let space = json!({"name": "second"});
    page.world.control(reqwest::Method::POST, "/spaces", Some(space)).await;
    page.plugin_asks("plugin/connect/account").await;
    Some(page)
}

/// The commands that a view shows when all of it is opened.
async fn commands_of(page: &Page, view: &str) -> Vec<String> {
    page.visit(view).await;
    let shown = match view {
        "journal" => "document.querySelectorAll('.row').length === 2",
        "websites" => "document.querySelectorAll('tbody tr').length === 2",
        "websites/w9" => "document.querySelector('.problem')",
        "faults" => "document.querySelector('.faults li')",
        "world" => {
            "document.querySelector('.card li strong') && document.querySelector('.quirks li')"
        }
        "lanes" => "document.querySelector('.lanes')",
        _ => "document.querySelector('.ctl')",
    };
    page.browser.until(shown).await;
    page.browser.evaluate("document.querySelectorAll('.row').forEach((row) => row.click())").await;
    if view == "journal" {
        page.browser.until("document.querySelectorAll('.detail .ctl').length === 2").await;
    }
    let script = "return [...document.querySelectorAll('.ctl code')].map((one) => one.textContent)";
    let found = page.browser.evaluate(script).await;
    serde_json::from_value(found).expect("texts")
}

/// Runs a command line as a person pastes it, in a folder with the files that it names.
fn paste(folder: &Path, line: &str) -> (Option<i32>, String) {
    let bin = Path::new(env!("CARGO_BIN_EXE_crisp-mock")).parent().expect("a folder");
    let path = std::env::join_paths([bin.to_owned(), "/usr/bin".into(), "/bin".into()]);
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder)
        .env("PATH", path.expect("folders"))
        .env("NO_PROXY", "127.0.0.1")
        .output()
        .expect("a shell");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test]
async fn every_command_that_the_page_shows_does_what_it_says_when_it_is_pasted() {
    let Some(page) = page_with_something_of_everything().await else {
        return;
    };
    let mut lines = BTreeSet::new();
    for view in VIEWS {
        lines.extend(commands_of(&page, view).await);
    }
    let shown = |command: &str| lines.iter().any(|line| line.contains(&format!(" ctl {command}")));
    let missing: Vec<_> = DONE.iter().filter(|command| !shown(command)).collect();
    assert!(missing.is_empty(), "{missing:?} is not among {lines:#?}");

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("schema.json"), r#"{"type": "object"}"#).expect("a file");
    std::fs::write(folder.path().join("plan.yaml"), "- { at: list, status: 500 }").expect("a file");
    // What takes things away comes last, and what would go on for ever is asked once.
    let takes_away =
        |line: &String| ["--clear", "uninstall", "reset"].iter().any(|word| line.contains(word));
    let (last, first): (Vec<_>, Vec<_>) = lines.iter().partition(|line| takes_away(line));
    for line in first.into_iter().chain(last) {
        let (code, said) = paste(folder.path(), &line.replace(" --follow", ""));
        assert_eq!(code, Some(0), "{line}: {said}");
    }
}

#[tokio::test]
async fn a_command_follows_the_control_that_it_stands_for() {
    let Some(page) = Page::open("websites", &["--websites", "3"]).await else {
        return;
    };
    let browser = &page.browser;
    browser.until("document.querySelectorAll('tbody tr').length === 3").await;
    browser.evaluate("document.querySelector('[aria-label=\"Uninstall w2\"]').focus()").await;
    browser.says("crisp-mock ctl uninstall w2").await;
    browser.evaluate("document.querySelector('[aria-label=\"Plan of w3\"]').focus()").await;
    page.choose("Plan of w3", "Plus").await;
    browser.says("crisp-mock ctl plan w3 Plus").await;

    page.press("World").await;
    page.fill("By", "5m").await;
    browser.says("crisp-mock ctl clock advance 5m").await;
    browser.says("crisp-mock ctl clock skew 5m").await;
    page.fill("Requests a day", "500").await;
    page.fill("Used", "20").await;
    browser.says("crisp-mock ctl quota 500 --used 20").await;
    page.fill("Name", "third").await;
    browser.says("crisp-mock ctl space create name=third").await;
}
