//! Many emulators on one machine, as its CI jobs start them.

use std::collections::HashSet;
use std::process::{Child, Stdio};

use crate::program::{Ended, program};

const MANY: usize = 100;

#[cfg(unix)]
#[test]
fn a_hundred_commands_run_at_once_each_against_an_emulator_of_its_own() {
    let start = |number: usize| -> Child {
        let line = format!("echo $CRISP_REST_HOST; exit {number}");
        program()
            .args(["exec", "--quiet", "--websites", "2", "--", "sh", "-c", &line])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let running: Vec<Child> = (0..MANY).map(start).collect();
    for (number, child) in running.into_iter().enumerate() {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(number as i32));
        assert!(output.stdout.starts_with(b"http://127.0.0.1:"));
    }
}

#[cfg(unix)]
#[test]
fn emulators_that_run_side_by_side_have_ports_of_their_own_and_stop_when_told() {
    use crate::program::Serving;
    let mut servers: Vec<_> = (0..20).map(|_| Serving::start(&["--websites", "2"])).collect();
    let urls: HashSet<_> = servers.iter().map(|server| server.url().to_owned()).collect();
    assert_eq!(urls.len(), servers.len());
    for server in &servers {
        server.signal("TERM");
    }
    for server in &mut servers {
        assert_eq!(server.wait(), Some(0));
    }
    for url in urls {
        let ended = Ended::of(program().args(["healthcheck", "--timeout", "1ms", "--url", &url]));
        assert_eq!(ended.code, Some(1), "{url} still answers");
    }
}
