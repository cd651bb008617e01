//! One decision, two executions: what a space decides without a socket is what a socket shows.

use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::fault::{Delivery, Outcome};
use crisp_mock_server::journal::Filter;
use crisp_mock_server::server::MockServer;
use crisp_mock_server::space::Space;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::document::{Example, examples};
use crate::wire::{Call, End, arm, receive, send_call, so_far};
use crate::{DOCUMENT, server};

/// Far more than anything here takes, for slow machines.
const PATIENCE: Duration = Duration::from_secs(60);

const A_BIT: Duration = Duration::from_millis(1);

/// A fault, and what its example asks for.
struct Case {
    name: String,
    faults: Value,
    example: Example,
}

/// Every fault of the documentation, and some that meet one request together.
fn cases() -> Vec<Case> {
    let alone = examples(DOCUMENT).into_iter().map(|example| Case {
        name: example.key.clone(),
        faults: json!([example.armed]),
        example,
    });
    let together = [
        json!([{ "at": "list", "throttle": 429 }, { "at": "list", "cut_body": 20 }]),
        json!([{ "at": "list", "delay": "5s" }, { "at": "list", "lose_answer": true }]),
        json!([{ "at": "list", "delay": "5s" }, { "at": "list", "drip": "50B/s" }]),
        json!([{ "at": "list", "cut_body": 100 }, { "at": "list", "drip": "50B/s" }]),
        json!([{ "at": "list", "hold_order": true }, { "at": "list", "status": 503 }]),
        json!([{ "at": "list", "hang": true }, { "at": "list", "delay": "5s" }]),
    ];
    let together = together.into_iter().map(|faults| Case {
        name: faults.to_string(),
        faults,
        example: Example::of_target("list/2"),
    });
    alone.chain(together).collect()
}

/// The copy of a world is asked without a socket; the world itself over one.
#[tokio::test]
async fn what_is_decided_without_a_socket_is_what_a_socket_shows() {
    for case in cases() {
        let server = server(None).await;
        arm(&server, &case.faults).await;
        let call = Call::of(&server, &case.example);
        let mut copy = server.spaces().default_space().lock().clone();
        let decided = copy.handle(Duration::ZERO, &call.without_a_socket());
        let mut stream = arrived(&server, &call).await;
        assert_eq!(journal(&copy), journal_of(&server), "{}", case.name);
        let mut early = Vec::new();
        wait_for_it(&server, &decided.delivery, &mut stream, &mut early, &case).await;
        compare(&server, decided.delivery.outcome, stream, early, &case.name).await;
    }
}

/// Sends a request, and returns once it has arrived.
async fn arrived(server: &MockServer, call: &Call) -> TcpStream {
    let cell = server.spaces().default_space();
    let seq = cell.lock().journal.next_seq();
    let mut changes = cell.changes();
    let stream = send_call(server.addresses()[0], call).await;
    while cell.lock().journal.next_seq() == seq {
        changes.changed().await.unwrap();
    }
    stream
}

/// The first entry, as far as it is decided on arrival.
fn journal(space: &Space) -> Value {
    let filter = Filter::default();
    let mut entry = json!(space.journal.entries(&filter).next().unwrap());
    entry.as_object_mut().unwrap().remove("duration_ms");
    entry
}

fn journal_of(server: &MockServer) -> Value {
    journal(&server.spaces().default_space().lock())
}

fn advance(server: &MockServer, by: Duration) {
    let cell = server.spaces().default_space();
    cell.lock().clock.advance(by);
    cell.notify();
}

/// Lets exactly the time pass that was decided, and sees that nothing comes before it is over.
async fn wait_for_it(
    server: &MockServer,
    decided: &Delivery,
    stream: &mut TcpStream,
    early: &mut Vec<u8>,
    case: &Case,
) {
    let mut wait = decided.hold;
    if let Some(at_most) = decided.after_next {
        wait += at_most;
    }
    if wait.is_zero() {
        return;
    }
    advance(server, wait - A_BIT);
    // Another request goes all the way meanwhile: what was to come would have come.
    let other = Call::of(server, &Example::of_target("endpoints"));
    receive(arrived(server, &other).await, Vec::new(), false).await;
    so_far(stream, early);
    assert!(early.is_empty(), "{} came early", case.name);
    advance(server, A_BIT);
}

/// Compares the description of an end with the end.
async fn compare(
    server: &MockServer,
    decided: Outcome,
    stream: TcpStream,
    early: Vec<u8>,
    name: &str,
) {
    let (end, bytes, pace) = match &decided {
        Outcome::Answer(_) => (End::Complete, usize::MAX, None),
        Outcome::Drip { pace, .. } => (End::Complete, usize::MAX, Some(*pace)),
        Outcome::Cut { bytes, pace, .. } => (End::Fin, usize::try_from(*bytes).unwrap(), *pace),
        Outcome::Reset => (End::Reset, 0, None),
        Outcome::Close => (End::Fin, 0, None),
        Outcome::Hang => {
            advance(server, Duration::from_secs(1_000_000));
            let other = Call::of(server, &Example::of_target("endpoints"));
            receive(arrived(server, &other).await, Vec::new(), false).await;
            let mut seen = early;
            assert_eq!(so_far(&stream, &mut seen), End::Hanging, "{name}");
            assert!(seen.is_empty(), "{name}");
            return;
        }
    };
    if let (Some(pace), Some(response)) = (pace, decided.response()) {
        let length = response.body().len().min(bytes) as u64;
        advance(server, pace.time_for(length));
    }
    let seen = timeout(PATIENCE, receive(stream, early, false)).await;
    let seen = seen.unwrap_or_else(|_| panic!("{name}: it never ended"));
    assert_eq!(seen.end, end, "{name}");
    let Some(response) = decided.response() else {
        assert_eq!(seen.text, "", "{name}");
        return;
    };
    let (head, body) = seen.text.split_once("\r\n\r\n").unwrap();
    let whole = response.body();
    let expected = whole.slice(..whole.len().min(bytes));
    assert_eq!(body, String::from_utf8_lossy(&expected), "{name}");
    same_head(response, head, whole, name);
}

/// Compares status and headers; their order means nothing.
fn same_head(response: &http::Response<Bytes>, head: &str, whole: &Bytes, name: &str) {
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    assert_eq!(status, response.status().as_str(), "{name}");
    let mut seen: Vec<_> = lines.map(str::to_owned).collect();
    let mut expected: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    let length = format!("content-length: {}", whole.len());
    if !expected.contains(&length) {
        expected.push(length);
    }
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected, "{name}");
}
