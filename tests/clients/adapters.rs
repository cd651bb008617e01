//! The adapters of `examples/adapters`, and the exchange that the protocol's page shows.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::install::repository;
use crate::lines::Program;
use crate::want::{or_skip, program};

/// The fenced blocks of a page in a language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repository(page)).expect("the page is there");
    let fence = format!("```{language}\n");
    let blocks = text.split(fence.as_str()).skip(1);
    let blocks = blocks.filter_map(|rest| rest.split("```").next());
    blocks.map(str::to_owned).collect()
}

#[test]
fn every_adapter_is_shorter_than_120_lines() {
    for file in ["node/crisp-mock-client.js", "python/crisp_mock_client.py", "go/client.go"] {
        let path = repository("examples/adapters").join(file);
        let text = std::fs::read_to_string(path).expect("the adapter");
        assert!(text.lines().count() < 120, "{file}");
    }
}

/// What stands where the page's program expects a plugin.
const MY_PLUGIN: &str = "\
websites = {'9e3779b1-c571-4e94-8e25-4a6f0ef4e1de': {'settings': {'message': 'Hello'}, 'token': 't1'}}
begun = []
def begin_to_load(): begun.append(True)
def is_loaded(): return bool(begun)
";

#[tokio::test]
async fn the_exchange_on_the_page_is_what_its_program_says() {
    let Some(python) = or_skip(program("python3")) else {
        return;
    };
    let page = "docs/client-protocol.md";
    let exchange = blocks(page, "text").remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text);
    write("judged.py", &blocks(page, "python").remove(0)).expect("the program");
    write("my_plugin.py", MY_PLUGIN).expect("its plugin");
    let mut command = tokio::process::Command::new(python);
    command.arg("-B").arg(folder.path().join("judged.py"));
    let mut client = Program::start("the page's program", &mut command);
    let mut replies = 0;
    for line in exchange.lines() {
        match line.split_once(' ') {
            Some(("→", asked)) => client.say(asked).await,
            Some(("←", wanted)) => {
                let heard: Value = serde_json::from_str(&client.hear().await).expect("JSON");
                let wanted: Value = serde_json::from_str(wanted).expect("the page shows JSON");
                assert_eq!(heard, wanted);
                replies += 1;
            }
            _ => panic!("neither a message nor a reply: {line}"),
        }
    }
    assert_eq!(replies, 5);
}

/// Each adapter around a cache that never changes.
const NODE: &str = r#"
const { judged } = require("ADAPTER");
let saved = [];
judged(() => ({ ready: true, websites: new Map([["w1", { settings: saved, token: "t1" }], ["w2", {}]]) }), {
  name: "tiny", version: "2", tokens: true, view: { keys: ["message"] }, timeoutMs: 5000,
  start: async (place) => { saved.push(place.poll_ms); throw new Error("goes on in the background"); },
  status: () => ({ state: "stale", age_ms: 7 }),
  save: async (id, settings, how) => {
    saved.push(id, settings, how);
    if (settings.code) throw settings;
  },
});
console.log("chatter");
"#;
const PYTHON: &str = r#"
import sys
sys.path.append(__import__("os").path.dirname("ADAPTER"))
from crisp_mock_client import judged
saved = []
def start(place):
    saved.append(place["poll_ms"])
    raise RuntimeError("goes on in the background")
def save(id, settings, how):
    saved.extend([id, settings, how])
    if "code" in settings:
        raise RuntimeError(settings)
print("chatter", flush=True)
judged(lambda: {"ready": True, "websites": {"w1": {"settings": saved, "token": "t1"}, "w2": {"settings": None}}},
    name="tiny", version="2", tokens=True, view={"keys": ["message"]}, timeout_ms=5000,
    start=start, status=lambda: {"state": "stale", "age_ms": 7}, save=save)
"#;

/// The next line that is a reply.
async fn reply(client: &mut Program) -> Value {
    loop {
        if let Ok(reply) = serde_json::from_str::<Value>(&client.hear().await) {
            return reply;
        }
    }
}

async fn speaks_the_protocol(interpreter: &str, adapter: &str, script: &str) {
    let Some(interpreter) = or_skip(program(interpreter)) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("judged");
    let adapter = repository("examples/adapters").join(adapter);
    let script = script.replace("ADAPTER", &adapter.display().to_string());
    std::fs::write(&file, script).expect("a script");
    let mut command = tokio::process::Command::new(interpreter);
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(&file);
    command.stderr(Stdio::null());
    let mut client = Program::start("the adapter", &mut command);

    client.say(r#"{"id":1,"op":"hello","protocol":1}"#).await;
    let hello = reply(&mut client).await;
    assert_eq!((&hello["id"], &hello["ok"]), (&1.into(), &true.into()));
    assert_eq!(hello["name"], "tiny");
    assert_eq!(hello["timeout_ms"], 5000);
    assert_eq!(hello["view"]["keys"][0], "message");
    let capabilities = hello["capabilities"].as_array().expect("a list");
    let capabilities: BTreeSet<_> = capabilities.iter().filter_map(Value::as_str).collect();
    assert_eq!(capabilities, ["save", "status", "tokens"].into());

    client.say(r#"{"id":2,"op":"start","poll_ms":200}"#).await;
    assert_eq!(reply(&mut client).await["ok"], true);
    for (settings, outcome) in [
        (r#"{}"#, "done"),
        (r#"{"code":404}"#, "refused"),
        (r#"{"code":503}"#, "unknown"),
        (r#"{"code":"timeout"}"#, "unknown"),
    ] {
        let save = format!(
            r#"{{"id":3,"op":"save","website_id":"w1","settings":{settings},"how":"put"}}"#
        );
        client.say(&save).await;
        assert_eq!(reply(&mut client).await["outcome"], outcome, "{settings}");
    }
    client.say(r#"{"id":4,"op":"read","unknown":1}"#).await;
    let read = reply(&mut client).await;
    assert_eq!(read["ready"], true);
    assert_eq!(read["status"]["state"], "stale");
    assert_eq!(read["websites"]["w1"]["token"], "t1");
    assert!(read["websites"]["w2"]["settings"].is_null());
    let held = &read["websites"]["w1"]["settings"];
    assert_eq!((&held[0], &held[1], &held[3]), (&200.into(), &"w1".into(), &"put".into()));
    client.say(r#"{"id":5,"op":"reset"}"#).await;
    let refused = reply(&mut client).await;
    assert_eq!(refused["ok"], false);
    assert_eq!(refused["error"], "this client cannot reset");
    client.say(r#"{"id":6,"op":"stop"}"#).await;
    assert_eq!(reply(&mut client).await["ok"], true);
}

#[tokio::test]
async fn the_node_adapter_speaks_the_protocol() {
    speaks_the_protocol("node", "node/crisp-mock-client.js", NODE).await;
}

#[tokio::test]
async fn the_python_adapter_speaks_the_protocol() {
    speaks_the_protocol("python3", "python/crisp_mock_client.py", PYTHON).await;
}

#[tokio::test]
async fn a_running_service_is_judged_from_scenario_to_scenario() {
    let Some(node) = or_skip(program("node")) else {
        return;
    };
    let mut command = tokio::process::Command::new(node);
    command.arg(repository("examples/adapters/service/service.js"));
    command.env("PORT", "0");
    let mut service = Program::start("the service", &mut command);
    let address = service.hear_of("judge me at ").await;
    let address = address.rsplit(' ').next().expect("an address").to_owned();
    let ended = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crisp-mock"));
        command.current_dir(repository("scenarios/basics"));
        // Nothing changes in them: only the machine could make a difference.
        let files = ["an-empty-world.yaml", "nothing-happens.yaml"];
        command.arg("replay").args(files);
        command.args(["--client-url", &address]).output()
    });
    let output = ended.await.expect("no panic").expect("the program is there");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    // 3: this machine was too slow to judge any.
    assert!(matches!(output.status.code(), Some(0 | 3)), "{said}");
    assert!(said.starts_with("JUDGED  http"), "{said}");
}
