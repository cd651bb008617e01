//! A program that runs until it is ended, and whatever it has started.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// For how long something that takes moments may take on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program. Its standard output is held by all that it starts, so that its end is theirs.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    end: Receiver<()>,
}

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the command is there");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let (line, lines) = channel();
        let (ended, end) = channel();
        std::thread::spawn(move || {
            let mut first = String::new();
            let _ = output.read_line(&mut first);
            let _ = line.send(first.trim_end().to_owned());
            let _ = output.read_to_end(&mut Vec::new());
            let _ = ended.send(());
        });
        Self { child, lines, end }
    }

    /// Its first line.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("it says a line")
    }

    /// Sends it a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a process"), signal).expect("it is there");
    }

    /// Waits until neither it nor anything that it started is there any more; gives its exit code.
    pub fn all_ended(mut self) -> Option<i32> {
        self.end.recv_timeout(PATIENCE).expect("nothing holds its output any more");
        self.child.wait().expect("it can be waited for").code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
