//! `ctl`: the control API from a shell.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::program::{Ended, KillOnDrop, Serving, answer, folder, program, run, run_in};

/// What differs from run to run.
fn shown(server: &Serving, ended: &Ended) -> String {
    ended.shown().replace(server.url(), "URL")
}

#[test]
fn an_operator_s_save_is_what_the_plugin_reads_next() {
    let server = Serving::start(&["--websites", "2"]);
    insta::assert_snapshot!(shown(&server, &server.ctl(&["save", "w1", "message=Hi there"])));
    let list = answer(server.ask("/v1/plugin/connect/websites/all/1"));
    assert!(list.contains(r#""settings":{"message":"Hi there"}"#), "{list}");
}

#[test]
fn a_save_that_the_schema_refuses_changes_nothing_and_exits_with_1() {
    let server = Serving::start(&["--websites", "1"]);
    server.ctl_json(&["save", "w1", "message=before"]);
    insta::assert_snapshot!(shown(&server, &server.ctl(&["save", "w1", "message=5"])));
    assert_eq!(server.ctl_json(&["websites", "w1"])["settings"]["message"], "before");
}

#[test]
fn settings_can_be_given_as_json_and_texts_that_look_like_numbers_be_quoted() {
    let server = Serving::start(&["--websites", "1"]);
    let saved = server.ctl_json(&["save", "w1", "--json", r#"{"message": "a", "other": [1]}"#]);
    assert_eq!(saved["settings"]["other"][0], 1);
    let saved = server.ctl_json(&["save", "w1", r#"message="5""#]);
    assert_eq!(saved["settings"], serde_json::json!({ "message": "5" }), "the whole is replaced");
}

#[test]
fn websites_come_and_go_under_both_their_names() {
    let server = Serving::start(&["--websites", "1"]);
    insta::assert_snapshot!(
        "installed",
        shown(&server, &server.ctl(&["install", "w7", "message=Hi"]))
    );
    let id = server.ctl_json(&["websites", "w7"])["website_id"].as_str().unwrap().to_owned();
    insta::assert_snapshot!("uninstalled", shown(&server, &server.ctl(&["uninstall", &id])));
    insta::assert_snapshot!(
        "unknown_website",
        shown(&server, &server.ctl(&["save", "w7", "message=Hi"]))
    );
}

#[test]
fn plan_and_price_change_together_or_alone() {
    let server = Serving::start(&["--websites", "1"]);
    let changed = server.ctl_json(&["plan", "w1", "Plus", "--price", "95"]);
    assert_eq!((&changed["plan"]["name"], &changed["price"]), (&"Plus".into(), &95.into()));
    let changed = server.ctl_json(&["plan", "w1", "--price", "0"]);
    assert_eq!((&changed["plan"]["name"], &changed["price"]), (&"Plus".into(), &0.into()));
    assert_eq!(server.ctl(&["plan", "w1"]).code, Some(2));
}

#[test]
fn a_fault_is_armed_fires_and_is_removed() {
    let server = Serving::start(&[]);
    let armed = server.ctl(&["fault", "since#1", "status=503", "retry_after=20s"]);
    insta::assert_snapshot!("fault_armed", shown(&server, &armed));
    let got =
        answer(server.ask("/v1/plugin/connect/websites/since?date_since=2026-01-01T00:00:00Z"));
    assert!(got.starts_with("HTTP/1.1 503"), "{got}");
    insta::assert_snapshot!("fault_fired", shown(&server, &server.ctl(&["fault", "--list"])));
    assert_eq!(server.ctl(&["fault", "--remove", "1"]).code, Some(0));
    insta::assert_snapshot!("fault_gone", shown(&server, &server.ctl(&["fault", "--remove", "1"])));
    insta::assert_snapshot!(
        "fault_misspelt",
        shown(&server, &server.ctl(&["fault", "list", "resets"]))
    );
}

#[test]
fn a_plan_of_faults_is_armed_whole_or_refused_with_its_line() {
    let server = Serving::start(&[]);
    let files = folder(&[
        ("right.yaml", "- { at: since, status: 503 }\n- { at: list, reset: true }\n"),
        ("wrong.yaml", "- { at: since, status: 503 }\n- { at: lisst, reset: true }\n"),
    ]);
    let arm = |name: &str| {
        let file = files.path().join(name).display().to_string();
        server.ctl(&["fault", "--plan", &file])
    };
    let wrong = arm("wrong.yaml");
    assert_eq!(wrong.code, Some(2), "{}", wrong.shown());
    assert!(wrong.stderr.contains("wrong.yaml:2:"), "{}", wrong.shown());
    assert!(wrong.stderr.contains("did you mean `list`?"), "{}", wrong.shown());
    assert_eq!(server.ctl_json(&["fault", "--list"])["faults"], serde_json::json!([]));
    let right = arm("right.yaml");
    assert!(right.stdout.contains("armed fault 1, 2"), "{}", right.shown());
}

#[test]
fn a_manual_clock_moves_when_it_is_told_to() {
    let server = Serving::start(&["--clock", "manual", "--now", "2026-01-01T00:00:00Z"]);
    insta::assert_snapshot!(
        "clock_advanced",
        shown(&server, &server.ctl(&["clock", "advance", "20s"]))
    );
    server.ctl_json(&["clock", "skew", "-60s"]);
    assert_eq!(server.ctl_json(&["clock"])["now"], "2025-12-31T23:59:20.000Z");
    server.ctl_json(&["clock", "set", "2026-05-05T05:05:05Z"]);
    assert_eq!(server.ctl_json(&["clock"])["now"], "2026-05-05T05:05:05.000Z");
    server.ctl_json(&["reset"]);
    assert_eq!(server.ctl_json(&["clock"])["now"], "2026-01-01T00:00:00.000Z");
}

#[test]
fn the_quota_is_set_spent_and_lifted() {
    let server = Serving::start(&["--clock", "manual", "--now", "2026-01-01T00:00:00Z"]);
    server.ctl_json(&["quota", "1"]);
    answer(server.ask("/v1/plugin/connect/account"));
    insta::assert_snapshot!("quota_spent", shown(&server, &server.ctl(&["quota"])));
    let refused = answer(server.ask("/v1/plugin/connect/account"));
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    server.ctl_json(&["quota", "off"]);
    let got = answer(server.ask("/v1/plugin/connect/account"));
    assert!(got.starts_with("HTTP/1.1 200"), "{got}");
}

#[test]
fn the_journal_answers_whether_something_was_asked() {
    let server = Serving::start(&[]);
    answer(server.ask("/v1/plugin/connect/account"));
    answer(server.ask("/v1/plugin/connect/websites/all/1"));
    let asked = server.ctl_json(&["requests", "--operation", "list"]);
    assert_eq!(asked["count"], 1);
    let all = server.ctl(&["requests"]);
    assert!(all.stdout.ends_with("2 requests\n"), "{}", all.stdout);
    server.ctl_json(&["requests", "--clear"]);
    assert_eq!(server.ctl(&["requests"]).stdout, "no request\n");
    insta::assert_snapshot!(
        "requests_misspelt",
        shown(&server, &server.ctl(&["requests", "--operation", "lst"]))
    );
}

#[test]
fn following_the_journal_shows_each_request_once_as_it_comes() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let server = Serving::start(&[]);
    answer(server.ask("/v1/plugin/connect/account"));
    let mut command = program();
    command.args(["ctl", "requests", "--follow", "--print", "json", "--url", server.url()]);
    let mut follower = KillOnDrop(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(follower.0.stdout.take().unwrap()).lines();
    let mut seq = || {
        let line: serde_json::Value =
            serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        line["seq"].as_u64().unwrap()
    };
    assert_eq!(seq(), 1);
    for expected in 2..4 {
        answer(server.ask("/v1/plugin/connect/account"));
        assert_eq!(seq(), expected);
    }
}

#[test]
fn a_quirk_is_set_by_name() {
    let server = Serving::start(&[]);
    let set = server.ctl(&["quirks", "list_status=200"]);
    assert_eq!(set.shown(), "exit 0\n--- stdout\nlist-status = 200\n");
    let list = answer(server.ask("/v1/plugin/connect/websites/all/1"));
    assert!(list.starts_with("HTTP/1.1 200"), "{list}");
}

#[test]
fn a_schema_is_replaced_and_a_bad_one_refused_with_its_place() {
    let folder = folder(&[
        ("good.json", r#"{"type": "object", "properties": {"n": {"type": "integer"}}}"#),
        ("bad.json", r#"{"type": "objekt"}"#),
    ]);
    let server = Serving::start(&["--websites", "1"]);
    let with = |file| run_in(folder.path(), &["ctl", "schema", file, "--url", server.url()]);
    insta::assert_snapshot!("schema_refused", shown(&server, &with("bad.json")));
    insta::assert_snapshot!("schema_replaced", shown(&server, &with("good.json")));
    assert_eq!(server.ctl(&["save", "w1", "n=x"]).code, Some(1));
    assert_eq!(server.ctl(&["save", "w1", "n=5"]).code, Some(0));
}

#[test]
fn a_space_is_a_world_of_its_own() {
    let server = Serving::start(&["--websites", "3"]);
    let space = server.ctl_json(&["space", "create", "name=one", "websites=1"]);
    assert_ne!(space["identifier"], server.info["identifier"]);
    let websites = server.ctl_json(&["websites", "--space", "one"]);
    assert_eq!(websites["websites"].as_object().unwrap().len(), 1);
    // What `create` prints as control address leads there, too.
    let url = space["control_url"].as_str().unwrap();
    let ended = run(&["ctl", "info", "--print", "json", "--url", url]);
    assert!(ended.stdout.contains(r#""space":"one""#), "{}", ended.stdout);
    assert_eq!(server.ctl(&["space", "remove", "one"]).code, Some(0));
    assert_eq!(server.ctl(&["space", "list"]).stdout, "default\n");
}

#[test]
fn the_environment_says_where_the_server_is() {
    let server = Serving::start(&[]);
    for name in ["CRISP_MOCK_URL", "CRISP_MOCK_CONTROL_URL"] {
        let mut command = program();
        let ended = Ended::of(command.args(["ctl", "info"]).env(name, server.url()));
        assert_eq!(ended.code, Some(0), "{name}: {}", ended.stderr);
    }
    // A control address is the more exact of the two.
    let mut command = program();
    command.args(["ctl", "info"]).env("CRISP_MOCK_URL", "http://127.0.0.1:1");
    assert_eq!(Ended::of(command.env("CRISP_MOCK_CONTROL_URL", server.url())).code, Some(0));
}

#[test]
fn where_no_server_answers_the_way_to_one_is_shown() {
    let url = "http://127.0.0.1:1";
    let ended = run(&["ctl", "info", "--url", url]);
    assert_eq!(ended.code, Some(4));
    // The system's own words for a refused connection differ.
    let (first, hint) = ended.stderr.split_once('\n').unwrap();
    assert!(first.starts_with(&format!("error: no emulator answers at {url}/_mock: ")), "{first}");
    insta::assert_snapshot!(hint);
}

#[test]
fn another_program_at_that_address_is_not_taken_for_the_emulator() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let other = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        let _ = stream.read(&mut head).unwrap();
        let page = "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nConnection: close\r\n\r\n<p>";
        stream.write_all(page.as_bytes()).unwrap();
    });
    let ended = run(&["ctl", "info", "--url", &url]);
    other.join().unwrap();
    assert_eq!(ended.code, Some(4));
    insta::assert_snapshot!(ended.stderr.replace(&url, "URL"));
}

#[test]
fn calls_that_cannot_be_meant_are_bad_usage() {
    for (arguments, name) in [
        (&["save", "w1"][..], "nothing_to_save"),
        (&["save", "w1", "message"], "no_value"),
        (&["save", "website", "a=1"], "no_website"),
        (&["save", "w1", "--json", "{nope"], "no_json"),
        (&["clock", "advance", "5"], "no_unit"),
        (&["info", "--url", "https://a"], "no_address"),
        (&["info", "--space", "a/b"], "no_space"),
        (&["reset", "--space", ".."], "a_space_of_dots"),
    ] {
        let ended = Ended::of(program().arg("ctl").args(arguments));
        assert_eq!(ended.code, Some(2), "{arguments:?}");
        insta::assert_snapshot!(format!("ctl_{name}"), ended.shown());
    }
}
