//! The real command: a plan from a file, and one that changes while a client polls.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::FLAKY;
use crate::document::{self, Example};
use crate::wire::{Call, End, Keys, answer_on, receive, send_call, send_on};

/// Far more than anything here takes, for slow machines.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `crisp-mock serve`, which ends with its test.
struct Served {
    _child: Child,
    info: Value,
    keys: Keys,
}

impl Served {
    async fn start(options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crisp-mock"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--print", "json", "--quiet"])
            .args(["--parent-pid", &std::process::id().to_string()])
            .args(options)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).await.unwrap();
        let info: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| info[key].as_str().unwrap().to_owned();
        let (identifier, key) = (text("identifier"), text("key"));
        Self { _child: child, keys: Keys { identifier, key }, info }
    }

    fn address(&self) -> std::net::SocketAddr {
        let url = self.info["url"].as_str().unwrap();
        url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Call {
        Call::new(self.address(), &self.keys, method, path, body)
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> Value {
        let call = self.call(method, &format!("/_mock{path}"), body);
        let stream = send_call(self.address(), &call).await;
        let seen = receive(stream, Vec::new(), false).await;
        serde_json::from_str(seen.text.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

/// What curl shows of a request, in the words of `examples/flaky.yaml`; none without curl.
async fn curl(served: &Served, path: &str) -> Option<String> {
    let pair = format!("{}:{}", served.keys.identifier, served.keys.key);
    let mut curl = Command::new("curl");
    curl.args(["-v", "-sS", "--noproxy", "*", "--max-time", "60"])
        .args(["-u", &pair, "-H", "X-Crisp-Tier: plugin"])
        .arg(format!("{}{path}", served.info["url"].as_str().unwrap()));
    let output = curl.stdin(Stdio::null()).output().await.ok()?;
    let shown = String::from_utf8_lossy(&output.stderr);
    let status = shown.lines().find_map(|line| line.strip_prefix("< HTTP/1.1 "));
    let told = match (output.status.code(), status) {
        (Some(56), None) => "reset",
        (Some(52), None) => "closed",
        (Some(18), Some(_)) => "cut",
        (Some(0), Some(_)) if shown.contains("< content-type: text/html") => "html",
        (Some(0), Some(status)) => &status[..3],
        other => panic!("{other:?}: {shown}"),
    };
    Some(told.to_owned())
}

/// The same without curl.
async fn raw(served: &Served, path: &str) -> String {
    let call = served.call("GET", path, "");
    let seen = receive(send_call(served.address(), &call).await, Vec::new(), false).await;
    document::told(&seen).to_owned()
}

#[tokio::test]
async fn serve_gives_exactly_the_sequence_of_the_flaky_file_and_says_what_fired() {
    let served = Served::start(&["--faults", "examples/flaky.yaml"]).await;
    for (target, expected) in FLAKY.lines().filter_map(document::row) {
        let path = format!("/v1{}", Example::of_target(target).request.1);
        let told = match curl(&served, &path).await {
            Some(told) => told,
            None => raw(&served, &path).await,
        };
        assert_eq!(told, expected, "{target}");
    }
    let faults = served.control("GET", "/faults", "").await;
    let count = |key: &str| {
        let faults = faults["faults"].as_array().unwrap().iter();
        faults.map(|fault| fault[key].clone()).collect::<Vec<_>>()
    };
    assert_eq!(count("fired"), [1, 1, 1, 1, 1, 1, 2, 0, 0]);
    assert_eq!(count("never_fired"), [false, false, false, false, false, false, false, true, true]);
    let journal = served.control("GET", "/requests", "").await;
    let met: Vec<_> = journal["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["faults"][0]["id"].as_u64().unwrap_or(0))
        .collect();
    assert_eq!(met, [0, 1, 2, 3, 4, 5, 0, 0, 6, 0, 0, 0, 0, 7, 0, 0, 7]);
}

#[tokio::test]
async fn a_client_that_insists_on_http_2_fails_and_the_journal_says_why() {
    let served = Served::start(&[]).await;
    let mut curl = Command::new("curl");
    curl.args(["-sS", "-i", "--http2-prior-knowledge", "--noproxy", "*"])
        .args(["--max-time", "60"])
        .arg(format!("{}/_mock/health", served.info["url"].as_str().unwrap()));
    let Ok(output) = curl.stdin(Stdio::null()).output().await else {
        return; // no curl: a test of the socket reads the frames
    };
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() == Some(4) || said.contains("does not support") {
        return; // a curl without HTTP/2
    }
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("HTTP"), "{said}");
    let journal = served.control("GET", "/requests", "").await;
    let entry = &journal["requests"][0];
    assert_eq!((&entry["method"], &entry["outcome"]), (&"PRI".into(), &"close".into()));
    let why = entry["explanation"].as_str().unwrap();
    assert!(why.ends_with("have the client use HTTP/1.1"), "{why}");
}

/// Polls on one connection, again and again, and says which status came.
async fn poll(served: &Served, statuses: mpsc::UnboundedSender<u16>) {
    let call = served.call("GET", "/v1/plugin/connect/account", "");
    let mut stream = TcpStream::connect(served.address()).await.unwrap();
    loop {
        send_on(&mut stream, &call).await;
        let seen = answer_on(&mut stream).await;
        assert_eq!(seen.end, End::Complete);
        if statuses.send(seen.text[9..12].parse().unwrap()).is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_fault_comes_and_goes_over_http_while_a_client_polls() {
    let served = std::sync::Arc::new(Served::start(&[]).await);
    let (told, mut statuses) = mpsc::unbounded_channel();
    let poller = {
        let served = std::sync::Arc::clone(&served);
        tokio::spawn(async move { poll(&served, told).await })
    };
    let mut until = async |wanted: u16| {
        let waiting = async { while statuses.recv().await.unwrap() != wanted {} };
        let came = timeout(PATIENCE, waiting).await;
        came.unwrap_or_else(|_| panic!("the client never saw a {wanted}"));
    };
    until(200).await;
    let fault = json!({ "at": "account", "status": 503 }).to_string();
    let added = served.control("POST", "/faults", &fault).await;
    assert_eq!(added, json!({ "ids": [1] }));
    until(503).await;
    let armed = served.control("GET", "/faults", "").await;
    assert_eq!(armed["faults"][0]["never_fired"], false);
    let removed = served.control("DELETE", "/faults/1", "").await;
    assert_eq!(removed["removed"], 1);
    until(200).await;
    drop(statuses);
    poller.await.unwrap();
    let journal = served.control("GET", "/requests", "").await;
    let mut spells = Vec::new();
    for request in journal["requests"].as_array().unwrap() {
        let met = request["faults"][0]["id"] == 1;
        assert_eq!(request["status"], if met { 503 } else { 200 }, "{request}");
        spells.push(met);
    }
    spells.dedup();
    assert_eq!(spells, [false, true, false], "it was there in one piece");
}
