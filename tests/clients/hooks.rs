//! Web hooks, received by plugins that are written with the official Node clients.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crisp_mock_server::engine::PluginEvent;
use crisp_mock_server::hooks::Signed;
use crisp_mock_server::id::WebsiteId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::ajv::chance::Chance;
use crate::emulator::World;
use crate::install::{node_modules, repository};
use crate::lines::Program;
use crate::numbers::number;
use crate::want::{Missing, or_skip, program};

const PACKAGES: [&str; 2] = ["crisp-api-11", "crisp-api-10"];

/// A program of the folder of Node clients.
fn node(script: &str, package: &str) -> Result<Command, Missing> {
    let mut command = Command::new(program("node")?);
    command.arg(repository("tests/clients/node").join(script)).arg(package);
    command.env("NODE_PATH", node_modules("tests/clients/node")?);
    Ok(command)
}

/// A plugin that receives hooks, and where.
struct Receiver {
    program: Program,
    url: String,
}

impl Receiver {
    /// The secret is that of a space of this name: it follows from the name alone.
    async fn start(package: &'static str, secret: &str) -> Option<Self> {
        let installed = tokio::task::spawn_blocking(move || node("hooks.js", package)).await;
        let command = or_skip(installed.expect("an installation does not panic"))?;
        let mut program = Program::start("hooks.js", &mut command.into());
        program.say(secret).await;
        let port = program.hear().await;
        Some(Self { program, url: format!("http://127.0.0.1:{port}") })
    }

    async fn delivery(&mut self) -> Value {
        serde_json::from_str(&self.program.hear().await).expect("a line of JSON")
    }
}

/// The secret of a space with this name.
async fn secret(name: &str) -> String {
    let world = World::start(json!({ "name": name })).await;
    world.fact("hook_secret").to_owned()
}

/// The deliveries of a world in this state, once there is one.
async fn deliveries(world: &World, state: &str) -> Vec<Value> {
    let path = format!("/hooks/deliveries?state={state}&wait=60s");
    let mut found = world.control(Method::GET, &path, None).await;
    serde_json::from_value(found["deliveries"].take()).expect("a list")
}

#[tokio::test]
async fn official_clients_verify_and_receive_what_is_delivered_and_refuse_what_is_forged() {
    let secret = secret("verified").await;
    for package in PACKAGES {
        let Some(mut receiver) = Receiver::start(package, &secret).await else { return };
        let hook = format!("{}/200", receiver.url);
        let faults = json!([{ "at": "hook#2", "bad_signature": true }]);
        let options = json!({ "name": "verified", "hook": hook, "faults": faults });
        let world = World::start(options).await;

        world.operator_saves("w1", json!({ "message": "Grüße \u{2028} \"\\" })).await;
        let mut told = receiver.delivery().await;
        let website = world.website("w1").await;
        let settings = told["data"].take();
        let mut settings: Value = serde_json::from_value(settings).unwrap_or_default();
        assert_eq!(settings["settings"].take()["message"], "Grüße \u{2028} \"\\", "{package}");
        assert_eq!(settings["website_id"], website["website_id"]);
        for (key, expected) in [
            ("verified", json!(true)),
            ("exact", json!(true)),
            ("event", json!("plugin:settings:saved")),
            ("count", json!("1")),
            ("limit", json!("3")),
            ("type", json!("application/json")),
        ] {
            assert_eq!(told[key], expected, "{package}: {key}");
        }
        let origin = told["origin"].as_str().unwrap_or_default().to_owned();
        assert!(origin.starts_with("plugin/rtm ") && origin.ends_with(" production"), "{origin}");

        world.uninstall("w2").await;
        assert_eq!(receiver.delivery().await["verified"], false, "{package}: the second is forged");
        let sent = json!({ "event": "message:send", "data": { "content": "Hi" } });
        world.control(Method::POST, "/events", Some(sent)).await;
        let told = receiver.delivery().await;
        assert_eq!((&told["verified"], &told["data"]["content"]), (&json!(true), &json!("Hi")));
    }
}

#[tokio::test]
async fn one_step_of_a_manual_clock_makes_three_attempts_at_0_10_and_70_seconds() {
    let Some(mut receiver) = Receiver::start(PACKAGES[0], &secret("steps").await).await else {
        return;
    };
    let hook = format!("{}/500", receiver.url);
    let world = World::start(json!({ "name": "steps", "hook": hook, "clock": "manual" })).await;
    world.operator_saves("w1", json!({ "message": "Hi" })).await;
    world.control(Method::POST, "/clock", Some(json!({ "advance": "70s" }))).await;
    let failed = deliveries(&world, "failed").await;
    let attempts = failed[0]["attempts"].as_array().expect("a list");
    let seen: Vec<_> = attempts.iter().map(|one| (&one["elapsed_ms"], &one["status"])).collect();
    let status = json!(500);
    assert_eq!(
        seen,
        [(&json!(0), &status), (&json!(10_000), &status), (&json!(70_000), &status)],
        "{failed:?}"
    );
    assert_eq!(attempts[0]["answer"], "answered 500");
    let mut told = Vec::new();
    for count in ["1", "2", "3"] {
        let delivery = receiver.delivery().await;
        assert_eq!((&delivery["count"], &delivery["verified"]), (&json!(count), &json!(true)));
        told.push((delivery["time"].clone(), delivery["body"].clone()));
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{told:?}");

    let path = format!("/hooks/deliveries/{}/redeliver", failed[0]["id"]);
    world.control(Method::POST, &path, None).await;
    assert_eq!(receiver.delivery().await["count"], "4");
}

#[tokio::test]
async fn receivers_that_do_not_take_a_delivery_are_told_apart() {
    let Some(receiver) = Receiver::start(PACKAGES[0], &secret("refusing").await).await else {
        return;
    };
    let closed = "http://127.0.0.1:9".to_owned();
    let paths = ["301", "close", "hang"].map(|how| format!("{}/{how}", receiver.url));
    let hooks: Vec<_> = paths.into_iter().chain([closed]).collect();
    let quirks = json!({ "hook-retries": "off" });
    let options = json!({ "name": "refusing", "hook": hooks, "quirks": quirks, "clock": "manual" });
    let world = World::start(options).await;
    world.operator_saves("w1", json!({ "message": "Hi" })).await;
    // Returns when all of them are over, which takes the hanging one ten seconds.
    world.control(Method::POST, "/clock", Some(json!({ "advance": "1s" }))).await;
    let failed = deliveries(&world, "failed").await;
    let outcomes: Vec<_> = failed.iter().map(|one| &one["attempts"][0]["outcome"]).collect();
    assert_eq!(outcomes, ["answered", "closed_early", "timed_out", "not_sent"]);
    assert_eq!(failed[0]["attempts"][0]["status"], 301, "and it is not followed");
    assert_eq!(world.control(Method::GET, "/clock", None).await["elapsed_ms"], 1_000);
}

#[tokio::test]
async fn a_run_in_which_a_forged_hook_was_taken_is_red() {
    for (how, code) in [("200", Some(1)), ("301", Some(0))] {
        let Some(receiver) = Receiver::start(PACKAGES[0], "any").await else { return };
        let folder = tempfile::tempdir().expect("a folder");
        let plan = folder.path().join("plan.yaml");
        std::fs::write(&plan, "{ at: \"hook#1\", old_timestamp: 1h }").expect("a plan");
        let tool = env!("CARGO_BIN_EXE_crisp-mock");
        let script = format!(
            "'{tool}' ctl save w1 message=Hi && '{tool}' ctl hooks --wait 20s --state {} && \
             test -n \"$CRISP_HOOK_SECRET\"",
            if how == "200" { "delivered" } else { "failed" },
        );
        let mut command = tokio::process::Command::new(tool);
        command.args(["exec", "--fail-on", "forged-hook", "--hook"]);
        command.arg(format!("{}/{how}", receiver.url)).arg("--faults").arg(&plan);
        let output = command.args(["--", "sh", "-c", &script]).output().await;
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), code, "{how}: {said}");
        let told =
            "1 forged web hook answered with 2xx, first plugin:settings:saved with old_timestamp";
        assert_eq!(said.contains(told), how == "200", "{said}");
    }
}

#[tokio::test]
async fn a_hook_that_leaves_this_machine_is_refused() {
    let world = World::as_served().await;
    let client = crate::emulator::http();
    let body = json!({ "hook": "http://192.0.2.1/" });
    let url = format!("{}/spaces", world.fact("control_url"));
    let answer = client.post(url).json(&body).send().await.expect("it answers");
    assert_eq!(answer.status(), 400);
    let error: Value = answer.json().await.expect("in JSON");
    assert!(error["error"].as_str().is_some_and(|error| error.contains("--hooks-anywhere")));
}

/// Settings of a few members, nested, with keys that JavaScript puts in order.
fn settings(chance: &mut Chance, depth: usize) -> String {
    const KEYS: [&str; 12] = [
        "a",
        "b",
        "10",
        "2",
        "0",
        "007",
        "4294967295",
        "4294967294",
        "é",
        "__proto__",
        "a\\\"",
        "\\u0000",
    ];
    let members = (0..chance.below(6)).map(|_| {
        let key = chance.pick(&KEYS).to_owned();
        format!("\"{key}\":{}", value(chance, depth))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn value(chance: &mut Chance, depth: usize) -> String {
    const TEXTS: [&str; 8] = [
        "",
        "Hi",
        "\\u2028\\u2029",
        "\\ud83d\\ude00",
        "\\/ </script>",
        "\\n\\t\\b\\f\\r",
        "\\u007f\\u0080\\u001f",
        "ﷺ",
    ];
    match chance.below(if depth == 0 { 6 } else { 8 }) {
        0 => "null".to_owned(),
        1 => "true".to_owned(),
        2 | 3 => format!("\"{}\"", chance.pick(&TEXTS)),
        4 | 5 => number(chance),
        6 => {
            let items = (0..chance.below(4)).map(|_| value(chance, depth - 1));
            format!("[{}]", items.collect::<Vec<_>>().join(","))
        }
        _ => settings(chance, depth - 1),
    }
}

#[test]
fn ten_thousand_signed_settings_are_what_json_stringify_writes_and_are_verified() {
    let mut chance = Chance::new(16);
    let secret = "0123456789abcdef0123456789abcdef";
    let mut lines = String::new();
    for seq in 1..=10_000_u64 {
        let text = settings(&mut chance, 3);
        let settings: Value = serde_json::from_str(&text).expect("it is JSON");
        let website_id = WebsiteId::numbered(1);
        let event = PluginEvent {
            seq,
            website_id,
            event: "plugin:settings:saved".to_owned(),
            data: json!({ "website_id": website_id, "plugin_id": "p", "settings": settings }),
            timestamp: 1_700_000_000_000 + i64::try_from(seq).expect("it is small"),
        };
        let Signed { body, timestamp, signature } = Signed::of(&event, secret, None);
        let body = String::from_utf8(body.to_vec()).expect("JSON is UTF-8");
        let line =
            json!({ "body": body, "timestamp": timestamp.to_string(), "signature": signature });
        lines.push_str(&format!("{line}\n"));
    }
    for package in PACKAGES {
        let Some(mut command) = or_skip(node("verify.js", package)) else { return };
        let command = command.arg(secret).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("node starts");
        let written = child.stdin.take().map(|mut to| to.write_all(lines.as_bytes()));
        written.expect("it was asked for").expect("node reads");
        let output = child.wait_with_output().expect("node ends");
        let told: Value = serde_json::from_slice(&output.stdout).expect("it tells in JSON");
        assert_eq!(told, json!({ "count": 10_000, "wrong": null }), "{package}");
    }
}
