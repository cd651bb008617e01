//! What is built from this workspace beside the program under test.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Builds an example or a program of this name, if need be, and says where it is.
pub fn built(name: &str, options: &[&str]) -> PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["build", "--offline", "--message-format", "json"])
        .args(options)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let messages = String::from_utf8(output.stdout).unwrap();
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| Some(message["executable"].as_str()?.into()))
        .unwrap()
}

/// The UUID of a website that people call by a short name.
pub fn id(name: &str) -> String {
    name.parse::<crisp_mock_server::id::WebsiteId>().unwrap().to_string()
}
