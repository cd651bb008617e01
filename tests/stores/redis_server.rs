//! A real Redis on a free port, which a test may kill.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use crate::want::{Missing, program};

/// What is left after it was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    Nothing,
    Everything,
}

pub struct RedisServer {
    child: Child,
    port: u16,
    keeps: Keeps,
    folder: tempfile::TempDir,
}

impl RedisServer {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// [`Missing`] where there is no `redis-server`.
    pub fn start(keeps: Keeps) -> Result<Self, Missing> {
        let redis = program("redis-server")?;
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = run(&redis, port, keeps, folder.path());
        Ok(Self { child, port, keeps, folder })
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again, on the same port, with what was kept.
    pub fn again(&mut self) {
        let redis = program("redis-server").unwrap();
        self.child = run(&redis, self.port, self.keeps, self.folder.path());
    }

    /// Asks it one thing, as `redis-cli` does.
    pub fn ask(&self, words: &[&str]) -> String {
        let mut ask = Command::new(program("redis-cli").unwrap());
        let output = ask.args(["-p", &self.port.to_string()]).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(redis: &std::path::Path, port: u16, keeps: Keeps, folder: &std::path::Path) -> Child {
    let log = if keeps == Keeps::Everything { "yes" } else { "no" };
    let mut command = Command::new(redis);
    command.args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", ""]);
    command.args(["--appendonly", log, "--appendfsync", "always"]).arg("--dir").arg(folder);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.by_ref().any(|line| line.unwrap().contains("Ready to accept connections"));
    assert!(ready, "redis-server did not start");
    // What it says later is read, or it would wait for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    child
}
