//! A plugin that keeps its copy on disc: in a folder of each scenario's own it is judged by what it does there, and
//! it is not convicted of what another scenario left.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::install::repository;
use crate::want::{or_skip, program};

/// Two worlds with other websites and other settings, and a new process in the middle of the last.
const SCENARIOS: [&str; 3] = ["an-operator-saves", "a-website-uninstalls", "the-client-restarts"];

/// What is said of the plugin in each scenario: the outcome, and why it is not judged.
fn judged(node: &Path, folder: &Path, state: &str, time: &str) -> Vec<(String, String)> {
    let report = folder.join("events");
    let script = repository("tests/clients/node/kept.mjs");
    let mut command = Command::new(env!("CARGO_BIN_EXE_crisp-mock"));
    let output = command
        .current_dir(folder)
        .args(["replay", "--quiet", "--jobs", "1", "--client-timeout", "60s", "--time", time])
        .args(SCENARIOS.map(|name| format!("builtin/basics/{name}.yaml")))
        .arg("--run")
        .arg(format!("env STATE={state} '{}' '{}'", node.display(), script.display()))
        .args(["--read", "http://127.0.0.1:{port}/_cache"])
        .arg("--report")
        .arg(format!("json={}", report.display()))
        .output()
        .expect("the program is there");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let events = std::fs::read_to_string(report).unwrap_or_else(|_| panic!("{said}"));
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let finished = events.filter(|event| event["event"] == "scenario_finished");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    finished.map(|event| (text(&event["outcome"]), text(&event["unjudged"]))).collect()
}

fn holds(time: &str) {
    let Some(node) = or_skip(program("node")) else { return };
    let folder = tempfile::tempdir().expect("a folder for state");
    let of_its_own = judged(&node, folder.path(), "{folder}/state.json", time);
    let outcomes: Vec<_> = of_its_own.iter().map(|(outcome, _)| outcome.as_str()).collect();
    assert_eq!(outcomes, ["passed"; SCENARIOS.len()], "{of_its_own:?}");
    assert!(!folder.path().join("state.json").exists(), "it keeps it elsewhere");
    let of_all = judged(&node, folder.path(), "state.json", time);
    let left: Vec<_> = of_all.iter().filter(|(outcome, _)| outcome != "passed").collect();
    assert!(!left.is_empty(), "what was there before is told from its own: {of_all:?}");
    for (outcome, why) in left {
        assert_eq!(outcome, "not_judged", "{of_all:?}");
        assert!(
            why.starts_with("the plugin read `state.json`, which holds what another scenario left"),
            "{why}"
        );
    }
}

#[test]
fn what_another_scenario_left_on_disc_convicts_no_plugin_in_virtual_time() {
    holds("virtual");
}

#[test]
fn what_another_scenario_left_on_disc_convicts_no_plugin_in_real_time() {
    holds("real");
}
