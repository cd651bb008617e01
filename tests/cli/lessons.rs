//! A run that reads like a lesson: scenarios inside the program, causes told once, hazards explained,
//! slips of the command line and the environment named.

use crate::program::{Ended, folder, program, run, run_in};

#[test]
fn scenarios_inside_the_program_need_no_checkout() {
    let empty = folder(&[]);
    let ended = run_in(empty.path(), &["replay", "builtin/basics"]);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    let one =
        run_in(empty.path(), &["replay", "builtin/guide/a-failed-page.yaml", "--client", "guide"]);
    assert_eq!(one.code, Some(1), "{}", one.shown());
    let again = "crisp-mock replay builtin/guide/a-failed-page.yaml --client guide";
    assert!(one.stdout.contains(again), "{}", one.stdout);
    let unknown = run_in(empty.path(), &["replay", "builtin/outage"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("builtin/outages"), "{}", unknown.stderr);
}

#[test]
fn without_a_path_all_scenarios_inside_the_program_are_replayed() {
    let empty = folder(&[]);
    let ended = run_in(empty.path(), &["replay", "--quiet"]);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    let last = ended.stdout.lines().last().unwrap();
    let passed = last.strip_prefix("PASS    ").unwrap();
    let count: usize = passed.split(' ').next().unwrap().parse().unwrap();
    assert!(count >= 200, "{passed}");
}

#[test]
fn each_cause_is_told_once_in_full_and_counted_at_the_end() {
    let empty = folder(&[]);
    let line = ["replay", "builtin/guide", "builtin/outages", "--client", "guide"];
    let ended = run_in(empty.path(), &line);
    assert_eq!(ended.code, Some(1));
    let causes = ended.stdout.split("  By cause\n").nth(1).unwrap();
    let causes = causes.split("  Explained").next().unwrap();
    let told = causes.lines().filter(|line| line.contains(" file")).count();
    assert!(told >= 6, "{causes}");
    assert_eq!(causes.matches("fix first").count(), 1, "{causes}");
    let stories = ended.stdout.matches("  Replay      ").count();
    assert_eq!(stories, told, "{}", ended.stdout);
    let all = run_in(empty.path(), &[&line[..], &["--verbose"]].concat());
    assert!(all.stdout.matches("  Replay      ").count() > stories);
    assert!(!ended.stdout.contains("guide's loop loses"), "titles say what happens alone");
}

#[test]
fn an_annotation_names_no_file_that_is_not_in_the_repository() {
    let empty = folder(&[]);
    let file = "builtin/guide/a-failed-page.yaml";
    let line = ["replay", file, "--client", "guide", "--report", "github", "--report", "svg=a.svg"];
    let ended = run_in(empty.path(), &line);
    assert!(ended.stdout.contains("\n::error title="), "{}", ended.stdout);
    let picture = std::fs::read_to_string(empty.path().join("a.svg")).unwrap();
    assert!(picture.contains(">expected ") && picture.contains(">got "), "{picture}");
}

#[test]
fn a_hazard_is_explained_by_the_name_that_a_report_gives() {
    let ended = run(&["explain", "c3"]);
    assert_eq!(ended.code, Some(0));
    insta::assert_snapshot!(ended.stdout);
    let list = run(&["explain"]);
    assert!(list.stdout.contains("  W5  "), "{}", list.stdout);
    let unknown = run(&["explain", "C3."]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("did you mean C3?"), "{}", unknown.stderr);
}

fn with(name: &str, value: &str, arguments: &[&str]) -> Ended {
    Ended::of(program().env(name, value).args(arguments))
}

#[test]
fn a_variable_that_is_misspelt_or_has_a_bad_value_is_named() {
    let bad = with("CRISP_MOCK_PAGE_SIZE", "many", &["serve"]);
    assert_eq!(bad.code, Some(2));
    assert!(bad.stderr.contains("from the variable CRISP_MOCK_PAGE_SIZE"), "{}", bad.stderr);
    let typed = with("CRISP_MOCK_PAGE_SIZE", "3", &["serve", "--page-size", "many"]);
    assert!(!typed.stderr.contains("variable"), "{}", typed.stderr);
    let misspelt = with("CRISP_MOCK_PAGESIZE", "3", &["explain"]);
    assert_eq!(misspelt.code, Some(0));
    assert!(misspelt.stderr.contains("did you mean CRISP_MOCK_PAGE_SIZE?"), "{}", misspelt.stderr);
}

#[test]
fn slips_of_the_command_line_are_answered_with_what_is_meant() {
    let port = run(&["serve", "--port", "3"]);
    assert_eq!(port.code, Some(2));
    assert!(port.stderr.contains("`--listen 127.0.0.1:PORT`"), "{}", port.stderr);
    let kept = folder(&[("kept", "")]);
    let file = run_in(kept.path(), &["check", "--cases", "1", "--save-failure", "kept"]);
    assert_eq!(file.code, Some(2));
    assert!(file.stderr.contains("--save-failure kept is a file"), "{}", file.stderr);
}

#[test]
fn a_step_for_a_website_that_is_never_there_is_a_mistake_of_the_file() {
    let text =
        "name: x\nstart: { generated: 2 }\nwhen: [ { at: 1s, save: { w3: { message: a } } } ]\n";
    let stranger = folder(&[("x.yaml", text)]);
    let ended = run_in(stranger.path(), &["validate", "x.yaml"]);
    assert_eq!(ended.code, Some(2), "{}", ended.shown());
    assert!(ended.shown().contains("w3 is not there"), "{}", ended.shown());
}

#[test]
fn the_schema_of_a_fault_plan_is_printed_and_a_clock_is_explained_in_its_own_words() {
    let schema = run(&["schema", "faults"]);
    assert!(schema.stdout.contains("\"retry_after\""), "{}", schema.stdout);
    let clock = folder(&[("f.yaml", "- { window: \"1s..\", clock: { server: -110s } }\n")]);
    let ended = run_in(clock.path(), &["validate", "--kind", "faults", "f.yaml"]);
    assert!(ended.shown().contains("`clock: server` with `skew: -60s`"), "{}", ended.shown());
}

#[cfg(unix)]
#[test]
fn reports_are_written_when_a_run_is_stopped_and_when_the_client_cannot_be_tried() {
    use std::io::{BufRead, BufReader};
    let place = folder(&[("calm.yaml", "name: nothing happens\n")]);
    let mut command = program();
    command.current_dir(place.path()).stdout(std::process::Stdio::piped());
    let read = "http://127.0.0.1:{port}/_cache";
    let line = ["replay", "calm.yaml", "--run", "sleep 100", "--read", read];
    command.args(line).args(["--report", "junit=a.xml"]);
    let mut running = command.spawn().unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::new(running.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    assert!(first.starts_with("JUDGED"), "{first}");
    let id = running.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    let xml = std::fs::read_to_string(place.path().join("a.xml")).unwrap();
    assert!(xml.contains("<testsuite"), "{xml}");

    let without_a_client =
        ["replay", "calm.yaml", "--client-cmd", "false", "--report", "junit=b.xml"];
    let ended = run_in(place.path(), &without_a_client);
    assert_eq!(ended.code, Some(4), "{}", ended.shown());
    assert!(place.path().join("b.xml").exists());
}
