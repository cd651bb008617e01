//! Files that say what they may not say: each complaint has its place and a way out.

use crate::program::{Ended, folder, program, run_in};

fn complaint(files: &[(&str, &str)], arguments: &[&str]) -> String {
    let folder = folder(files);
    let ended = run_in(folder.path(), &[&["serve"], arguments].concat());
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    ended.stderr
}

fn bad_config(text: &str) -> String {
    complaint(&[("config.yaml", text)], &["--config", "config.yaml"])
}

#[test]
fn every_mistake_in_a_config_is_shown_at_once_with_its_line() {
    insta::assert_snapshot!(bad_config(
        "websits: 3
page-size: 5
listen: everywhere
quota: lots
clock: sundial
idle_exit: 10
now: tomorrow
quirks:
  list-odrer: by-id
  list-status: 500
stub:
  - GET website/*/x=200
  - website=200
profile: [typical]
"
    ));
}

#[test]
fn what_is_wrong_only_together_points_into_the_file_as_well() {
    insta::assert_snapshot!(bad_config(
        "websites: 2\nunconfigured: 3\npage_size: 500\nsettings_url: nowhere\n"
    ));
}

#[test]
fn a_misspelt_key_does_not_hide_what_is_wrong_in_the_others() {
    let told = bad_config(
        "websits: 3\nunconfigured: 30\nschema: { type: objekt }\nfaults: [{ at: since }]\n\
         state: { version: 9 }\npublic_url: x\nquirks: { list-odrer: by-id }\n",
    );
    for place in ["1:1", "2:15", "3:17", "4:10", "5:19", "6:13", "7:11"] {
        let start = format!("config.yaml:{place}: ");
        assert!(told.lines().any(|line| line.starts_with(&start)), "{place} of:\n{told}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_of_any_bytes_is_read() {
    use std::os::unix::ffi::OsStrExt as _;

    let folder = folder(&[]);
    let name = std::ffi::OsStr::from_bytes(b"sch\xffma.json");
    std::fs::write(folder.path().join(name), r#"{"type": "objekt"}"#).unwrap();
    let mut command = program();
    command.current_dir(folder.path()).args(["serve", "--schema"]).arg(name);
    let told = Ended::of(&mut command).stderr;
    assert!(told.contains("did you mean `object`?"), "{told}");
}

#[test]
fn a_public_url_that_is_no_address_is_refused_wherever_it_was_given() {
    let told = bad_config("websites: 3\npublic_url: pub.example\n");
    assert!(told.starts_with("config.yaml:2:13: public_url: `pub.example` is no"), "{told}");
    let told = complaint(&[], &["--public-url", "x"]);
    assert!(told.starts_with("error: --public-url: `x` is no http or https address\n"), "{told}");
}

#[test]
fn broken_yaml_says_where() {
    insta::assert_snapshot!(bad_config("websites: 3\nstub: [a, b\nquota: 5\n"));
}

#[test]
fn a_key_given_twice_is_refused() {
    insta::assert_snapshot!(bad_config("websites: 3\nwebsites: 4\n"));
}

#[test]
fn a_list_is_no_config() {
    insta::assert_snapshot!(bad_config("- websites: 3\n"));
}

#[test]
fn a_schema_inside_a_config_is_judged_where_it_stands() {
    insta::assert_snapshot!(bad_config(
        "websites: 3
schema:
  type: object
  properties:
    message: { type: strin }
"
    ));
}

#[test]
fn faults_inside_a_config_are_judged_where_they_stand() {
    insta::assert_snapshot!(bad_config(
        "faults:
  - { at: \"since#2\", status: 503 }
  - { at: \"sinse#2\", reset: true }
  - at: list
    stauts: 503
"
    ));
}

#[test]
fn a_fault_plan_of_its_own_is_judged_with_its_lines() {
    let plan = "- { at: \"since#2\", status: 503 }\n- { at: list, delay: 5 }\n";
    insta::assert_snapshot!(complaint(&[("plan.yaml", plan)], &["--faults", "plan.yaml"]));
}

#[test]
fn a_schema_of_its_own_is_judged_with_its_lines() {
    let schema = "{\n  \"type\": \"objekt\"\n}\n";
    insta::assert_snapshot!(complaint(&[("schema.json", schema)], &["--schema", "schema.json"]));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let shown = complaint(&[], &["--config", "missing.yaml"]);
    assert!(shown.starts_with("error: missing.yaml: "), "{shown}");
    let shown =
        complaint(&[("config.yaml", "schema: missing.json\n")], &["--config", "config.yaml"]);
    assert!(shown.starts_with("error: missing.json: "), "{shown}");
}
