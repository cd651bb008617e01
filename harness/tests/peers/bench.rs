//! What the tests of peers share: programs, a place, and a connection that tells of an end.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crisp_harness::peer::{Access, CommandLine, Peer, PeerError, PeerOptions, SaveOrder};
use crisp_harness::subject::How;
use crisp_mock_server::id::WebsiteId;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// An order to save.
pub fn order(website: WebsiteId, settings: &str, how: How) -> SaveOrder<'_> {
    SaveOrder { website, settings, token: None, how }
}

/// Longer than anything here takes, for slow machines.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a program is here; says so when not, and fails where `CI` is set.
pub fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| {
        ["", ".exe", ".cmd"].iter().any(|end| folder.join(format!("{program}{end}")).is_file())
    });
    if !found {
        let ci = std::env::var("CI").is_ok_and(|ci| !matches!(ci.as_str(), "" | "0" | "false"));
        assert!(!ci, "{program} is missing; nothing is skipped where CI is set");
        let test = std::thread::current();
        let test = test.name().unwrap_or("a claim").to_owned();
        let _ = writeln!(std::io::stderr(), "\n!! SKIPPED: {test}: {program} is missing\n");
    }
    found
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// A command line that runs one of the scripts beside this file.
pub fn command(program: &str, name: &str, arguments: &str) -> CommandLine {
    let line = format!("{program} '{}' {arguments}", script(name).display());
    CommandLine::parse(&line).unwrap()
}

/// Options that do not wait long for those who will never say anything.
pub fn hasty() -> PeerOptions {
    PeerOptions { timeout: Duration::from_millis(400), ..PeerOptions::default() }
}

/// Options for slow machines.
pub fn patient() -> PeerOptions {
    PeerOptions { timeout: PATIENCE, ..PeerOptions::default() }
}

/// Where an emulator would be.
pub fn access() -> Access {
    Access {
        rest_host: "http://127.0.0.1:9".to_owned(),
        rest_url: "http://127.0.0.1:9/v1/".to_owned(),
        rtm_url: "ws://127.0.0.1:9/p/68/s/".to_owned(),
        control_url: "http://127.0.0.1:9/_mock/spaces/s".to_owned(),
        identifier: "me".to_owned(),
        key: "secret".to_owned(),
        tier: "plugin".to_owned(),
        plugin_id: "p".to_owned(),
        poll_every: Duration::from_millis(200),
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
        client: crisp_harness::scenario::Client::default(),
        afresh: false,
        folder: None,
    }
}

/// What a failed launch says.
pub fn refusal(launched: Result<Box<dyn Peer>, PeerError>) -> PeerError {
    match launched {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

/// Programs connect here and say who they are; a connection that closes is a program that ended.
pub struct Lifelines {
    listener: TcpListener,
}

/// One program's.
pub struct Lifeline {
    stream: BufReader<TcpStream>,
    /// Its process, or what else it calls itself.
    pub name: String,
}

impl Lifelines {
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// The next program's.
    pub async fn next(&self) -> Lifeline {
        let accepted = tokio::time::timeout(PATIENCE, self.listener.accept()).await;
        let (stream, _) = accepted.expect("a program starts").unwrap();
        let mut stream = BufReader::new(stream);
        let mut name = String::new();
        stream.read_line(&mut name).await.unwrap();
        let name = name.trim().to_owned();
        Lifeline { stream, name }
    }
}

impl Lifeline {
    /// Returns once the program has ended, and all that might hold its connection.
    pub async fn has_ended(mut self) {
        let mut rest = Vec::new();
        let end = self.stream.read_to_end(&mut rest);
        // A process that is killed may also reset its connections.
        let _ = tokio::time::timeout(PATIENCE, end).await.expect("the program ends");
    }
}

/// Nothing of a process is left, not even its entry in the system's table.
pub fn is_reaped(process: &str) -> bool {
    !cfg!(target_os = "linux") || !Path::new("/proc").join(process).exists()
}
