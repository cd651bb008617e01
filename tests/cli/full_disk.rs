//! Files and outputs that take nothing more, as those on a full disk: `/dev/full`, and a limit on the
//! size of files.
#![cfg(target_os = "linux")]

use std::fs::{File, read_dir};
use std::path::Path;
use std::process::Stdio;

use crate::program::{Ended, Serving, answer, folder, limited, program, run_in};

const SCENARIO: (&str, &str) = ("a.yaml", "name: nothing happens\n");
const GUIDE: [&str; 7] = ["check", "--client", "guide", "--seed", "1", "--cases", "30"];

fn into_full(folder: &Path, arguments: &[&str]) -> Ended {
    let mut command = program();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let child = command.current_dir(folder).args(arguments).stdout(full).stderr(Stdio::piped());
    let output = child.spawn().unwrap().wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    Ended { code: output.status.code(), stdout: String::new(), stderr }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn whatever_is_printed_and_does_not_arrive_is_an_error() {
    let server = Serving::start(&[]);
    let folder = folder(&[SCENARIO, ("config.yaml", "websites: 3\n")]);
    for line in [
        "--version",
        "serve --help",
        "schema scenario",
        "completions bash",
        "validate config.yaml",
        "replay a.yaml",
        "check --seed 1 --cases 5",
        "serve --listen 127.0.0.1:0",
        "serve --listen 127.0.0.1:0 --print json",
        &format!("healthcheck --url {}", server.url()),
        &format!("ctl state --url {}", server.url()),
        &format!("ctl requests --follow --url {}", server.url()),
    ] {
        let arguments: Vec<_> = line.split(' ').collect();
        answer(server.ask("/v1/plugin/connect/account"));
        let ended = into_full(folder.path(), &arguments);
        assert_eq!(ended.code, Some(4), "{line}: {}", ended.stderr);
        let told = ended.stderr.matches("error: stdout cannot be written: ").count();
        assert_eq!(told, 1, "{line}: {}", ended.stderr);
    }
    let exec = ["exec", "--print", "json", "--", "touch", "ran"];
    assert_eq!(into_full(folder.path(), &exec).code, Some(125));
    assert!(!folder.path().join("ran").exists());
}

#[test]
fn a_verdict_that_cannot_be_printed_stands() {
    let folder = folder(&[("bad.yaml", "websites: -1\n"), ("good.yaml", "websites: 3\n")]);
    let ended = into_full(folder.path(), &["validate", "good.yaml", "bad.yaml"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    let ended = into_full(folder.path(), &GUIDE);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("error: stdout cannot be written: "), "{}", ended.stderr);
}

#[test]
fn a_reader_that_stops_early_is_no_error() {
    let folder = folder(&[("good.yaml", "websites: 3\n"), ("bad.yaml", "websites: -1\n")]);
    let server = Serving::start(&[]);
    answer(server.ask("/v1/plugin/connect/account"));
    for (line, code) in [
        ("schema scenario", 0),
        ("validate good.yaml bad.yaml", 2),
        (&format!("ctl requests --follow --url {}", server.url()), 0),
    ] {
        let mut command = program();
        command.current_dir(folder.path()).args(line.split(' '));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        drop(command);
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{line}: {stderr}");
        assert!(!stderr.contains("stdout"), "{line}: {stderr}");
    }
}

#[test]
fn a_report_that_could_not_be_written_is_refused_before_anything_is_judged() {
    let folder = folder(&[SCENARIO]);
    for report in ["junit=none/a.xml", "json=.", "svg=a.yaml/b"] {
        let ended = run_in(folder.path(), &["replay", "a.yaml", "--report", report]);
        assert_eq!(ended.code, Some(2), "{report}: {}", ended.shown());
        assert_eq!(ended.stdout, "", "{report}");
        assert!(ended.stderr.contains("cannot be written: "), "{}", ended.stderr);
    }
    let twice = ["replay", "a.yaml", "--report", "junit=out", "--report", "json=out"];
    let ended = run_in(folder.path(), &twice);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("two reports would be written to out"), "{}", ended.stderr);
    assert_eq!(names(folder.path()), ["a.yaml"]);
}

#[test]
fn a_report_that_does_not_fit_on_the_disk_changes_no_verdict_and_no_report_of_before() {
    let folder = folder(&[SCENARIO, ("out.xml", "before")]);
    let reports = ["--report", "junit=out.xml", "--report", "json=out.ndjson"];
    let passed = [&["replay", "a.yaml"][..], &reports].concat();
    let failed = [&GUIDE[..], &["--save-failure", "none/kept"], &reports].concat();
    for (arguments, code) in [(passed, 0), (failed, 1)] {
        let ended = Ended::of(&mut limited(folder.path(), 0, &arguments));
        assert_eq!(ended.code, Some(code), "{}", ended.shown());
        for report in ["out.xml", "out.ndjson"] {
            let told = format!("error: the report {report} cannot be written: ");
            assert!(ended.stderr.contains(&told), "{}", ended.stderr);
        }
        assert_eq!(std::fs::read_to_string(folder.path().join("out.xml")).unwrap(), "before");
    }
    assert_eq!(names(folder.path()), ["a.yaml", "none", "out.xml"]);
}

#[test]
fn a_picture_of_an_earlier_failure_stays_where_nothing_failed() {
    let folder = folder(&[SCENARIO, ("out.svg", "before")]);
    let ended = run_in(folder.path(), &["replay", "a.yaml", "--report", "svg=out.svg"]);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    assert_eq!(std::fs::read_to_string(folder.path().join("out.svg")).unwrap(), "before");
    assert!(ended.stderr.contains("out.svg is of an earlier run"), "{}", ended.stderr);
}

#[test]
fn a_failure_that_does_not_fit_on_the_disk_is_told_whole_and_leaves_no_file() {
    let folder = folder(&[]);
    let ended = Ended::of(&mut limited(folder.path(), 0, &GUIDE));
    assert_eq!(ended.code, Some(1), "{}", ended.shown());
    assert!(ended.stdout.contains("FAIL    lost update · "), "{}", ended.shown());
    assert!(ended.stderr.contains("error: the failure cannot be kept: "), "{}", ended.stderr);
    assert!(ended.stderr.contains("\nname: lost update when "), "{}", ended.stderr);
    assert_eq!(names(&folder.path().join("crisp-mock-failures")), [""; 0]);
    assert_eq!(run_in(folder.path(), &GUIDE).code, Some(1));
}

#[test]
fn what_cannot_be_used_among_the_kept_failures_is_told_and_the_others_are_replayed() {
    let folder = folder(&[]);
    assert_eq!(run_in(folder.path(), &GUIDE).code, Some(1));
    let kept = folder.path().join("crisp-mock-failures");
    let [name] = &names(&kept)[..] else { panic!("one file") };
    let whole = std::fs::read_to_string(kept.join(name)).unwrap();
    let half = whole.split("when:").next().unwrap();
    std::fs::write(kept.join("a-half.yaml"), half).unwrap();
    std::fs::write(kept.join("an-empty.yaml"), "").unwrap();
    std::os::unix::fs::symlink("nowhere", kept.join("a-link.yaml")).unwrap();

    let ended = run_in(folder.path(), &GUIDE);
    assert_eq!(ended.code, Some(1), "{}", ended.shown());
    assert!(ended.stdout.contains("the search was not begun"), "{}", ended.stdout);
    let (line, last) = half.trim_end().lines().enumerate().last().unwrap();
    let half_ends = format!("a-half.yaml:{}:{}: the file ends here", line + 1, last.len() + 1);
    for file in [&*half_ends, "an-empty.yaml:1:1: ", "a-link.yaml: "] {
        let told = format!("./crisp-mock-failures/{file}");
        assert!(ended.stderr.contains(&told), "{file} of {}", ended.stderr);
    }
    assert_eq!(ended.stderr.matches("was skipped").count(), 3, "{}", ended.stderr);
    for command in ["replay", "validate"] {
        let ended = run_in(&kept, &[command, "a-half.yaml"]);
        assert_eq!(ended.code, Some(2), "{command}: {}", ended.shown());
    }
}
