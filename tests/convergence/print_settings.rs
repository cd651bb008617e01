//! The example, run as its readers run it, against the real program.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::program::Serving;

/// Far more than any line takes.
const DEADLINE: Duration = Duration::from_secs(60);

/// `print_settings` at work; stopped at the latest when it is dropped.
struct Printing {
    child: Child,
    lines: Receiver<String>,
    read: Vec<String>,
}

impl Drop for Printing {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Printing {
    fn start(serving: &Serving) -> Self {
        let mut child = Command::new(built())
            .env("CRISP_REST_URL", serving.info["rest_url"].as_str().unwrap())
            .env("CRISP_POLL_MS", "100")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = lines(child.stdout.take().unwrap());
        Self { child, lines, read: Vec::new() }
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

/// Builds the example, if need be, and says where it is.
fn built() -> String {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["build", "--offline", "--message-format", "json"])
        // As `cargo test --workspace` builds it, so that nothing is built twice.
        .args(["--workspace", "--example", "print_settings"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let messages = String::from_utf8(output.stdout).unwrap();
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "print_settings")
        .find_map(|message| Some(message["executable"].as_str()?.to_owned()))
        .unwrap()
}

/// The UUID of a website that people call by a short name.
fn id(name: &str) -> String {
    name.parse::<crisp_mock_server::id::WebsiteId>().unwrap().to_string()
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
