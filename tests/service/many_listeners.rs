//! A thousand listeners.

use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::program::Serving;
use crate::sync::{DEADLINE, Sync, ctl};

const LISTENERS: usize = 1000;

/// Reads until the text has this in it.
async fn until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut text = String::new();
    let mut chunk = [0; 4096];
    while !text.contains(wanted) {
        let count = stream.read(&mut chunk).await.unwrap();
        assert!(count > 0, "the stream ended before {wanted}: {text}");
        text.push_str(&String::from_utf8_lossy(&chunk[..count]));
    }
    text
}

#[tokio::test]
async fn a_thousand_listeners_are_told_of_one_change_each_once() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum.map_or(Some(4096), |most| Some(most.min(4096)));
    setrlimit(Resource::Nofile, limit).unwrap();
    let serving = Serving::start(&["--websites", "3"]);
    let sync = Sync::of(&serving).await;
    let address = sync.url.trim_start_matches("http://").to_owned();
    let mut listeners = JoinSet::new();
    for _ in 0..LISTENERS {
        let address = address.clone();
        listeners.spawn(async move {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let request = format!("GET /changes HTTP/1.1\r\nHost: {address}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            until(&mut stream, "event: complete").await;
            stream
        });
    }
    let mut streams = timeout(DEADLINE, listeners.join_all()).await.unwrap();
    let status = sync.until("/status", |_, body| body["listeners"] == LISTENERS as u64).await;
    assert_eq!(status["websites"], 3);
    ctl(&serving, &["save", "w1", "message=to-all"]);
    let told = async {
        for stream in &mut streams {
            let text = until(stream, "to-all").await;
            assert_eq!(text.matches("to-all").count(), 1, "{text}");
        }
    };
    timeout(DEADLINE, told).await.unwrap();
    drop(streams);
    let left = sync.until("/status", |_, body| body["listeners"] == 0);
    timeout(Duration::from_secs(60), left).await.unwrap();
}
