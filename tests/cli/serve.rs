//! `serve`: how it starts, what it says, and what it refuses.

use std::io::Read;
use std::net::TcpListener;

use crate::program::{Ended, Serving, answer, folder, program, request, run};

#[test]
fn the_line_of_json_has_all_that_a_fixture_needs() {
    let server = Serving::start(&[]);
    let keys: Vec<_> = server.info.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "url",
        "rest_url",
        "rtm_url",
        "control_url",
        "identifier",
        "key",
        "tier",
        "plugin_id",
        "user_identifier",
        "user_key",
        "development_identifier",
        "development_key",
        "hook_secret",
        "space",
        "version",
        "pid",
    ];
    assert_eq!(keys, expected);
    assert_eq!(server.info["pid"], server.pid());
    assert_eq!(server.info["rest_url"], format!("{}/v1/", server.url()));
}

#[test]
fn the_ready_file_is_there_whole_before_anything_is_printed() {
    let folder = folder(&[("ready.json", "left over from before")]);
    let file = folder.path().join("ready.json");
    let server = Serving::start(&["--ready-file", file.to_str().unwrap()]);
    let ready: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(ready, server.info);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "no temporary file stays");
}

#[test]
fn a_ready_file_that_cannot_be_written_fails_the_start() {
    let folder = folder(&[]);
    let file = folder.path().join("missing").join("ready.json");
    let ended = run(&["serve", "--listen", "127.0.0.1:0", "--ready-file", file.to_str().unwrap()]);
    assert_eq!(ended.code, Some(4));
    assert!(ended.stderr.contains("ready file"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "", "nothing is said to be ready");
}

#[test]
fn a_taken_port_is_named_with_the_way_out() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let ended = run(&["serve", "--listen", &format!("127.0.0.1:{port}")]);
    assert_eq!(ended.code, Some(4));
    insta::assert_snapshot!(ended.stderr.replace(&port.to_string(), "PORT"));
}

#[test]
fn an_address_that_others_reach_needs_a_token() {
    let ended = run(&["serve", "--listen", "0.0.0.0:0"]);
    insta::assert_snapshot!(ended.shown());
}

#[test]
fn an_address_for_all_is_listened_on_without_a_token_when_that_is_asked_for() {
    let mut command = program();
    command.args(["serve", "--listen", "0.0.0.0:0", "--control-token", "none"]);
    let server = Serving::spawn(&mut command);
    assert!(server.url().starts_with("http://0.0.0.0:"));
}

#[test]
fn a_control_token_is_demanded_and_ctl_can_bring_it() {
    let server = Serving::start(&["--control-token", "s3cret"]);
    let without = server.ctl(&["info"]);
    insta::assert_snapshot!(without.shown());
    assert_eq!(server.ctl(&["info", "--control-token", "s3cret"]).code, Some(0));
}

#[test]
fn every_option_is_an_environment_variable_too_and_an_empty_one_says_nothing() {
    let mut command = program();
    command
        .arg("serve")
        .env("CRISP_MOCK_LISTEN", "127.0.0.1:0")
        .env("CRISP_MOCK_WEBSITES", "3")
        .env("CRISP_MOCK_QUIRK", "list-status=200,since-boundary=exclusive")
        .env("CRISP_MOCK_STUB", "GET website/*/operators/list=200,POST website/*/x=202")
        .env("CRISP_MOCK_QUOTA", "")
        .env("CRISP_MOCK_QUIET", "1");
    let server = Serving::spawn(&mut command);
    let websites = server.ctl_json(&["websites"]);
    assert_eq!(websites["websites"].as_object().unwrap().len(), 3);
    let quirks = server.ctl_json(&["quirks"]);
    assert_eq!(quirks["list-status"], "200");
    assert_eq!(quirks["since-boundary"], "exclusive");
    assert!(server.ctl_json(&["quota"])["limit"].is_null());
    assert!(answer(server.ask("/v1/website/a/operators/list")).starts_with("HTTP/1.1 200"));
}

#[test]
fn the_plugin_s_requests_are_logged_one_a_line() {
    let mut server = Serving::start(&[]);
    let got = answer(server.ask("/v1/plugin/connect/websites/all/1?filter_configurd=1"));
    assert!(got.starts_with("HTTP/1.1 206"), "{got}");
    let line = server.log_line();
    assert!(
        line.contains("206    GET   /v1/plugin/connect/websites/all/1?filter_configurd=1  list#1"),
        "{line}"
    );
    assert!(line.contains("never read: filter_configurd"), "{line}");
    answer(request(server.url(), "/v1/plugin/connect/account", ""));
    let line = server.log_line();
    assert!(line.contains("401    GET   /v1/plugin/connect/account  account#1"), "{line}");
}

#[cfg(unix)]
#[test]
fn quiet_logs_nothing() {
    let mut server = Serving::start(&["--quiet"]);
    answer(server.ask("/v1/plugin/connect/account"));
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
    let mut log = String::new();
    server.stderr.read_to_string(&mut log).unwrap();
    assert_eq!(log, "");
}

#[test]
fn the_public_address_is_what_it_calls_itself() {
    let server = Serving::spawn(program().args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        "http://mock.test:9/",
    ]));
    assert_eq!(server.info["rest_url"], "http://mock.test:9/v1/");
}

#[test]
fn options_that_do_not_fit_are_bad_usage() {
    for (arguments, name) in [
        (&["--page-size", "0"][..], "page_size"),
        (&["--websites", "2", "--unconfigured", "3"], "unconfigured"),
        (&["--settings-url", "ftp://a"], "settings_url"),
        (&["--identifier", "a:b"], "identifier"),
        (&["--listen", "8420"], "listen"),
        (&["--quirk", "list-odrer=by-id"], "quirk_name"),
        (&["--quirk", "list-order=random"], "quirk_value"),
        (&["--stub", "website=200"], "stub"),
        (&["--idle-exit", "10"], "idle_exit"),
        (&["--now", "yesterday"], "now"),
        (&["--quota", "many"], "quota"),
        (&["--control-token", "", "--listen", "127.0.0.1:0"], "control_token"),
    ] {
        let ended = Ended::of(program().arg("serve").args(arguments));
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        insta::assert_snapshot!(format!("refused_{name}"), ended.shown());
    }
}

#[test]
fn a_number_that_does_not_fit_is_told_what_the_option_takes() {
    let mut told = String::new();
    for line in [
        &["serve", "--websites", "-1"][..],
        &["serve", "--page-size", "-3"],
        &["serve", "--quota", "-1"],
        &["serve", "--websites", "99999999999"],
        &["check", "--cases", "-1"],
        &["check", "--seed", "x"],
        &["check", "--jobs", "0"],
    ] {
        let ended = run(line);
        assert_eq!(ended.code, Some(2), "{}", ended.shown());
        let first = ended.stderr.lines().next().unwrap_or_default();
        told.push_str(&format!("{first}\n"));
    }
    insta::assert_snapshot!(told);
}
