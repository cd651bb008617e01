//! How it is started, and what it says when it cannot be.

use crate::program::{Serving, folder};
use crate::sync::{Sync, crisp_sync, ended, plugin_of};

#[test]
fn a_place_that_other_machines_reach_demands_a_token() {
    let serving = Serving::start(&["--websites", "3"]);
    let (code, said) = ended(plugin_of(&serving).args(["--listen", "0.0.0.0:0"]));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--token") && said.contains("other machines"), "{said}");
}

#[tokio::test]
async fn with_a_token_nothing_but_the_probes_is_answered_without_it() {
    let serving = Serving::start(&["--websites", "3"]);
    let token = "a-token-of-more-than-16-characters";
    let sync = Sync::spawn(plugin_of(&serving).env("CRISP_SYNC_TOKEN", token));
    sync.until("/readyz", |status, _| status == 200).await;
    for path in ["/websites", "/settings", "/changes", "/status", "/metrics", "/nothing"] {
        assert_eq!(sync.get(path).await.status(), 401, "{path}");
    }
    let asked = sync.request(reqwest::Method::GET, "/settings").bearer_auth(token).send().await;
    assert_eq!(asked.unwrap().status(), 200);
}

#[test]
fn without_credentials_it_says_which_is_missing() {
    let (code, said) = ended(crisp_sync().args(["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("set CRISP_IDENTIFIER"), "{said}");
    let with = ["serve", "--listen", "127.0.0.1:0", "--identifier", "x"];
    let (_, said) = ended(crisp_sync().args(with));
    assert!(said.contains("set CRISP_KEY"), "{said}");
}

#[test]
fn with_a_store_it_does_not_listen_to_events_and_says_so() {
    let words = ["serve", "--listen", "127.0.0.1:0", "--identifier", "x", "--key", "y", "--rtm"];
    let mut command = crisp_sync();
    let (code, said) = ended(command.args(words).args(["--store", "redis://127.0.0.1:1/0"]));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("leave out --rtm or --store"), "{said}");
}

#[test]
fn a_file_is_told_all_its_mistakes_at_once() {
    let folder = folder(&[("sync.yaml", "lisen: 127.0.0.1:1\npoll-every: often\n")]);
    let mut command = crisp_sync();
    command.current_dir(folder.path()).args(["serve", "--config", "sync.yaml"]);
    let (code, said) = ended(&mut command);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("sync.yaml:1:1: there is no option `lisen`"), "{said}");
    assert!(said.contains("did you mean `listen`?"), "{said}");
    assert!(said.contains("sync.yaml:2:13: `poll-every`"), "{said}");
}

#[tokio::test]
async fn the_command_line_goes_before_the_environment_and_that_before_the_file() {
    let serving = Serving::start(&["--websites", "3"]);
    let folder = folder(&[("sync.yaml", "overlap: 1s\nquota: 100\nrelist-every: 2h\n")]);
    let config = folder.path().join("sync.yaml");
    let mut command = plugin_of(&serving);
    command.env("CRISP_SYNC_CONFIG", config).env("CRISP_SYNC_RELIST_EVERY", "3h");
    command.env("CRISP_SYNC_POLL_EVERY", "5s");
    let sync = Sync::spawn(&mut command);
    let status = sync.until("/status", |_, body| body["ready"] == true).await;
    assert_eq!(status["quota"]["limit"], serde_json::Value::Null, "the command line says none");
    assert_eq!(status["poll_interval_ms"], 100, "the command line goes before the environment");
    assert_eq!(status["relist_interval_ms"], 3 * 3_600_000, "the environment before the file");
}
