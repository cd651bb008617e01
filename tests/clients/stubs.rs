//! `examples/stubs.yaml`: a bot that is written with the official client starts without Crisp.

use std::process::Command;

use serde_json::{Value, json};

use crate::emulator::World;
use crate::install::{node_modules, repository};
use crate::want::{Missing, or_skip, program};

const FILE: &str = include_str!("../../examples/stubs.yaml");

fn bot(package: &str) -> Result<Command, Missing> {
    let mut command = Command::new(program("node")?);
    command.arg(repository("tests/clients/node/bot.js")).arg(package);
    command.args(["website-1", "session_1", "people-1"]);
    command.env("NODE_PATH", node_modules("tests/clients/node")?);
    Ok(command)
}

#[tokio::test]
async fn every_call_of_a_bot_is_answered_and_the_journal_names_the_stub() {
    let stubs: Value = serde_saphyr::from_str(FILE).expect("it is YAML");
    let world = World::start(json!({ "stub_file": stubs })).await;
    for package in ["crisp-api-11", "crisp-api-10"] {
        let Some(mut command) = or_skip(bot(package)) else { return };
        command.envs(world.environment());
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        let output = output.expect("it runs").expect("node starts");
        let text = String::from_utf8(output.stdout).expect("JSON is UTF-8");
        let told: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        let rejected: Vec<_> = told.iter().filter(|call| !call["rejected"].is_null()).collect();
        assert!(told.len() == 27 && rejected.is_empty(), "{package}: {rejected:?}");
        let of = |name: &str| {
            let found = told.iter().find(|call| call["call"] == name);
            found.unwrap_or_else(|| panic!("{name}"))["returned"].clone()
        };
        assert_eq!(of("getWebsite")["website_id"], "website-1");
        assert_eq!(of("getConversation")["session_id"], "session_1");
        assert_eq!(of("getMessagesInConversation")[0]["user"]["user_id"], "session_1");
        assert!(of("sendMessageInConversation")["fingerprint"].is_u64());
        assert_eq!(of("getPeopleProfile")["people_id"], "people-1");
    }
    let stubbed = world.requests("stub").await;
    assert_eq!(stubbed.len(), 2 * 27);
    assert_eq!(stubbed[0]["explanation"], "answered by the stub `GET website/{website_id}=200`");
}
