//! `replay`: scenarios held against a client, with the verdict as exit code.

use crate::program::{Ended, folder, program, run, run_in};

/// Thirteen lines that the guide's loop does not survive.
const LOST: &str = "\
name: a save during a slow poll is lost
start:
  websites:
    w1: { message: old }
faults:
  - { at: \"since#2\", delay: 5s }
when:
  - during: since#2
    save: { w1: { message: new } }
";

#[test]
fn the_corpus_passes_for_our_own_client_and_the_run_says_whom_it_judged() {
    let ended = run(&["replay", concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/basics")]);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    assert!(ended.stdout.starts_with("JUDGED  crisp-sync (built in, not your plugin)"));
}

#[test]
fn the_guides_loop_is_convicted_of_losing_an_update() {
    let folder = folder(&[("lost.yaml", LOST)]);
    let ended = run_in(folder.path(), &["replay", "lost.yaml", "--client", "guide"]);
    assert_eq!(ended.code, Some(1));
    insta::assert_snapshot!(ended.shown());
    let ours = run_in(folder.path(), &["replay", "lost.yaml"]);
    assert_eq!(ours.code, Some(0), "{}", ours.shown());
}

#[test]
fn every_report_is_written() {
    let folder = folder(&[("lost.yaml", LOST)]);
    let reports =
        ["--report", "junit=out.xml", "--report", "json=out.ndjson", "--report", "svg=out.svg"];
    let mut line = vec!["replay", "lost.yaml", "--client", "guide", "--report", "github"];
    line.extend(reports);
    let ended = run_in(folder.path(), &line);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("::error file=lost.yaml,line=1"), "{}", ended.stdout);
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("out.xml").contains("<testsuite"));
    assert!(read("out.svg").starts_with("<svg"));
    for line in read("out.ndjson").lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["event"].is_string());
    }
}

#[test]
fn how_much_is_told_and_where_may_be_variables_and_the_command_line_goes_before_them() {
    let folder = folder(&[("lost.yaml", LOST)]);
    let told = |variables: &[(&str, &str)], flag: &str| {
        let mut command = program();
        command.current_dir(&folder).args(["replay", "lost.yaml"]);
        command.args(Some(flag).filter(|flag| !flag.is_empty()));
        Ended::of(command.envs(variables.iter().copied())).stdout
    };
    let passes = |told: String| told.contains("PASS    a save during");
    assert!(!passes(told(&[], "")) && passes(told(&[], "-v")));
    assert!(passes(told(&[("CRISP_MOCK_VERBOSE", "1")], "")));
    assert!(!told(&[("CRISP_MOCK_QUIET", "1")], "").contains("JUDGED"));
    assert!(passes(told(&[("CRISP_MOCK_QUIET", "1")], "-v")));
    assert!(!passes(told(&[("CRISP_MOCK_VERBOSE", "1")], "-q")));
    told(&[("CRISP_MOCK_REPORT", "junit=a.xml\njson=b.json")], "");
    assert!(["a.xml", "b.json"].iter().all(|file| folder.path().join(file).exists()));
}

#[test]
fn a_file_with_mistakes_shows_all_of_them_and_judges_nothing() {
    let broken =
        "name: broken\nstrat: {}\nwhen:\n  - at: soon\n    save: { w1: { message: new } }\n";
    let folder = folder(&[("broken.yaml", broken)]);
    let ended = run_in(folder.path(), &["replay", "broken.yaml"]);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.shown());
}

#[test]
fn what_is_not_there_and_who_is_unknown_is_bad_usage() {
    assert_eq!(run(&["replay", "no/such/folder"]).code, Some(2));
    assert_eq!(run(&["replay", "x.yaml", "--client", "nobody"]).code, Some(2));
}

#[test]
fn a_mutant_of_the_zoo_is_convicted_by_its_own_file_and_is_called_by_its_name() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/mutants/no-drift-check.yaml");
    let ended = run(&["replay", file, "--client", "mutant:M17"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stdout.contains("mutant no-drift-check (M17: does not ask"), "{}", ended.stdout);
    let misspelt = run(&["replay", file, "--client", "mutant:no-drift-chek"]);
    assert_eq!(misspelt.code, Some(2));
    assert!(misspelt.stderr.contains("did you mean `no-drift-check`?"), "{}", misspelt.stderr);
}

/// A fault that no client meets within the time of the scenario.
const NEVER: &str = "\
name: a fault that never fires
faults:
  - { at: \"since#1\", status: 503 }
  - { at: \"since#999\", status: 503 }
";

#[test]
fn a_fault_that_never_met_a_request_is_told_with_its_line_and_the_reason_beside_a_pass() {
    let folder = folder(&[("never.yaml", NEVER)]);
    let line = ["replay", "never.yaml", "--report", "github"];
    let ended = run_in(folder.path(), &line);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    insta::assert_snapshot!(ended.shown());
}

#[test]
fn a_scenario_of_nothing_but_faults_that_never_fired_judged_nothing() {
    let never = NEVER.replace("  - { at: \"since#1\", status: 503 }\n", "");
    let expects = format!("{never}expect: {{ converged_within: 1m }}\n");
    let folder = folder(&[("never.yaml", &never), ("expects.yaml", &expects)]);
    let ended = run_in(folder.path(), &["replay", "never.yaml"]);
    assert_eq!(ended.code, Some(3), "{}", ended.shown());
    insta::assert_snapshot!(ended.shown());
    let written = run_in(folder.path(), &["replay", "expects.yaml"]);
    assert_eq!(written.code, Some(0), "{}", written.shown());
}

#[cfg(unix)]
#[test]
fn what_is_no_file_of_a_bounded_size_is_refused_at_once() {
    let ended = run(&["replay", "/dev/zero"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("it has more than 16 MiB"), "{}", ended.stderr);

    let folder = folder(&[("lost.yaml", LOST)]);
    let mut make = std::process::Command::new("mkfifo");
    assert!(make.arg(folder.path().join("pipe.yaml")).status().unwrap().success());
    let ended = run_in(folder.path(), &["replay", "."]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("it is no regular file"), "{}", ended.stderr);
}

#[test]
fn what_was_not_judged_fails_a_run_that_is_to_fail_on_it() {
    let saves =
        "name: the plugin saves\nwhen: [ { at: 70s, client_save: { w1: { message: mine } } } ]\n";
    let folder = folder(&[("saves.yaml", saves), ("nothing.yaml", "name: nothing happens\n")]);
    let line = ["replay", "saves.yaml", "nothing.yaml", "--client", "guide"];
    let ended = run_in(folder.path(), &line);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    assert!(ended.stdout.ends_with("PASS    1 passed, 1 not judged\n"), "{}", ended.shown());
    let strict = [&line[..], &["--fail-on", "not-judged", "--report", "json=events"]].concat();
    let ended = run_in(folder.path(), &strict);
    assert_eq!(ended.code, Some(3), "{}", ended.shown());
    assert!(ended.stdout.ends_with("NONE    1 passed, 1 not judged\n"), "{}", ended.shown());
    let events = std::fs::read_to_string(folder.path().join("events")).unwrap();
    assert!(events.contains("\"exit_code\":3"), "{events}");
}
