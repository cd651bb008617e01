//! Two sound clients that share nothing with `crisp-sync` are convicted by no scenario of the corpus
//! and by no random case, in virtual time over HTTP. A conviction is a mistake of theirs or of a rule.

use std::process::Command;

use serde_json::Value;

use crate::install::repository;
use crate::want::{Missing, or_skip, program};

/// Random cases for each client: what a test may take. `examples/clients/README.md` has the command
/// for many more.
const CASES: &str = "200";

/// Scenarios that say nothing of a client that opens no socket.
const ABOUT_EVENTS: u64 = 6;

/// Holds the corpus, then random cases against a client; neither may convict it.
fn holds(interpreter: &str, script: &str) -> Result<(), Missing> {
    let program = program(interpreter)?;
    let folder = tempfile::tempdir().expect("a folder for reports");
    let report = folder.path().join("events");
    let output = Command::new(env!("CARGO_BIN_EXE_crisp-mock"))
        .current_dir(repository(""))
        .args(["check", "--quiet", "--seed", "1", "--cases", CASES, "--client-timeout", "60s"])
        .arg("--client-cmd")
        .arg(format!("'{}' examples/clients/{script}", program.display()))
        .arg("--save-failure")
        .arg(folder.path().join("failures"))
        .arg("--report")
        .arg(format!("json={}", report.display()))
        .output()
        .expect("the program is there");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{script}\n{said}");
    let events = std::fs::read_to_string(report).expect("the report was written");
    let last: Value = serde_json::from_str(events.lines().last().expect("an event")).expect("JSON");
    let corpus = &last["corpus"];
    // Both take over what the files need, so there is nothing in the corpus that they are not judged on,
    // but events: they open no socket.
    let count = |name: &str| corpus[name].as_u64().expect("a number");
    assert_eq!(count("passed") + ABOUT_EVENTS, count("scenarios"), "{last:#}");
    assert_eq!(count("not_judged"), ABOUT_EVENTS, "{last:#}");
    assert_eq!(last["failed"], 0, "{last:#}");
    let passed = last["passed"].as_u64().expect("a number");
    assert!(passed * 20 >= last["cases"].as_u64().expect("a number") * 19, "{last:#}");
    Ok(())
}

#[test]
fn a_client_that_reads_websites_one_by_one_is_convicted_of_nothing() {
    or_skip(holds("node", "one-by-one.mjs"));
}

#[test]
fn a_client_with_a_long_overlap_is_convicted_of_nothing() {
    or_skip(holds("python3", "long_overlap.py"));
}
