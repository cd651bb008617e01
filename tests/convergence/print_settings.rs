//! The example, run as its readers run it, against the real program.

use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::program::{KillOnDrop, Serving};
use crate::workspace::{id, of_crisp_sync};

/// Far more than any line takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// `print_settings` at work; stopped at the latest when it is dropped.
struct Printing {
    _child: KillOnDrop,
    lines: Receiver<String>,
    read: Vec<String>,
}

impl Printing {
    fn start(serving: &Serving) -> Self {
        let example = ["--workspace", "--example", "print_settings"];
        let mut child = Command::new(of_crisp_sync("examples/print_settings", &example))
            .env("CRISP_REST_URL", serving.info["rest_url"].as_str().unwrap())
            .env("CRISP_POLL_MS", "100")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines(child.stdout.take().unwrap());
        Self { _child: KillOnDrop(child), lines, read: Vec::new() }
    }

    /// Reads until a line is as wanted.
    fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(DEADLINE) else {
                panic!("{what} never came:\n{}", self.read.join("\n"));
            };
            self.read.push(line.clone());
            if wanted(&line) {
                return line;
            }
        }
    }
}

fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (send, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn follows_everything(faults: &[&str]) {
    let serving = Serving::start(&[&["--websites", "45"], faults].concat());
    let mut printing = Printing::start(&serving);
    for _ in 0..45 {
        printing.until("a website", |line| line.starts_with("+ "));
    }
    let ctl = |arguments: &[&str]| {
        let ended = serving.ctl(arguments);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    };
    ctl(&["save", "w7", "message=Hello"]);
    let line = printing.until("the save", |line| line.starts_with("~ "));
    assert!(line.starts_with(&format!("~ {} ", id("w7"))), "{line}");
    assert!(line.ends_with(r#"-> {"message":"Hello"}"#), "{line}");
    ctl(&["install", "w60"]);
    let line = printing.until("the install", |line| line.starts_with("+ "));
    assert_eq!(line, format!("+ {} {{}}", id("w60")));
    ctl(&["uninstall", "w3"]);
    let line = printing.until("the uninstall", |line| line.starts_with("- "));
    assert_eq!(line, format!("- {}", id("w3")));
    let line = printing.until("the status", |line| line.starts_with("-- steady"));
    assert!(line.contains("45 websites"), "{line}");
}

#[test]
fn the_example_prints_the_websites_and_follows_a_save_an_install_and_an_uninstall() {
    follows_everything(&[]);
}

#[test]
fn the_example_goes_through_a_bad_day_of_the_api() {
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/flaky.yaml");
    follows_everything(&["--faults", plan]);
}
