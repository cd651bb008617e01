//! A client that is set up wrongly is told so in one message, and nothing is judged.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::install::repository;
use crate::want::{Missing, or_skip, program};

const PLUGIN: &str = include_str!("node/set_up.js");
const READ: &str = "http://127.0.0.1:{port}/_cache";
/// Nothing can be told of a client while the machine is too slow; then it is looked at again.
const TRIES: usize = 3;
const NOT_SET_UP: &str = "error: the client is not set up to be judged: ";

/// How a replay ended, and what it said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    errors: String,
}

/// An empty folder with the plugin.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("plugin.js"), PLUGIN).expect("a plugin");
    folder
}

fn crisp_mock(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crisp-mock"));
    let output =
        command.current_dir(folder).args(arguments).output().expect("the program is there");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, errors) = (text(&output.stdout), text(&output.stderr));
    Said { code: output.status.code(), out, errors }
}

/// The plugin with a mistake, as `--run` takes it.
fn plugin(mistake: &str) -> Result<String, Missing> {
    let node = program("node")?;
    Ok(format!("'{}' plugin.js {mistake}", node.display()))
}

/// What a scenario in which nothing is hard says of a client with these options.
fn judge(options: &[&str]) -> Said {
    let folder = folder();
    let easy = ["replay", "builtin/basics/an-operator-saves.yaml"];
    crisp_mock(folder.path(), &[&easy, options].concat())
}

/// The first of a few tries that is as it should be, or the last.
fn until(is_right: impl Fn(&Said) -> bool, attempt: impl Fn() -> Said) -> Said {
    let mut first = (1..TRIES).map(|_| attempt());
    first.find(&is_right).unwrap_or_else(attempt)
}

/// A replay with these options comes to nothing but a message with these parts.
fn is_told(options: &[&str], parts: &[&str]) {
    let told = |said: &Said| parts.iter().all(|part| said.errors.contains(part));
    let said = until(told, || judge(options));
    assert!(told(&said), "{said:#?}");
    assert_eq!(said.code, Some(4), "{said:#?}");
    assert!(said.out.starts_with("JUDGED") && said.out.lines().count() == 1, "{said:#?}");
    assert_eq!(said.errors.matches("error: ").count(), 1, "{said:#?}");
    assert_eq!(said.errors.matches("= hint: ").count(), 1, "{said:#?}");
}

fn plugin_is_told(mistake: &str, parts: &[&str]) {
    let Some(run) = or_skip(plugin(mistake)) else { return };
    is_told(&["--run", &run, "--read", READ], parts);
}

#[test]
fn a_plugin_that_is_set_up_rightly_is_judged() {
    let Some(run) = or_skip(plugin("well")) else { return };
    let said = judge(&["--run", &run, "--read", READ]);
    // On a slow machine it may not be judged; it is refused on none.
    assert!(matches!(said.code, Some(0 | 3)), "{said:#?}");
    assert!(!said.errors.contains("error: "), "{said:#?}");
}

#[test]
fn a_wrong_key_is_told_with_the_first_request_that_was_refused() {
    let request = "`GET /v1/plugin/connect/websites/all/1`, with 401";
    plugin_is_told("wrong-key", &[NOT_SET_UP, request, "CRISP_KEY", "nothing was judged"]);
}

#[test]
fn paths_that_are_not_below_v1_are_told() {
    plugin_is_told("no-version", &[NOT_SET_UP, "/1`, with 404", "/v1/", "CRISP_REST_URL"]);
}

#[test]
fn an_address_that_is_not_used_is_told() {
    let Some(run) = or_skip(plugin("no-address")) else { return };
    let options = ["--run", &run, "--read", READ, "--client-timeout", "3s"];
    is_told(&options, &["no request came within 3s", "CRISP_REST_HOST (setRestHost)"]);
}

#[test]
fn a_poll_interval_that_is_not_taken_over_is_told() {
    let parts = [NOT_SET_UP, "then nothing for", "CRISP_POLL_MS tells it to poll every 200 ms"];
    plugin_is_told("own-pause", &parts);
}

#[test]
fn a_short_interval_of_its_own_is_told_in_virtual_time_however_busy_the_machine_is() {
    let told = "it polls every 1s100ms, although CRISP_POLL_MS tells it to poll every 60000 ms";
    plugin_is_told("a-second", &[NOT_SET_UP, told]);
}

#[test]
fn a_client_with_an_adapter_is_told_the_same() {
    let Some(run) = or_skip(plugin("own-pause")) else { return };
    let adapter = repository("examples/adapters/node/crisp-mock-client.js");
    let client = format!("{run} '{}'", adapter.display());
    is_told(&["--client-cmd", &client], &[NOT_SET_UP, "then nothing for", "CRISP_POLL_MS"]);
}

#[test]
fn a_cache_that_stands_elsewhere_is_told() {
    let Some(run) = or_skip(plugin("well")) else { return };
    let read = "http://127.0.0.1:{port}/cache";
    let parts = [NOT_SET_UP, "/cache is answered with 404 Not Found", "`--read` is the address"];
    is_told(&["--run", &run, "--read", read], &parts);
    plugin_is_told("own-port", &[NOT_SET_UP, "nothing listens at", "`--read` is the address"]);
}

#[test]
fn reports_are_written_and_a_search_is_told_the_same() {
    let Some(run) = or_skip(plugin("wrong-key")) else { return };
    let folder = folder();
    let line = ["check", "--run", &run, "--read", READ, "--report", "junit=r.xml"];
    let said = crisp_mock(folder.path(), &[&line[..], &["--report", "json=r.json"]].concat());
    assert_eq!(said.code, Some(4), "{said:#?}");
    assert!(said.errors.starts_with(NOT_SET_UP), "{said:#?}");
    for report in ["r.xml", "r.json"] {
        let report = std::fs::read_to_string(folder.path().join(report)).expect("a report");
        assert!(report.contains("the client is not set up to be judged"), "{report}");
    }
}

#[test]
fn a_plugin_that_asked_something_and_died_of_the_answer_has_failed() {
    let Some(run) = or_skip(plugin("fragile")) else { return };
    let folder = folder();
    let down = ["replay", "builtin/outages/down-at-the-start.yaml", "--run", &run, "--read", READ];
    // On a slow machine it is not judged; it never counts as one that did not start.
    let judged = |said: &Said| said.code != Some(3);
    let said = until(judged, || crisp_mock(folder.path(), &down));
    assert_eq!(said.code, Some(1), "{said:#?}");
    assert!(said.out.contains("The client stopped: it exited with code 1."), "{said:#?}");
}
