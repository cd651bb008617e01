//! Dumps and journals as files.

use crate::program::{Serving, answer, folder, program, run_in};

const HAND_WRITTEN: &str = "\
version: 1
clock: { now: 2026-02-01T10:00:00Z, mode: manual }
websites:
  w1: { settings: { message: Hi } }
  w5: # not configured yet
";

#[test]
fn what_a_server_prints_is_what_the_next_one_starts_from() {
    let folder = folder(&[("state.yaml", HAND_WRITTEN)]);
    let file = folder.path().join("state.yaml");
    let first = Serving::start(&["--state", file.to_str().unwrap()]);
    first.ctl(&["save", "w5", "message=Now"]);
    first.ctl(&["uninstall", "w1"]);
    let printed = first.ctl(&["state"]).stdout;
    let dump = folder.path().join("dump.json");
    std::fs::write(&dump, &printed).unwrap();
    let second = Serving::start(&["--state", dump.to_str().unwrap()]);
    assert_eq!(second.ctl(&["state"]).stdout, printed);
    let third = Serving::start(&["--clock", "manual"]);
    let loaded = third.ctl(&["state", dump.to_str().unwrap()]);
    assert!(loaded.stdout.ends_with("dump.json: 1 website\n"), "{}", loaded.shown());
    assert_eq!(third.ctl_json(&["websites"]), first.ctl_json(&["websites"]));
}

#[test]
fn by_quirk_a_number_keeps_its_digits_from_a_shell_to_the_next_server() {
    let exact = r#"{"id":123456789012345678901234,"ratio":1.50,"zero":-0}"#;
    let folder = folder(&[("any.json", r#"{"type": "object"}"#)]);
    let schema = folder.path().join("any.json");
    let options = ["--quirk", "numbers=as-sent", "--websites", "1"];
    let first = Serving::start(&[&options[..], &["--schema", schema.to_str().unwrap()]].concat());
    let saved = first.ctl(&["save", "w1", "--json", exact]);
    assert!(saved.stdout.contains(exact), "{}", saved.shown());
    let dump = folder.path().join("dump.json");
    std::fs::write(&dump, first.ctl(&["state"]).stdout).unwrap();
    let second = Serving::start(&["--state", dump.to_str().unwrap()]);
    let third = Serving::start(&[]);
    third.ctl(&["state", dump.to_str().unwrap()]);
    for server in [&second, &third] {
        for print in ["text", "json"] {
            let shown = server.ctl(&["websites", "--print", print]);
            assert!(shown.stdout.contains(exact), "{}", shown.shown());
        }
    }
}

#[test]
fn a_bad_dump_is_shown_with_its_lines_before_anything_starts() {
    let bad = "version: 1\nwebsites:\n  w1: { settings: { message: Hi } }\n  W2: {}\nqouta: { limit: 3 }\n";
    let future = "version: 9\nwritten_by: crisp-mock 4.0.0\n";
    let folder = folder(&[
        ("bad.yaml", bad),
        ("future.yaml", future),
        ("config.yaml", "state: { version: 2 }\nlisten: 127.0.0.1:0\n"),
    ]);
    let serve = |arguments: &[&str]| {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        run_in(folder.path(), &arguments).shown()
    };
    insta::assert_snapshot!("bad_dump", serve(&["--state", "bad.yaml"]));
    insta::assert_snapshot!("dump_of_the_future", serve(&["--state", "future.yaml"]));
    insta::assert_snapshot!("dump_in_a_config", serve(&["--config", "config.yaml"]));
    insta::assert_snapshot!("dump_beside_websites", {
        std::fs::write(folder.path().join("good.yaml"), HAND_WRITTEN).unwrap();
        serve(&["--state", "good.yaml", "--websites", "3"])
    });
}

#[test]
fn serve_writes_its_journal_as_it_goes() {
    let folder = folder(&[]);
    let file = folder.path().join("journal.ndjson");
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--journal"]).arg(&file);
    let mut server = Serving::spawn(&mut command);
    answer(server.ask("/v1/plugin/connect/account"));
    // The log has the line after the file has.
    assert!(server.log_line().contains("account#1"));
    let text = std::fs::read_to_string(&file).unwrap();
    let entry: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&entry["space"], &entry["status"]), (&"default".into(), &200.into()));
}
