//! Services that speak the protocol over POST.

use std::process::Stdio;

use crisp_harness::peer::{Launcher, Peer, PeerError, PeerOptions, Service};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::bench::{access, command, has, hasty, patient, refusal};

/// A running service; what it was asked comes line by line.
struct Running {
    url: String,
    asked: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Running {
    async fn start(mode: &str) -> Self {
        let line = command("node", "service.js", mode);
        let mut child = Command::new(&line.words()[0])
            .args(&line.words()[1..])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut asked = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = asked.next_line().await.unwrap().unwrap();
        Self { url, asked, _child: child }
    }

    /// What it was asked until now; it ends with this.
    async fn asked(mut self, number: usize) -> Vec<String> {
        let mut asked = Vec::new();
        while asked.len() < number {
            asked.push(self.asked.next_line().await.unwrap().unwrap());
        }
        asked
    }
}

fn service(url: &str, options: &PeerOptions) -> Service {
    Service::new(url, options).unwrap()
}

async fn scenario(service: &Service) -> Result<usize, PeerError> {
    let peer: Box<dyn Peer> = service.launch(&access()).await?;
    peer.start(&access()).await?;
    let number = peer.read().await?.websites.len();
    peer.stop().await?;
    Ok(number)
}

#[tokio::test]
async fn a_service_that_can_forget_goes_from_scenario_to_scenario() {
    if !has("node") {
        return;
    }
    let running = Running::start("forgets").await;
    let service = service(&running.url, &patient());
    assert_eq!(service.at_most(), 1);
    // One waits for the other.
    let (one, other) = tokio::join!(scenario(&service), scenario(&service));
    assert_eq!((one, other), (Ok(1), Ok(1)));
    let each = ["hello", "reset", "start", "read", "reset"];
    assert_eq!(running.asked(10).await, [each, each].concat());
}

#[tokio::test]
async fn a_service_that_cannot_forget_is_stopped_and_missed() {
    if !has("node") {
        return;
    }
    let running = Running::start("plain").await;
    let service = service(
        &running.url,
        &PeerOptions { timeout: std::time::Duration::from_secs(5), ..hasty() },
    );
    assert_eq!(scenario(&service).await, Ok(1));
    let error = scenario(&service).await.unwrap_err();
    assert!(matches!(error, PeerError::NeverStarted(_)), "{error}");
    assert!(error.to_string().contains("as it cannot `reset`"), "{error}");
    assert_eq!(running.asked(4).await, ["hello", "start", "read", "stop"]);
}

#[tokio::test]
async fn a_service_that_stumbles_is_told_apart_by_how() {
    if !has("node") {
        return;
    }
    for (mode, part) in [
        ("stumbles", "with status 500 Internal Server Error, expected 200"),
        ("mixes-up", "`id` is 4, expected an object with `\"id\": 3`"),
    ] {
        let running = Running::start(mode).await;
        let error = scenario(&service(&running.url, &patient())).await.unwrap_err();
        assert!(matches!(error, PeerError::Stopped(_)), "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    let running = Running::start("hangs").await;
    let peer = service(&running.url, &patient()).launch(&access()).await.unwrap();
    peer.start(&access()).await.unwrap();
    tokio::time::pause();
    let error = peer.read().await.unwrap_err();
    let why = "no reply to `read` within 1m (--client-timeout)".to_owned();
    assert_eq!(error, PeerError::Late(why));
}

#[tokio::test]
async fn where_no_service_is_none_is_judged() {
    // Bound and not listening: connections are refused, and no other socket gets the port.
    let reserved = tokio::net::TcpSocket::new_v4().unwrap();
    reserved.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = reserved.local_addr().unwrap().port();
    let service = service(&format!("http://127.0.0.1:{port}/peer"), &hasty());
    let error = refusal(service.launch(&access()).await);
    assert!(matches!(error, PeerError::NeverStarted(_)), "{error}");
    assert!(error.to_string().contains("start it before"), "{error}");
    assert!(Service::new("localhost:3000", &hasty()).is_err());
}
