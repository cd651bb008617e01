//! The service under trial: the whole corpus, its saves too, and random cases.

use std::process::Command;

use serde_json::Value;

use crate::program;
use crate::sync::built;

/// Scenarios that say nothing of a client that opens no socket.
const ABOUT_EVENTS: u64 = 6;
/// Random cases: what a test may take. `docs/service.md` has the command for many more.
const CASES: &str = "100";

fn passes(how: &str) {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("events");
    let mut command: Command = program::program();
    let output = command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["check", "--quiet", "--seed", "1", "--cases", CASES, "--client-timeout", "60s"])
        .arg("--client-cmd")
        .arg(format!("'{}' judged{how}", built().display()))
        .arg("--save-failure")
        .arg(folder.path().join("failures"))
        .arg("--report")
        .arg(format!("json={}", report.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let events = std::fs::read_to_string(report).unwrap();
    let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    let corpus = &last["corpus"];
    let count = |name: &str| corpus[name].as_u64().unwrap();
    assert_eq!(count("passed") + ABOUT_EVENTS, count("scenarios"), "{last:#}");
    assert_eq!(last["failed"], 0, "{last:#}");
}

#[test]
fn what_is_read_passes_the_corpus_and_random_cases() {
    passes("");
}

#[test]
fn what_a_listener_holds_passes_the_corpus_and_random_cases() {
    passes(" --changes");
}
