//! What is built from this workspace beside the program under test.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use serde_json::Value;

/// The program of crisp-sync, or an example of it (`examples/…`). It stands beside the tests if the whole
/// workspace is tested, with all that it can do; else it is built by these options.
pub fn of_crisp_sync(name: &str, options: &[&str]) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("client");
    let tests = std::env::current_exe().unwrap();
    let built = tests.ancestors().nth(2).unwrap().join(format!("{name}{EXE_SUFFIX}"));
    if changed(&built).is_some_and(|built| Some(built) > changed(&source)) {
        return built;
    }
    build(name.trim_start_matches("examples/"), options)
}

/// When a file was changed, or the last one of a folder.
fn changed(path: &Path) -> Option<SystemTime> {
    match path.read_dir() {
        Ok(entries) => entries.filter_map(|entry| changed(&entry.ok()?.path())).max(),
        Err(_) => path.metadata().ok()?.modified().ok(),
    }
}

fn build(name: &str, options: &[&str]) -> PathBuf {
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
