//! A real Redis or NATS on a free port, which a test may kill.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::install::python;
use crate::ports::free_port;
use crate::want::{Missing, program};

/// Which store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Redis,
    Nats,
}

/// What is left after it was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    Nothing,
    Everything,
}

/// What one plugin has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Log,
    Published,
}

pub struct Server {
    pub kind: Kind,
    program: PathBuf,
    child: Child,
    port: u16,
    keeps: Keeps,
    /// Words of its command line, besides.
    more: Vec<OsString>,
    folder: tempfile::TempDir,
    /// A copy of what it had.
    old: Option<tempfile::TempDir>,
}

impl Server {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// [`Missing`] where there is no `redis-server`, or Python's registry has no `nats-server`.
    pub fn start(kind: Kind, keeps: Keeps) -> Result<Self, Missing> {
        Self::start_with(kind, keeps, |_| Vec::new())
    }

    /// Starts one with more words on its command line, which may depend on its port.
    ///
    /// # Errors
    ///
    /// As [`Self::start`].
    pub fn start_with(
        kind: Kind,
        keeps: Keeps,
        more: impl FnOnce(u16) -> Vec<OsString>,
    ) -> Result<Self, Missing> {
        let program = match kind {
            Kind::Redis => program("redis-server")?,
            Kind::Nats => python("tests/stores/nats")?.with_file_name("nats-server"),
        };
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let more = more(port);
        let child = run(kind, &program, port, keeps, folder.path(), &more);
        Ok(Self { kind, program, child, port, keeps, more, folder, old: None })
    }

    pub fn url(&self) -> String {
        match self.kind {
            Kind::Redis => format!("redis://127.0.0.1:{}/0", self.port),
            Kind::Nats => format!("nats://127.0.0.1:{}", self.port),
        }
    }

    /// Where it listens on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts again, on the same port, with what was kept.
    pub fn again(&mut self) {
        if self.keeps == Keeps::Nothing {
            empty(self.folder.path());
        }
        let Self { kind, program, port, keeps, more, folder, .. } = self;
        self.child = run(*kind, program, *port, *keeps, folder.path(), more);
    }

    /// Kills it, keeps a copy of what it has, and starts it again.
    pub fn remember(&mut self) {
        self.kill();
        let old = tempfile::tempdir().unwrap();
        copy(self.folder.path(), old.path());
        self.old = Some(old);
        self.again();
    }

    /// Starts again with what it had when it was to remember.
    pub fn again_with_old_data(&mut self) {
        empty(self.folder.path());
        copy(self.old.as_ref().unwrap().path(), self.folder.path());
        self.again();
    }

    /// Removes a part of what the plugin of this name has there, as an operator does.
    pub async fn remove(&self, name: &str, part: Part) {
        match self.kind {
            Kind::Redis => {
                let remove = match part {
                    Part::Log => format!("redis.call('DEL', 'crisp:{name}:log')"),
                    Part::Published => format!(
                        "for _, key in ipairs(redis.call('KEYS', 'crisp:{name}:*')) do \
                         if key ~= 'crisp:{name}:log' then redis.call('DEL', key) end end"
                    ),
                };
                let mut ask = Command::new(program("redis-cli").unwrap());
                ask.args(["-p", &self.port.to_string(), "EVAL", &remove, "0"]);
                assert!(ask.output().unwrap().status.success());
            }
            Kind::Nats => {
                let stream = match part {
                    Part::Log => format!("crisp-{name}-log"),
                    Part::Published => format!("KV_crisp-{name}"),
                };
                let client = async_nats::connect(self.url()).await.unwrap();
                let answer = client.request(format!("$JS.API.STREAM.DELETE.{stream}"), "".into());
                let answer: Value = serde_json::from_slice(&answer.await.unwrap().payload).unwrap();
                assert_eq!(answer["success"], true, "{answer}");
            }
        }
    }

    /// What readers find of a website of the plugin of this name; null: nothing.
    pub async fn published(&self, name: &str, website: &str) -> Value {
        match self.kind {
            Kind::Redis => {
                let mut ask = Command::new(program("redis-cli").unwrap());
                ask.args(["-p", &self.port.to_string()]);
                ask.args(["GET", &format!("crisp:{name}:website:{website}")]);
                serde_json::from_slice(&ask.output().unwrap().stdout).unwrap_or_default()
            }
            Kind::Nats => {
                let Ok(client) = async_nats::connect(self.url()).await else { return Value::Null };
                let bucket = format!("crisp-{name}");
                let asked =
                    format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.website.{website}");
                let answer = client.request(asked, "".into()).await;
                let payload = answer.map(|answer| answer.payload).unwrap_or_default();
                serde_json::from_slice(&payload).unwrap_or_default()
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(
    kind: Kind,
    program: &Path,
    port: u16,
    keeps: Keeps,
    folder: &Path,
    more: &[OsString],
) -> Child {
    let mut command = Command::new(program);
    let port = port.to_string();
    match kind {
        Kind::Redis => {
            let log = if keeps == Keeps::Everything { "yes" } else { "no" };
            command.args(["--bind", "127.0.0.1", "--port", &port, "--save", ""]);
            command.args(["--appendonly", log, "--appendfsync", "always", "--dir"]).arg(folder);
        }
        Kind::Nats => {
            command.args(["-a", "127.0.0.1", "-p", &port, "-js", "-sd"]).arg(folder);
        }
    }
    command.args(more);
    let output = match kind {
        Kind::Redis => command.stdout(Stdio::piped()),
        Kind::Nats => command.stderr(Stdio::piped()),
    };
    let mut child = output.stdin(Stdio::null()).spawn().unwrap();
    let (said, sign): (Box<dyn Read + Send>, _) = match kind {
        Kind::Redis => (Box::new(child.stdout.take().unwrap()), "Ready to accept connections"),
        Kind::Nats => (Box::new(child.stderr.take().unwrap()), "Server is ready"),
    };
    let mut lines = BufReader::new(said).lines();
    let ready = lines.by_ref().any(|line| line.unwrap().contains(sign));
    assert!(ready, "{} did not start", program.display());
    // What it says later is read, or it would wait for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

fn empty(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => std::fs::remove_dir_all(path).unwrap(),
            false => std::fs::remove_file(path).unwrap(),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir(&there).unwrap();
            copy(&path, &there);
        } else {
            std::fs::copy(path, there).unwrap();
        }
    }
}
