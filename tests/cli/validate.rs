//! `validate`: is this file valid, and if not, what is wrong where.

use crate::program::{folder, run, run_in};

const SCHEMA: &str = r#"{"type": "object", "properties": {"message": {"type": "string"}}}"#;

#[test]
fn valid_files_are_called_valid_with_what_they_were_taken_for() {
    let folder = folder(&[
        ("schema.json", SCHEMA),
        ("config.yaml", "websites: 3\nschema: schema.json\n"),
        ("plan.yaml", "- { at: \"since#2\", status: 503 }\n"),
    ]);
    let files = ["validate", "schema.json", "config.yaml", "plan.yaml"];
    insta::assert_snapshot!(run_in(folder.path(), &files).shown());
}

#[test]
fn one_bad_file_among_good_ones_fails_the_run() {
    let folder = folder(&[
        ("good.json", SCHEMA),
        (
            "bad.json",
            "{\n  \"type\": \"object\",\n  \"properties\": {\"a\": {\"type\": \"strng\"}}\n}\n",
        ),
        ("bad.yaml", "websites: -1\n"),
    ]);
    let files = ["validate", "bad.json", "good.json", "bad.yaml", "missing.json"];
    let ended = run_in(folder.path(), &files);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.stdout, "good.json: valid (settings schema)\n");
    let (reports, missing) = ended.stderr.split_once("error: missing.json: ").unwrap();
    assert!(!missing.is_empty());
    insta::assert_snapshot!(reports);
}

#[test]
fn what_is_allowed_and_probably_not_meant_is_a_warning() {
    let folder = folder(&[("schema.json", r#"{"type": "object", "propertis": {}}"#)]);
    insta::assert_snapshot!(run_in(folder.path(), &["validate", "schema.json"]).shown());
}

#[test]
fn a_scenario_is_recognised_and_judged() {
    let scenario = "name: a save is lost\nstart: { websites: {} }\nwhen: []\nexpect: {}\n";
    let folder = folder(&[("scenario.yaml", scenario)]);
    insta::assert_snapshot!(run_in(folder.path(), &["validate", "scenario.yaml"]).shown());
}

#[test]
fn a_file_of_no_kind_asks_for_help_and_kind_gives_it() {
    let folder = folder(&[("empty.json", "{}")]);
    insta::assert_snapshot!(run_in(folder.path(), &["validate", "empty.json"]).shown());
    for kind in ["schema", "config"] {
        let ended = run_in(folder.path(), &["validate", "--kind", kind, "empty.json"]);
        assert_eq!(ended.code, Some(0), "{kind}: {}", ended.stderr);
    }
}

#[test]
fn a_name_and_faults_are_a_scenario_and_never_a_config() {
    let scenario = "name: an outage\nfaults: [{ at: \"since#2\", status: 503 }]\n";
    let more = format!("{scenario}when: [{{ at: 60s, save: {{ w1: {{ message: new }} }} }}]\n");
    let folder = folder(&[("a.yaml", scenario), ("b.yaml", &more), ("c.yaml", "name: 3\n")]);
    let ended = run_in(folder.path(), &["validate", "a.yaml", "b.yaml", "c.yaml"]);
    assert_eq!(ended.stdout, "a.yaml: valid (scenario)\nb.yaml: valid (scenario)\n");
    assert!(ended.stderr.starts_with("c.yaml:1:7: "), "{}", ended.stderr);
}

#[test]
fn what_is_not_utf8_is_told_with_its_line_and_column() {
    let folder = folder(&[]);
    std::fs::write(folder.path().join("a.yaml"), b"name: x\nabout: \xc3\xa4\xff\n").unwrap();
    for command in [["validate", "a.yaml"], ["replay", "a.yaml"]] {
        let ended = run_in(folder.path(), &command);
        assert_eq!(ended.code, Some(2));
        let begins = "a.yaml:2:9: from here on the file is not UTF-8\n";
        assert!(ended.stderr.starts_with(begins), "{command:?}: {}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_folder_that_links_back_to_itself_is_replayed_once() {
    let folder = folder(&[("a.yaml", "name: nothing happens\n")]);
    std::os::unix::fs::symlink(".", folder.path().join("again")).unwrap();
    let ended = run_in(folder.path(), &["replay", "."]);
    assert!(ended.stdout.ends_with("PASS    1 passed\n"), "{}", ended.stdout);
}

#[test]
fn no_file_is_bad_usage() {
    assert_eq!(run(&["validate"]).code, Some(2));
}

#[test]
fn a_file_that_is_too_large_is_told_the_limit_and_the_way_out() {
    let mut text = String::from("name: large\nstart:\n  websites:\n");
    for number in 1..=50_001 {
        text.push_str(&format!("    w{number}: {{ message: Hi }}\n"));
    }
    let folder = folder(&[("large.yaml", &text)]);
    let guessed = run_in(folder.path(), &["validate", "large.yaml"]);
    let known = run_in(folder.path(), &["replay", "large.yaml"]);
    for ended in [&guessed, &known] {
        assert_eq!(ended.code, Some(2), "{}", ended.shown());
        assert!(ended.stderr.contains("generated"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("budget"), "{}", ended.stderr);
    }
    insta::assert_snapshot!(guessed.stderr);
}
