//! A run that is stopped: what was judged is not lost.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::program::{folder, program};

#[test]
fn a_run_that_is_stopped_says_how_far_it_came_and_writes_its_reports() {
    let folder = folder(&[]);
    let mut run = program();
    run.current_dir(folder.path()).args(["check", "--seed", "1", "--cases", "1000000000"]);
    run.args(["--client", "sync", "--report", "json=run.ndjson"]);
    let mut run = run.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(run.stdout.take().unwrap());
    let mut line = String::new();
    // It is being judged by then.
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with("JUDGED"), "{line}");
    let mut kill = Command::new("kill");
    assert!(kill.arg("-INT").arg(run.id().to_string()).status().unwrap().success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130), "{rest}");
    let said = rest.lines().last().unwrap();
    assert!(said.starts_with("STOPPED by SIGINT: 0 scenarios had passed, 0 failed"), "{rest}");
    let report = std::fs::read_to_string(folder.path().join("run.ndjson")).unwrap();
    assert!(report.starts_with(r#"{"event":"search_started""#), "{report}");
}
