//! Plugins that listen to the RTM API, as they are, in virtual time: real sockets of the libraries that
//! authors use. The guide's second way loses what its scenarios are about; mended it loses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::emulator::{World, http};
use crate::install::{go, node_modules, python};
use crate::judged::{crisp_mock, replay};
use crate::lines::{PATIENCE, Program};
use crate::plugin::truth;
use crate::want::{Missing, or_skip, program};

/// The scenarios that are about events, beside the corpus.
const EVENTS: &str = "guide/events";

/// Faults that a socket meets before it is one, in a folder of their own.
const HANDSHAKE: &str = "../tests/clients/sockets/handshake";

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

    /// What comes of the scenarios in a folder, by their names.
    fn judged(&self, read: &str, folder: &str) -> BTreeMap<String, Value> {
        let events = replay(&mut self.command(read), &BTreeSet::from([folder.to_owned()]));
        let name = |file: String| {
            let name = Path::new(&file).file_stem().expect("a name");
            name.to_string_lossy().into_owned()
        };
        events.into_iter().map(|(file, event)| (name(file), event)).collect()
    }
}

fn is_convicted(plugin: Result<Plugin, Missing>) {
    let Some(plugin) = or_skip(plugin) else { return };
    let got: Vec<_> = plugin
        .judged("http://127.0.0.1:{port}/_cache", EVENTS)
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

/// All scenarios in a folder.
fn passes(plugin: Result<Plugin, Missing>, folder: &str, scenarios: usize) {
    let Some(plugin) = or_skip(plugin) else { return };
    let judged = plugin.judged("http://127.0.0.1:{port}/", folder);
    assert_eq!(judged.len(), scenarios);
    for (name, event) in judged {
        assert_eq!(event["outcome"], "passed", "{name}: {event:#}");
    }
}

/// Times, frames and their order: nothing of the machine is in a run.
#[test]
fn two_runs_of_a_plugin_that_listens_are_the_same() {
    let Some(plugin) = or_skip(node("index.js")) else { return };
    let run = || -> Vec<_> {
        let judged = plugin.judged("http://127.0.0.1:{port}/_cache", EVENTS).into_values();
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
    passes(node("mended.js"), EVENTS, GUIDE.len());
}

#[test]
fn the_second_way_mended_in_python_passes_every_scenario_about_events() {
    passes(in_python("mended.py"), EVENTS, GUIDE.len());
}

#[test]
fn the_second_way_mended_in_node_outlives_every_fault_of_the_handshake() {
    passes(node("mended.js"), HANDSHAKE, 4);
}

#[test]
fn the_second_way_mended_in_python_outlives_every_fault_of_the_handshake() {
    passes(in_python("mended.py"), HANDSHAKE, 4);
}

/// The official client rejects a promise that the plugin does not wait for, and Node ends.
#[test]
fn a_plugin_that_does_not_catch_the_refusal_of_a_socket_is_convicted_of_having_stopped() {
    let Some(plugin) = or_skip(node("index.js")) else { return };
    let judged = plugin.judged("http://127.0.0.1:{port}/_cache", HANDSHAKE);
    let failure = &judged["bad-credentials"]["failure"];
    assert_eq!(
        (&failure["word"], &failure["hazard"]["number"]),
        (&json!("the client stopped"), &json!("F7"))
    );
}

/// Returns once a plugin holds what is true.
async fn comes_to_hold(url: &str, world: &World) {
    let truth = truth(world).await;
    let holds = async {
        loop {
            let answer = http().get(url).send().await.expect("the plugin answers");
            if answer.json::<Value>().await.ok() == Some(Value::from(truth.clone())) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, holds).await.expect("the plugin holds what is true");
}

/// It polls every ten minutes: what it holds sooner it has heard of. Go's clock cannot be moved.
#[tokio::test]
async fn the_plugin_in_go_holds_what_it_hears_of_and_what_was_saved_while_its_socket_was_down() {
    let folder = tempfile::tempdir().expect("a folder for the program");
    let built = folder.path().join("plugin");
    if or_skip(go("examples/go-listening", ".", "", &built)).is_none() {
        return;
    }

    let world = World::start(json!({"websites": 3})).await;
    let mut command = tokio::process::Command::new(built);
    command.envs(world.environment()).env("PORT", "0");
    let mut plugin = Program::start("the plugin in Go", &mut command);
    let page = plugin.hear_of("settings page on").await;
    let page = page.rsplit(' ').next().expect("an address");
    let cache = page.replace("config.html", "_cache");
    plugin.hear_of("loaded").await;
    comes_to_hold(&cache, &world).await;

    world.operator_saves("w1", json!({"message": "Hallo"})).await;
    comes_to_hold(&cache, &world).await;
    world.install(json!({"message": "Hej"})).await;
    comes_to_hold(&cache, &world).await;

    let sockets = world.control(Method::GET, "/rtm", None).await;
    let socket = sockets["sockets"][0]["sid"].as_str().expect("a socket").to_owned();
    world.control(Method::DELETE, &format!("/rtm/{socket}"), None).await;
    world.operator_saves("w2", json!({"message": "while it is down"})).await;
    comes_to_hold(&cache, &world).await;
}
