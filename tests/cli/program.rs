//! Running the real program; whatever a test starts is stopped when the test ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

/// The program, without anything that the machine's environment says to it.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crisp-mock"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CRISP_MOCK_") || text == "COLUMNS" || text == "CLICOLOR_FORCE" {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn run(arguments: &[&str]) -> Ended {
    Ended::of(program().args(arguments))
}

/// The program in a folder, where no file may have more than so many blocks of 512 bytes.
#[cfg(target_os = "linux")]
pub fn limited(folder: &Path, blocks: u32, arguments: &[&str]) -> Command {
    let program = program();
    let mut command = Command::new("sh");
    let line = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
    command.current_dir(folder).args(["-c", &line, "sh"]).arg(program.get_program());
    command.args(arguments).stdin(Stdio::null());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// How a run ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    pub fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        Self {
            code: status.code(),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Everything about it, for a snapshot.
    pub fn shown(&self) -> String {
        let Self { code, stdout, stderr } = self;
        let code = code.map_or_else(|| "by a signal".to_owned(), |code| code.to_string());
        let mut shown = format!("exit {code}\n");
        for (name, text) in [("stdout", stdout), ("stderr", stderr)] {
            if !text.is_empty() {
                shown.push_str(&format!("--- {name}\n{text}"));
            }
        }
        shown
    }
}

/// A folder with files in it.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// Runs the program in a folder, so that messages name files as the test does.
pub fn run_in(folder: &Path, arguments: &[&str]) -> Ended {
    Ended::of(program().current_dir(folder).args(arguments))
}

/// A process that is killed at the end of its test, unless it has ended by then.
pub struct KillOnDrop(pub Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running `serve`, stopped at the latest when it is dropped.
pub struct Serving {
    child: KillOnDrop,
    pub stderr: BufReader<ChildStderr>,
    pub info: Value,
}

impl Serving {
    /// Starts `serve` on a free port and returns once it is ready.
    pub fn start(arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        Self::spawn(&mut command)
    }

    /// Starts a prepared command; what it prints first is the JSON that a fixture reads.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .args(["--print", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Ok(info) = serde_json::from_str(&line) else {
            let mut complaint = String::new();
            let _ = stderr.read_to_string(&mut complaint);
            panic!("it did not start: {line}{complaint}");
        };
        Self { child: KillOnDrop(child), stderr, info }
    }

    /// How many of its threads have this name, when all have taken theirs: until it runs, a thread has
    /// that of the program, which the first one and that of the log keep.
    pub fn threads(&self, name: &str) -> usize {
        loop {
            let tasks = std::fs::read_dir(format!("/proc/{}/task", self.child.0.id())).unwrap();
            let names =
                tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")));
            let names: Vec<_> = names.filter_map(Result::ok).collect();
            let count = |name| names.iter().filter(|found| found.trim() == name).count();
            if count("crisp-mock") <= 2 {
                return count(name);
            }
            std::thread::yield_now();
        }
    }

    pub fn url(&self) -> &str {
        self.info["url"].as_str().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.0.id()
    }

    /// Runs `ctl` against it.
    pub fn ctl(&self, arguments: &[&str]) -> Ended {
        Ended::of(program().arg("ctl").args(arguments).args(["--url", self.url()]))
    }

    /// Runs `ctl` against it and returns the answer as JSON.
    pub fn ctl_json(&self, arguments: &[&str]) -> Value {
        let ended = self.ctl(&[arguments, &["--print", "json"]].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// Sends a request of the plugin; the answer is still to be read.
    pub fn ask(&self, path: &str) -> TcpStream {
        let text = |key: &str| self.info[key].as_str().unwrap();
        request(self.url(), path, &as_the_plugin(text("identifier"), text("key")))
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.0.wait().unwrap().code()
    }

    /// Reads the next line of stderr.
    pub fn log_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        line
    }

    /// Sends a signal, as a terminal or a container's manager does.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        kill.arg(format!("-{name}")).arg(self.pid().to_string());
        assert!(kill.status().unwrap().success());
    }
}

/// The headers with which a plugin asks.
pub fn as_the_plugin(identifier: &str, key: &str) -> String {
    let pair = STANDARD.encode(format!("{identifier}:{key}"));
    format!("Authorization: Basic {pair}\r\nX-Crisp-Tier: plugin\r\n")
}

/// Sends a GET and returns the connection with the answer to come.
pub fn request(url: &str, path: &str, headers: &str) -> TcpStream {
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let text = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// The rest of a connection: status line, headers and body.
pub fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

/// The signals that end a program politely. Where these tests themselves run with SIGHUP ignored,
/// under `nohup` say, so does the program, and it is not tested with it.
#[cfg(unix)]
pub fn polite_signals() -> Vec<&'static str> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok())
        .is_some_and(|bits| bits & 1 != 0);
    if ignored {
        let why = "!! SIGHUP is ignored here (is this run under nohup?), and is not tested";
        let _ = writeln!(std::io::stderr(), "{why}");
        vec!["TERM", "INT"]
    } else {
        vec!["TERM", "INT", "HUP"]
    }
}
