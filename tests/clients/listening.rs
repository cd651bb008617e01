//! Plugins that listen to the RTM API, as they are, in virtual time: real sockets of the libraries that
//! authors use. The guide's second way loses what its scenarios are about; mended it loses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::install::{node_modules, python};
use crate::judged::{crisp_mock, replay};
use crate::want::{Missing, or_skip, program};

/// The scenarios that are about events.
const EVENTS: &str = "guide/events";

/// What the guide's second way comes to: the word of the failure, and its hazard.
const GUIDE: [(&str, &str, &str); 6] = [
    ("a-save-during-the-load", "lost update", "E1"),
    ("a-save-while-the-socket-is-down", "lost update", "E1"),
    ("an-event-that-gets-lost", "lost update", "E1"),
    ("an-install-before-a-bind", "lost update", "E7"),
    ("an-older-event-over-a-newer-poll", "went back in time", "E2"),
    ("events-out-of-order", "went back in time", "E2"),
];

/// A plugin that listens: its command, and where its packages are.
struct Plugin {
    run: String,
    modules: Option<PathBuf>,
}

fn node(script: &str) -> Result<Plugin, Missing> {
    let modules = node_modules("examples/node-listening")?;
    let run = format!("'{}' examples/node-listening/{script}", program("node")?.display());
    Ok(Plugin { run, modules: Some(modules) })
}

fn in_python(script: &str) -> Result<Plugin, Missing> {
    let python = python("examples/python-listening")?;
    let run = format!("'{}' examples/python-listening/{script}", python.display());
    Ok(Plugin { run, modules: None })
}

impl Plugin {
    fn command(&self, read: &str) -> Command {
        let mut command = crisp_mock();
        command.args(["--run", &self.run, "--read", read, "--time", "virtual"]);
        command.args(["--client-timeout", "60s"]);
        command.envs(self.modules.iter().map(|modules| ("NODE_PATH", modules)));
        command
    }

    /// What comes of the scenarios about events, by their names.
    fn judged(&self, read: &str) -> BTreeMap<String, Value> {
        let events = replay(&mut self.command(read), &BTreeSet::from([EVENTS.to_owned()]));
        let name = |file: &str| {
            let name = file.trim_start_matches(EVENTS).trim_start_matches('/');
            name.trim_end_matches(".yaml").to_owned()
        };
        events.into_iter().map(|(file, event)| (name(&file), event)).collect()
    }
}

fn is_convicted(plugin: Result<Plugin, Missing>) {
    let Some(plugin) = or_skip(plugin) else { return };
    let got: Vec<_> = plugin
        .judged("http://127.0.0.1:{port}/_cache")
        .into_iter()
        .map(|(name, event)| {
            let failure = &event["failure"];
            (name, failure["word"].clone(), failure["hazard"]["number"].clone())
        })
        .collect();
    let wanted: Vec<_> = GUIDE
        .iter()
        .map(|(name, word, hazard)| ((*name).to_owned(), Value::from(*word), Value::from(*hazard)))
        .collect();
    assert_eq!(got, wanted);
}

fn passes(plugin: Result<Plugin, Missing>) {
    let Some(plugin) = or_skip(plugin) else { return };
    let judged = plugin.judged("http://127.0.0.1:{port}/");
    assert_eq!(judged.len(), GUIDE.len());
    for (name, event) in judged {
        assert_eq!(event["outcome"], "passed", "{name}: {event:#}");
    }
}

/// Times, frames and their order: nothing of the machine is in a run.
#[test]
fn two_runs_of_a_plugin_that_listens_are_the_same() {
    let Some(plugin) = or_skip(node("index.js")) else { return };
    let run = || -> Vec<_> {
        let judged = plugin.judged("http://127.0.0.1:{port}/_cache").into_values();
        judged.map(|event| event["fingerprint"].clone()).collect()
    };
    let first = run();
    assert_eq!(first.len(), GUIDE.len());
    assert_eq!(first, run());
}

#[test]
fn the_guides_second_way_in_node_is_convicted_in_every_scenario_about_events() {
    is_convicted(node("index.js"));
}

#[test]
fn the_guides_second_way_in_python_is_convicted_in_every_scenario_about_events() {
    is_convicted(in_python("plugin.py"));
}

#[test]
fn the_second_way_mended_in_node_passes_every_scenario_about_events() {
    passes(node("mended.js"));
}

#[test]
fn the_second_way_mended_in_python_passes_every_scenario_about_events() {
    passes(in_python("mended.py"));
}
