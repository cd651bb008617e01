//! `replay --over-http`: real sockets, real time, and what is said of it.

use crate::program::{run, run_in};

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");

#[test]
fn our_own_driver_passes_over_http_and_the_run_says_what_stands_for_what() {
    let file = format!("{SCENARIOS}/basics/an-operator-saves.yaml");
    let ended = run(&["replay", &file, "--over-http"]);
    // 3: this machine was too slow to judge it.
    assert!(matches!(ended.code, Some(0 | 3)), "{}", ended.shown());
    let said = "JUDGED  crisp-sync over HTTP (built in, not your plugin) · 1 scenario in real time, \
                poll 200 ms stands for 60 s, about 2s\n";
    assert!(ended.stdout.starts_with(said), "{}", ended.stdout);
}

#[test]
fn a_run_that_could_judge_nothing_is_no_pass() {
    let file = "dates/the-client-clock-jumps.yaml";
    let ended = run_in(SCENARIOS.as_ref(), &["replay", file, "--over-http"]);
    assert_eq!(ended.code, Some(3), "{}", ended.shown());
    insta::assert_snapshot!(ended.shown());
}

#[test]
fn over_http_is_for_our_own_client() {
    let ended = run(&["replay", SCENARIOS, "--over-http", "--client", "guide"]);
    assert_eq!(ended.code, Some(2));
    assert!(
        ended.stderr.contains("`--over-http` judges `sync` alone, not `guide`"),
        "{}",
        ended.stderr
    );
}
