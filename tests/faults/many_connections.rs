//! Every fault under load: a thousand connections at once, and a server that lives on.

use std::sync::Arc;
use std::time::Duration;

use crisp_mock_server::server::{MockServer, ServerOptions};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::document::{Example, examples};
use crate::wire::{Call, End, Seen, arm, ask, control, receive, send_call, so_far};
use crate::{DOCUMENT, ask_as_documented, server, world};

const CROWD: u64 = 1_000;

/// Answers without the engine that differ from `status` and `html` by their bytes alone.
const LIKE_HTML: [&str; 7] = [
    "throttle",
    "garbage",
    "empty_body",
    "wrong_type",
    "error_envelope",
    "missing_data",
    "null_data",
];

/// Far more than any fault takes, for slow machines.
const PATIENCE: Duration = Duration::from_secs(60);

/// Client and server are one process here, with two descriptors for each connection.
#[cfg(unix)]
fn make_room() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = 4 * CROWD;
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(limit.maximum.map_or(wanted, |most| most.min(wanted)));
        setrlimit(Resource::Nofile, limit).unwrap();
    }
}

#[cfg(not(unix))]
fn make_room() {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_fault_meets_each_of_a_thousand_connections_and_the_server_lives_on() {
    make_room();
    for example in examples(DOCUMENT) {
        if LIKE_HTML.contains(&example.key.as_str()) {
            continue;
        }
        let connections = timeout(PATIENCE, meet(&example)).await;
        connections.unwrap_or_else(|_| panic!("{}: not over after {PATIENCE:?}", example.key));
    }
}

async fn meet(example: &Example) {
    let one = server(None).await;
    arm(&one, &example.armed).await;
    let alone = ask_as_documented(&one, example).await;
    let expected = shown(&alone);

    let (server, mut ended) = watched_server().await;
    arm(&server, &example.armed).await;
    let connections = gather(&server, example).await;
    let cell = server.spaces().default_space();
    cell.lock().clock.advance(PATIENCE);
    cell.notify();
    if example.key == "hang" {
        for stream in &connections {
            let end = so_far(stream, &mut Vec::new());
            assert_eq!(end, End::Hanging);
        }
        drop(connections);
    } else {
        for stream in connections {
            let seen = receive(stream, Vec::new(), true).await;
            assert_eq!(shown(&seen), expected, "{}", example.key);
        }
    }
    for _ in 0..CROWD {
        ended.recv().await.unwrap();
    }
    control(&server, "DELETE", "/faults", "").await;
    let after = ask(&server, example).await;
    assert_eq!(after.end, End::Complete, "{}: afterwards", example.key);
}

/// A server that says when a request has ended, whichever way it did.
async fn watched_server() -> (MockServer, mpsc::UnboundedReceiver<()>) {
    let (told, ended) = mpsc::unbounded_channel();
    let options = ServerOptions {
        on_request: Some(Arc::new(move |_, _| {
            // The test may have seen enough.
            let _ = told.send(());
        })),
        ..world(None).into()
    };
    (MockServer::start(options).await.unwrap(), ended)
}

/// Connections with a request each, all of which have arrived.
async fn gather(server: &MockServer, example: &Example) -> Vec<TcpStream> {
    let call = Call::of(server, example);
    let cell = server.spaces().default_space();
    let mut changes = cell.changes();
    let mut connections = Vec::new();
    for _ in 0..CROWD {
        connections.push(send_call(server.addresses()[0], &call).await);
    }
    while cell.lock().journal.next_seq() <= CROWD {
        changes.changed().await.unwrap();
    }
    connections
}

/// What does not differ from request to request.
fn shown(seen: &Seen) -> (&End, String) {
    let lines = seen.text.split_inclusive("\r\n");
    let lines = lines.filter(|line| !line.starts_with("x-mock-request"));
    (&seen.end, lines.collect())
}
