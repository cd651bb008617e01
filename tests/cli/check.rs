//! `check`: a search, what it prints, and what it leaves behind.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::program::{folder, program, run, run_in};

/// What a search says of itself, without how fast this machine was.
fn steady(shown: &str) -> String {
    let lines = shown.lines().filter(|line| !line.contains(" a second; "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_guides_loop_is_found_guilty_told_on_one_screen_and_kept_as_a_file() {
    let folder = folder(&[]);
    let check = ["check", "--client", "guide", "--seed", "1"];
    let ended = run_in(folder.path(), &check);
    assert_eq!(ended.code, Some(1), "{}", ended.shown());
    insta::assert_snapshot!(steady(&ended.stdout));

    let failures = folder.path().join("crisp-mock-failures");
    let files: Vec<_> =
        std::fs::read_dir(failures).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else {
        panic!("one file: {files:?}");
    };
    let yaml = std::fs::read_to_string(file).unwrap();
    insta::assert_snapshot!("kept", yaml);
    let fact =
        |line: &&str| !["#", "name:", "about:", "found:", "  "].iter().any(|k| line.starts_with(k));
    assert!(yaml.lines().filter(fact).count() <= 14, "{yaml}");

    let path = file.to_str().unwrap();
    let guide = run_in(folder.path(), &["replay", path, "--client", "guide"]);
    assert_eq!(guide.code, Some(1), "{}", guide.shown());
    let ours = run_in(folder.path(), &["replay", path, "--client", "sync"]);
    assert_eq!(ours.code, Some(0), "{}", ours.shown());

    // What was found before is replayed first, and until it is mended nothing is searched.
    let again = run_in(folder.path(), &check);
    assert_eq!(again.code, Some(1));
    assert!(again.stdout.contains("the search was not begun"), "{}", again.stdout);
    // Another client may pass it, and is searched.
    let sync = ["check", "--cases", "20", "--seed", "1"];
    let sync = run_in(folder.path(), &sync);
    assert_eq!(sync.code, Some(0), "{}", sync.shown());
    assert!(sync.stdout.contains("\nPASS    20 cases"), "{}", sync.stdout);
}

#[test]
fn a_search_tells_the_same_on_one_core_and_on_two_and_every_report_is_written() {
    let folder = folder(&[]);
    let search = |jobs: &str| {
        let report = format!("json=out{jobs}.ndjson");
        let arguments = [
            "check",
            "--cases",
            "60",
            "--seed",
            "5",
            "--jobs",
            jobs,
            "--report",
            &report,
            "--report",
            "junit=out.xml",
        ];
        let ended = run_in(folder.path(), &arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.shown());
        let log = std::fs::read_to_string(folder.path().join(format!("out{jobs}.ndjson"))).unwrap();
        (ended.stdout, log)
    };
    let alone = search("1");
    assert_eq!(alone, search("2"));
    assert!(alone.1.contains(r#""phase":"loading""#), "{}", alone.1);
    let junit = std::fs::read_to_string(folder.path().join("out.xml")).unwrap();
    assert!(junit.contains("60 cases"), "{junit}");
}

#[test]
fn options_that_do_not_fit_are_told() {
    let folder = folder(&[]);
    let shard = run_in(folder.path(), &["check", "--shard", "5/4"]);
    assert_eq!(shard.code, Some(2));
    assert!(shard.stderr.contains("write I/N"), "{}", shard.stderr);
    let steps = ["check", "--max-steps", "18446744073709551615"];
    let steps = run_in(folder.path(), &steps);
    assert_eq!(steps.code, Some(2), "{}", steps.shown());
    assert!(steps.stderr.contains("from 0 to 1000"), "{}", steps.stderr);
    let nothing = run_in(folder.path(), &["check", "--cases", "0", "--seed", "1"]);
    assert_eq!(nothing.code, Some(3), "{}", nothing.shown());
}

#[test]
fn a_failure_that_cannot_be_kept_is_told_all_the_same() {
    let folder = folder(&[("taken", "")]);
    let check = ["check", "--client", "guide", "--seed", "1", "--cases", "30"];
    let taken = [&check[..], &["--save-failure", "taken/inside"]].concat();
    let ended = run_in(folder.path(), &taken);
    assert_eq!(ended.code, Some(1), "{}", ended.shown());
    let told = ended.stdout.contains("FAIL    lost update · ");
    assert!(told, "{}", ended.shown());
    let hint = "name another folder with `--save-failure`";
    assert!(ended.stderr.contains(hint), "{}", ended.stderr);
}

#[test]
fn a_broken_file_among_the_saved_failures_is_named_and_the_search_goes_on() {
    let folder = folder(&[("bad.yaml", "name: x\nfautls: []\n")]);
    let check = ["check", "--save-failure", ".", "--cases", "20", "--seed", "1"];
    let ended = run_in(folder.path(), &check);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    assert!(ended.stderr.contains("bad.yaml:2:1"), "{}", ended.stderr);
}

/// Whatever it had found by then is kept, and is as small as after any other search.
#[cfg(unix)]
#[test]
fn a_soak_that_is_interrupted_ends_in_good_order_and_keeps_what_it_found() {
    let folder = folder(&[]);
    let mut soak = program();
    soak.current_dir(folder.path())
        .args(["check", "--client", "guide", "--seed", "1", "--forever"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut soak = soak.spawn().unwrap();
    let mut said = BufReader::new(soak.stdout.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first).unwrap();
    assert!(first.starts_with("JUDGED  "), "{first}");
    let mut kill = Command::new("kill");
    kill.arg("-INT").arg(soak.id().to_string());
    assert!(kill.status().unwrap().success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    let code = soak.wait().unwrap().code();
    let kept = std::fs::read_dir(folder.path().join("crisp-mock-failures"));
    let kept: Vec<_> = kept.into_iter().flatten().flatten().collect();
    // 3: it was stopped before the first case.
    let expected = if kept.is_empty() { [0, 3] } else { [1, 1] };
    assert!(code.is_some_and(|code| expected.contains(&code)), "{code:?}: {rest}");
    for file in kept {
        let yaml = std::fs::read_to_string(file.path()).unwrap();
        let steps = yaml.lines().filter(|line| line.starts_with("  - ")).count();
        assert!(steps <= 8, "{yaml}");
        assert!(rest.contains(file.file_name().to_str().unwrap()), "{rest}");
    }
    assert!(rest.lines().last().unwrap().contains(" cases"), "{rest}");
}

#[test]
fn the_guides_loop_that_listens_is_found_guilty_and_its_files_say_of_what() {
    let folder = folder(&[]);
    let check = ["check", "--client", "guide-events", "--seed", "1", "--cases", "60"];
    let ended = run_in(folder.path(), &check);
    assert_eq!(ended.code, Some(1), "{}", ended.shown());
    let replay = ["replay", "builtin/guide/events", "--client", "guide-events", "--verbose"];
    let ended = run_in(folder.path(), &replay);
    assert_eq!(ended.code, Some(1), "{}", ended.shown());
    assert!(ended.stdout.contains("FAIL    0 passed, 6 failed"), "{}", ended.shown());
    for hazard in ["(E1)", "(E2)", "(E7)"] {
        assert!(ended.stdout.contains(hazard), "{hazard}: {}", ended.shown());
    }
    let ours =
        run_in(folder.path(), &["replay", "builtin/guide/events", "--client", "sync-events"]);
    assert_eq!(ours.code, Some(0), "{}", ours.shown());
}

#[test]
fn all_small_cases_are_judged_and_a_search_goes_on_where_another_came_to() {
    let folder = folder(&[]);
    let all = |more: &[&str]| run_in(folder.path(), &[&["check", "--all", "1,0"], more].concat());
    let whole = all(&[]);
    assert_eq!(whole.code, Some(0), "{}", whole.shown());
    let claim = "\nPASS    178 cases: every one with at most 1 deed and 0 faults\n";
    assert!(whole.stdout.contains(claim), "{}", whole.stdout);

    let none = all(&["--time-limit", "0s"]);
    assert_eq!(none.code, Some(3), "{}", none.shown());
    assert!(none.stdout.contains("178 cases: go on with `--from 0`"), "{}", none.stdout);
    let rest = all(&["--from", "170"]);
    assert_eq!(rest.code, Some(0), "{}", rest.shown());
    assert!(rest.stdout.contains("\nPASS    8 cases with at most 1 deed"), "{}", rest.stdout);

    let guide = all(&["--client", "guide"]);
    assert_eq!(guide.code, Some(1), "{}", guide.shown());
    let saved = guide.stdout.lines().find_map(|line| line.trim().strip_prefix("Saved"));
    let saved = saved.expect("a file").trim();
    let yaml = std::fs::read_to_string(folder.path().join(saved)).unwrap();
    assert!(yaml.contains(" of --all 1,0"), "{yaml}");
    let again = run_in(folder.path(), &["replay", saved, "--client", "guide"]);
    assert_eq!(again.code, Some(1), "{}", again.shown());
}

#[test]
fn all_cases_are_not_for_clients_in_real_time_and_not_drawn() {
    for options in [&["--client-url", "http://127.0.0.1:1/"][..], &["--seed", "1"], &["--forever"]]
    {
        let ended = run(&[&["check", "--all", "1,0"], options].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.shown());
    }
    let ended = run(&["check", "--all", "9,9"]);
    assert_eq!(ended.code, Some(2), "{}", ended.shown());
    assert!(ended.stderr.contains("write DEEDS,FAULTS"), "{}", ended.stderr);
}

#[test]
fn three_replicas_pass_as_one_client_with_faults_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let replay = ["replay", "builtin/basics", "builtin/saves", "--client", "sync-replicas"];
    let ended = run_in(folder.path(), &replay);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
    let check = ["check", "--client", "sync-replicas", "--seed", "1", "--cases", "30"];
    let ended = run_in(folder.path(), &check);
    assert_eq!(ended.code, Some(0), "{}", ended.shown());
}
