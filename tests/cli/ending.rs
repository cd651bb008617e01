//! How `serve` ends.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::program::{Serving, answer, polite_signals, program, request};

#[cfg(unix)]
#[test]
fn both_polite_signals_end_it_with_success() {
    for signal in polite_signals() {
        let mut server = Serving::start(&[]);
        server.signal(signal);
        assert_eq!(server.wait(), Some(0), "SIG{signal}");
        assert!(server.log_line().starts_with(&format!("stopping: SIG{signal}")));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_under_nohup_outlives_its_terminal() {
    let mut command = Command::new("nohup");
    command.arg(program().get_program()).args(["serve", "--listen", "127.0.0.1:0"]);
    let mut server = Serving::spawn(&mut command);
    server.signal("HUP");
    assert_eq!(server.ctl(&["info"]).code, Some(0));
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
    assert!(server.log_line().starts_with("stopping: SIGTERM"));
}

#[cfg(unix)]
#[test]
fn an_answer_in_flight_is_finished_before_it_ends() {
    let mut server = Serving::start(&[]);
    server.ctl_json(&["fault", "list", "delay=400ms"]);
    let asked = server.ask("/v1/plugin/connect/websites/all/1");
    has_arrived(&server);
    server.signal("TERM");
    let got = answer(asked);
    assert!(got.starts_with("HTTP/1.1 206"), "{got}");
    assert!(got.ends_with("]}"), "the body is whole");
    assert_eq!(server.wait(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_it_at_once() {
    // An answer that is not read, and is larger than what the kernel keeps of it.
    let mut server = Serving::start(&["--websites", "30000"]);
    let mut asked = request(server.url(), "/_mock/websites", "");
    let mut begun = [0; 15];
    asked.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200 OK");
    server.signal("TERM");
    assert!(server.log_line().starts_with("stopping: SIGTERM"));
    server.signal("TERM");
    assert_eq!(server.wait(), Some(128 + 15));
    drop(asked);
}

#[cfg(unix)]
#[test]
fn a_log_that_is_not_read_holds_up_neither_the_requests_nor_the_end() {
    let mut server = Serving::start(&[]);
    // Some ten times what a pipe holds.
    let path = format!("/v1/{}", "x".repeat(2_000));
    for _ in 0..300 {
        assert!(answer(request(server.url(), &path, "")).starts_with("HTTP/1.1 404"));
    }
    server.signal("TERM");
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn an_idle_server_ends_by_itself() {
    let mut server = Serving::start(&["--idle-exit", "100ms"]);
    assert_eq!(server.wait(), Some(0));
    assert_eq!(server.log_line(), "stopping: no request for 100ms\n");
}

#[cfg(unix)]
#[test]
fn it_ends_when_its_parent_has_ended() {
    let mut parent = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let pid = parent.id();
    let mut server = Serving::start(&["--parent-pid", &pid.to_string()]);
    // Its input ends, and so does `cat`.
    drop(parent.stdin.take());
    assert_eq!(server.wait(), Some(0));
    assert_eq!(server.log_line(), format!("stopping: process {pid} has ended\n"));
    parent.wait().unwrap();
}

#[test]
fn a_parent_that_is_not_there_ends_it_at_the_start() {
    let mut command = program();
    command.args(["serve", "--listen", "127.0.0.1:0", "--parent-pid", "4294967295"]);
    let mut server = Serving::spawn(&mut command);
    assert_eq!(server.wait(), Some(0));
}

/// Returns once the server has the request that was just sent.
#[cfg(unix)]
fn has_arrived(server: &Serving) {
    let path = "/_mock/requests?operation=list&wait=30s";
    let got = answer(request(server.url(), path, ""));
    assert!(got.contains(r#""operation":"list""#), "{got}");
}
