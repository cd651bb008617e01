//! Time that is moved over the control API, and what waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crisp_mock_server::server::MockServer;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::document::Example;
use crate::server;
use crate::wire::{Call, End, ask, control, receive, send_call, so_far};

/// Far more than anything here takes, for slow machines.
const PATIENCE: Duration = Duration::from_secs(60);

/// Moves the clock as a client of the control API does.
async fn move_clock(server: &MockServer, step: Value) -> Value {
    let clock = control(server, "POST", "/clock", &step.to_string()).await;
    assert!(clock["now"].is_string(), "{step}: {clock}");
    clock
}

/// Sends a request of this operation, and returns once it is in the journal.
async fn sent(server: &MockServer, target: &str) -> TcpStream {
    let last = control(server, "GET", "/requests?limit=1", "").await;
    let seq = last["requests"][0]["seq"].as_u64().unwrap_or(0);
    let call = Call::of(server, &Example::of_target(target));
    let stream = send_call(server.addresses()[0], &call).await;
    let path = format!("/requests?since_seq={seq}&wait=60s");
    control(server, "GET", &path, "").await;
    stream
}

/// Whether something came; whole other exchanges go by before it is looked for.
async fn came(server: &MockServer, stream: &TcpStream) -> bool {
    control(server, "GET", "/clock", "").await;
    let mut bytes = Vec::new();
    so_far(stream, &mut bytes) != End::Hanging || !bytes.is_empty()
}

async fn whole(stream: TcpStream) -> String {
    let seen = timeout(PATIENCE, receive(stream, Vec::new(), true)).await;
    let seen = seen.expect("it was let go");
    assert_eq!(seen.end, End::Complete);
    seen.text
}

#[tokio::test]
async fn a_delay_passes_when_the_clock_is_advanced_and_not_when_it_is_set_or_skewed() {
    let server = server(Some(json!({ "at": "since", "delay": "5s" }))).await;
    let stream = sent(&server, "since").await;
    for step in [
        json!({ "set": "2031-01-01T00:00:00Z" }),
        json!({ "skew": "1h" }),
        json!({ "skew": "-2h" }),
        json!({ "advance": "4999ms" }),
    ] {
        move_clock(&server, step.clone()).await;
        assert!(!came(&server, &stream).await, "{step}");
    }
    move_clock(&server, json!({ "advance": "1ms" })).await;
    let text = whole(stream).await;
    assert!(
        text.contains("date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"),
        "the answer was fixed when the request came: {text}"
    );
}

#[tokio::test]
async fn a_window_opens_and_closes_by_advancing_alone() {
    let plan = json!({ "window": "10s..20s", "at": "account", "status": 503 });
    let server = server(Some(plan)).await;
    for (step, status) in [
        (json!({ "skew": "15s" }), "200"),
        (json!({ "set": "2026-01-01T00:00:15Z" }), "200"),
        (json!({ "advance": "9999ms" }), "200"),
        (json!({ "advance": "1ms" }), "503"),
        (json!({ "skew": "-1h" }), "503"),
        (json!({ "advance": "10s" }), "200"),
    ] {
        move_clock(&server, step.clone()).await;
        let seen = ask(&server, &Example::of_target("account")).await;
        assert_eq!(&seen.text[9..12], status, "{step}");
    }
}

#[tokio::test]
async fn a_request_that_hangs_does_so_whatever_time_it_becomes() {
    let server = server(Some(json!({ "at": "account", "hang": true }))).await;
    let stream = sent(&server, "account").await;
    move_clock(&server, json!({ "advance": "1000h" })).await;
    assert!(!came(&server, &stream).await);
    server.stop().await;
    let seen = receive(stream, Vec::new(), true).await;
    assert_eq!((seen.end, seen.text.as_str()), (End::Fin, ""));
}

#[tokio::test]
async fn a_held_answer_that_drips_is_timed_from_its_release() {
    let plan =
        json!([{ "at": "account#1", "hold_order": true }, { "at": "account#1", "drip": "1B/s" }]);
    let server = server(Some(plan)).await;
    let held = sent(&server, "account").await;
    move_clock(&server, json!({ "advance": "20s" })).await;
    ask(&server, &Example::of_target("account")).await;
    let mut bytes = Vec::new();
    while !bytes.windows(4).any(|end| end == b"\r\n\r\n") {
        held.readable().await.unwrap();
        so_far(&held, &mut bytes);
    }
    let nothing_more = bytes.ends_with(b"\r\n\r\n") && !came(&server, &held).await;
    assert!(nothing_more, "no second has passed since");
    move_clock(&server, json!({ "advance": "1s" })).await;
    held.readable().await.unwrap();
    let mut body = Vec::new();
    so_far(&held, &mut body);
    assert_eq!(body, b"{");
}

#[tokio::test]
async fn a_reset_lets_everything_go_that_waits_and_the_journal_does_not_mix_up_the_lives() {
    let plan = json!([
        { "at": "account", "delay": "100h" },
        { "at": "since", "hold_order": true },
        { "at": "list", "drip": "1B/s" },
        { "at": "endpoints#1", "hang": true },
    ]);
    let server = server(Some(plan)).await;
    move_clock(&server, json!({ "advance": "1h" })).await;
    let hanging = sent(&server, "endpoints").await;
    let mut waiting = Vec::new();
    for target in ["account", "since", "list/2"] {
        waiting.push(sent(&server, target).await);
    }
    control(&server, "POST", "/reset", "").await;
    for stream in waiting {
        whole(stream).await;
    }
    let stays = sent(&server, "endpoints").await;
    drop(hanging);
    // Its end is noticed before this is answered, or the order of two tasks is not what it was.
    assert!(!came(&server, &stays).await);
    let journal = control(&server, "GET", "/requests", "").await;
    let entry = &journal["requests"][0];
    assert_eq!(journal["total"], 1, "{journal}");
    assert_eq!((&entry["seq"], &entry["duration_ms"]), (&json!(1), &Value::Null));
    assert_eq!(entry["client_left"], Value::Null);
}

/// Under each step the stamps of a moment belong together: what `Date` says and what elapsed are
/// the same moment, for every request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_sees_half_a_step() {
    const STEPS: usize = 200;
    let plan = json!({ "window": "100s..", "at": "account", "status": 503 });
    let server = Arc::new(server(Some(plan)).await);
    let done = Arc::new(AtomicBool::new(false));
    let pollers: Vec<_> = (0..4)
        .map(|_| {
            let (server, done) = (Arc::clone(&server), Arc::clone(&done));
            tokio::spawn(async move {
                let account = Example::of_target("account");
                let mut asked = 0;
                while !done.load(Ordering::Relaxed) || asked == 0 {
                    ask(&server, &account).await;
                    asked += 1;
                }
            })
        })
        .collect();
    for _ in 0..STEPS {
        move_clock(&server, json!({ "advance": "1s" })).await;
    }
    done.store(true, Ordering::Relaxed);
    for poller in pollers {
        poller.await.unwrap();
    }
    let journal = control(&server, "GET", "/requests", "").await;
    let mut before = Duration::ZERO;
    for entry in journal["requests"].as_array().unwrap() {
        let elapsed = Duration::from_millis(entry["elapsed_ms"].as_u64().unwrap());
        let seconds = elapsed.as_secs();
        let time = format!("2026-01-01T00:{:02}:{:02}.000Z", seconds / 60, seconds % 60);
        assert_eq!(entry["time"], time, "{entry}");
        let throttled = seconds >= 100;
        assert_eq!(entry["status"], if throttled { 503 } else { 200 }, "{entry}");
        assert!(elapsed >= before, "time goes forward from request to request");
        before = elapsed;
    }
    assert_eq!(control(&server, "GET", "/clock", "").await["elapsed_ms"], 200_000);
}
