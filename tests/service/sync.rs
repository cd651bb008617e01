//! Running `crisp-sync`; whatever a test starts is stopped when the test ends.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;

use crate::program::{KillOnDrop, Serving};
use crate::workspace;
pub use crate::workspace::id;

/// Far more than anything here takes.
pub const DEADLINE: Duration = Duration::from_secs(180);

/// Builds the program, if need be, and says where it is.
pub fn built() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let options = ["--package", "crisp-sync", "--features", "service", "--bin", "crisp-sync"];
    BUILT.get_or_init(|| workspace::of_crisp_sync("crisp-sync", &options))
}

/// The program, without anything that the machine's environment says to it.
pub fn crisp_sync() -> Command {
    let mut command = Command::new(built());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CRISP_") {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// The program as a plugin of this emulator, which polls often.
pub fn plugin_of(serving: &Serving) -> Command {
    let mut command = crisp_sync();
    let text = |name: &str| serving.info[name].as_str().unwrap().to_owned();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--quota", "none", "--poll-every", "100ms"])
        .env("CRISP_REST_URL", text("rest_url"))
        .env("CRISP_IDENTIFIER", text("identifier"))
        .env("CRISP_KEY", text("key"))
        .env("CRISP_PLUGIN_ID", text("plugin_id"));
    command
}

/// A running service.
pub struct Sync {
    child: KillOnDrop,
    pub url: String,
    http: Client,
}

impl Sync {
    /// Starts a prepared command and returns once it listens.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("http://"), "it did not start: {line}");
        // One may be installed in this process already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        Self { child: KillOnDrop(child), url: line.trim().to_owned(), http }
    }

    /// The service of a plugin, once it is ready.
    pub async fn of(serving: &Serving) -> Self {
        let sync = Self::spawn(&mut plugin_of(serving));
        sync.until("/readyz", |status, _| status == 200).await;
        sync
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).timeout(DEADLINE)
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    /// The status and the JSON that it answers.
    pub async fn json(&self, path: &str) -> (u16, Value) {
        let response = self.get(path).await;
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Asks until the answer is as wanted.
    pub async fn until(&self, path: &str, wanted: impl Fn(u16, &Value) -> bool) -> Value {
        let asked = async {
            loop {
                let (status, body) = self.json(path).await;
                if wanted(status, &body) {
                    return body;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(DEADLINE, asked).await.unwrap_or_else(|_| panic!("{path} never came"))
    }

    /// Sends its process a signal.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child.0), signal)
            .unwrap();
    }

    /// Asks it to stop, as systemd does, and waits until it has.
    #[cfg(unix)]
    pub fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child.0);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.0.wait().unwrap().code()
    }
}

/// Runs a prepared command to its end: its exit code and what it said.
pub fn ended(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), [stdout, stderr].map(|text| String::from_utf8(text).unwrap()).concat())
}

/// An operator of the emulator.
pub fn ctl(serving: &Serving, arguments: &[&str]) {
    let ended = serving.ctl(arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
