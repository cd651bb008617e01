//! The config file, and who wins over it.

use std::path::Path;
use std::process::Command;

use crate::program::{Serving, folder, program, run};

const CONFIG: &str = r#"
# yaml-language-server: $schema=config.schema.json
listen: 127.0.0.1:0
websites: 4
unconfigured: 1
page_size: 2
quota: 50
quirks:
  since-boundary: exclusive
  get-cache: off
stub: ["GET website/*/operators/list=200"]
schema: schema.json
faults:
  - { at: "since#1", status: 503 }
clock: manual
now: 2026-01-01T00:00:00Z
settings_url: http://localhost:1234/config.html
"#;
const SCHEMA: &str = r#"{"type": "object", "required": ["colour"],
    "properties": {"colour": {"enum": ["red", "blue"]}}}"#;

fn serve(folder: &Path) -> Command {
    let mut command = program();
    // From elsewhere: paths in the file start at the file.
    command.arg("serve").arg("--config").arg(folder.join("config.yaml"));
    command
}

#[test]
fn a_file_can_say_everything_that_the_command_line_can() {
    let folder = folder(&[("config.yaml", CONFIG), ("schema.json", SCHEMA)]);
    let server = Serving::spawn(&mut serve(folder.path()));
    let websites = server.ctl_json(&["websites"]);
    let websites = websites["websites"].as_object().unwrap();
    assert_eq!(websites.len(), 4);
    assert_eq!(websites.values().filter(|one| one["configured"] == false).count(), 1);
    assert!(websites.values().all(|one| one["settings_url"].is_string()));
    assert_eq!(server.ctl_json(&["quota"])["limit"], 50);
    assert_eq!(server.ctl_json(&["quirks"])["page-size"], "2");
    assert_eq!(server.ctl_json(&["quirks"])["since-boundary"], "exclusive");
    assert_eq!(server.ctl_json(&["clock"])["now"], "2026-01-01T00:00:00.000Z");
    assert_eq!(server.ctl_json(&["fault", "--list"])["faults"].as_array().unwrap().len(), 1);
    assert_eq!(server.ctl(&["save", "w1", "colour=green"]).code, Some(1));
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let folder = folder(&[("config.yaml", CONFIG), ("schema.json", SCHEMA)]);
    let mut command = serve(folder.path());
    command.env("CRISP_MOCK_WEBSITES", "3").env("CRISP_MOCK_QUOTA", "30").args([
        "--websites",
        "2",
        "--quirk",
        "since-boundary=inclusive",
    ]);
    let server = Serving::spawn(&mut command);
    let websites = server.ctl_json(&["websites"]);
    assert_eq!(websites["websites"].as_object().unwrap().len(), 2);
    assert_eq!(server.ctl_json(&["quota"])["limit"], 30);
    let quirks = server.ctl_json(&["quirks"]);
    assert_eq!(quirks["since-boundary"], "inclusive");
    assert_eq!(quirks["get-cache"], "off");
    assert_eq!(quirks["page-size"], "2");
}

#[test]
fn a_limit_of_the_file_can_be_lifted_by_hand() {
    let folder = folder(&[("config.yaml", "quota: 5\nlisten: 127.0.0.1:0\n")]);
    let server = Serving::spawn(serve(folder.path()).args(["--quota", "off"]));
    assert!(server.ctl_json(&["quota"])["limit"].is_null());
}

#[test]
fn the_file_may_be_json_and_hold_the_schema_itself() {
    let text = r#"{
        "$schema": "./config.schema.json",
        "listen": "127.0.0.1:0",
        "websites": 1,
        "schema": {"type": "object", "properties": {"n": {"type": "integer"}}}
    }"#;
    let folder = folder(&[("config.yaml", text)]);
    let server = Serving::spawn(&mut serve(folder.path()));
    assert_eq!(server.ctl(&["save", "w1", "n=x"]).code, Some(1));
    assert_eq!(server.ctl(&["save", "w1", "n=1"]).code, Some(0));
}

#[test]
fn an_empty_file_changes_nothing() {
    let folder = folder(&[("config.yaml", "# nothing yet\n")]);
    let server = Serving::spawn(serve(folder.path()).args(["--listen", "127.0.0.1:0"]));
    let websites = server.ctl_json(&["websites"]);
    assert_eq!(websites["websites"].as_object().unwrap().len(), 25);
}

#[test]
fn the_json_schema_of_the_file_is_printed_for_editors() {
    let ended = run(&["schema", "config"]);
    assert_eq!(ended.code, Some(0));
    let mut schema: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    // The library's tables have tests of their own.
    assert!(schema["properties"]["quirks"]["properties"]["list-order"]["examples"].is_array());
    schema["properties"]["quirks"] = "…".into();
    assert!(schema["$defs"]["Fault"].is_object());
    schema["$defs"]["Fault"] = "…".into();
    insta::assert_snapshot!(format!("{schema:#}"));
}
