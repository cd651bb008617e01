//! Programs that say what they do a line at a time, and that end with their test.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// For how long a program may say nothing: far more than any of them needs, for slow machines.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running program. Dropping it ends it.
pub struct Program {
    name: String,
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// Starts a program; what it says on stderr goes where the test's own does.
    pub fn start(name: &str, command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} did not start: {error}"));
        let output = child.stdout.take().expect("stdout is piped");
        Self {
            name: name.to_owned(),
            input: child.stdin.take().expect("stdin is piped"),
            output: BufReader::new(output).lines(),
            _child: child,
        }
    }

    /// Sends it one line.
    pub async fn say(&mut self, line: &str) {
        let line = format!("{line}\n");
        let said = self.input.write_all(line.as_bytes()).await;
        said.unwrap_or_else(|error| panic!("{} does not listen any more: {error}", self.name));
    }

    /// Its next line.
    pub async fn hear(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.output.next_line()).await;
        let line = line.unwrap_or_else(|_| panic!("{} said nothing for {PATIENCE:?}", self.name));
        line.expect("lines are UTF-8").unwrap_or_else(|| panic!("{} ended", self.name))
    }

    /// Its first line that contains a text; those before it are passed over.
    pub async fn hear_of(&mut self, text: &str) -> String {
        loop {
            let line = self.hear().await;
            if line.contains(text) {
                return line;
            }
        }
    }
}
