//! A client of one's own: the options, and what is said when it does not start.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::program::{folder, program, run, run_in};

const SCENARIO: &str = "name: a save\nwhen:\n  - { at: 70s, save: { w1: { message: new } } }\n";

#[test]
fn options_that_do_not_fit_together_are_refused_with_what_would() {
    let mut told = String::new();
    for options in [
        &["--run", "node x.js"][..],
        &["--read", "http://127.0.0.1:{port}/_cache"],
        &["--view", "view.yaml"],
        &["--client-cmd", "node x.js", "--client-url", "http://127.0.0.1:1/"],
        &["--client-cmd", "node x.js", "--client", "guide"],
        &["--client-cmd", "node 'x.js"],
        &["--client-cmd", " "],
        &["--client-url", "https://127.0.0.1:1/"],
        &["--run", "node x.js", "--read", "localhost:3000"],
        &["--client-cmd", "node x.js", "--view", "no-such-file.yaml"],
    ] {
        let ended = run(&[&["replay", "x.yaml"], options].concat());
        assert_eq!(ended.code, Some(2), "{}", ended.shown());
        told.push_str(&format!("{}\n{}\n", options.join(" "), ended.stderr));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_view_with_mistakes_is_explained_with_its_lines() {
    let files = [("a.yaml", SCENARIO), ("view.yaml", "keys: message\nvalues: message\n")];
    let folder = folder(&files);
    let line = ["replay", "a.yaml", "--client-cmd", "node x.js", "--view", "view.yaml"];
    let ended = run_in(folder.path(), &line);
    assert_eq!(ended.code, Some(2));
    insta::assert_snapshot!(ended.stderr);
}

#[test]
fn a_client_that_never_starts_is_no_verdict() {
    let folder = folder(&[("a.yaml", SCENARIO)]);
    for options in [
        &["--client-cmd", "no-such-program-here"][..],
        &["--run", "no-such-program-here", "--read", "http://127.0.0.1:{port}/"],
        &["--client-url", "http://127.0.0.1:1/", "--client-timeout", "200ms"],
    ] {
        let ended = run_in(folder.path(), &[&["replay", "a.yaml"], options].concat());
        assert_eq!(ended.code, Some(4), "{}", ended.shown());
        assert!(ended.stderr.contains("the client never started"), "{}", ended.stderr);
        let hints = ended.stderr.matches("= hint: ").count();
        assert_eq!(hints, 1, "{}", ended.stderr);
    }
}

#[test]
fn the_environment_says_it_as_the_options_do() {
    let folder = folder(&[("a.yaml", SCENARIO)]);
    let output = program()
        .current_dir(folder.path())
        .args(["replay", "a.yaml"])
        .env("CRISP_MOCK_CLIENT_CMD", "no-such-program-here")
        .env("CRISP_MOCK_CLIENT_TIMEOUT", "1s")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
}

/// However we end, a process that watches ends the clients that are left.
#[cfg(unix)]
#[test]
fn clients_end_when_the_program_is_killed() {
    use std::io::{Read as _, Write as _};
    use std::os::unix::process::CommandExt as _;

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // A client that ignores every polite request, in a group of its own; its connection closes
    // when it has ended.
    let script = format!("trap '' TERM; exec 3<>/dev/tcp/127.0.0.1/{port}; read -r line <&3");
    let mut client = Command::new("bash")
        .args(["-c", &script])
        .process_group(0)
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let (mut lifeline, _) = listener.accept().unwrap();
    let mut warden =
        program().arg("--end-clients-that-are-left").stdin(Stdio::piped()).spawn().unwrap();
    let mut notes = warden.stdin.take().unwrap();
    // The first has ended before, and its number may be that of another process.
    writeln!(notes, "+{}\n-{}\n+{}", std::process::id(), std::process::id(), client.id()).unwrap();
    drop(notes);
    let mut rest = Vec::new();
    // It may also be a reset.
    let _ = lifeline.read_to_end(&mut rest);
    client.wait().unwrap();
    assert!(warden.wait().unwrap().success());
}
