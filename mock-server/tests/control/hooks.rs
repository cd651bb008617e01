//! Web hooks over real sockets: a receiver in the same process, and the control API.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crisp_mock_server::clock::Mode;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::{MockServer, ServerOptions};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A receiver that counts deliveries and answers each with this status, or never.
struct Receiver {
    url: String,
    came: Arc<AtomicUsize>,
    some_came: Arc<Notify>,
}

impl Receiver {
    async fn start(status: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (came, some_came) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (counter, notify) = (Arc::clone(&came), Arc::clone(&some_came));
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                counter.fetch_add(1, Ordering::SeqCst);
                notify.notify_one();
                if let Some(status) = status {
                    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok");
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
                open.push(stream);
            }
        });
        Self { url, came, some_came }
    }

    fn count(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

async fn serve(hook: &str, clock: Mode) -> MockServer {
    let world = WorldOptions {
        hook: vec![hook.parse().unwrap()],
        clock: Some(clock),
        ..WorldOptions::default()
    };
    MockServer::start(ServerOptions::from(world)).await.unwrap()
}

/// A control call over a socket of its own: the body of its answer.
async fn call(server: &MockServer, call: &str, body: Value) -> Value {
    call_at(server.addresses()[0], call, body).await
}

async fn call_at(address: SocketAddr, call: &str, body: Value) -> Value {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        call.replacen(' ', " /_mock", 1),
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap_or_default()
}

async fn emit(server: &MockServer) {
    call(server, "POST /events", json!({ "event": "message:send" })).await;
}

#[tokio::test]
async fn under_a_real_clock_a_hook_is_delivered_and_a_call_waits_for_it() {
    let receiver = Receiver::start(Some("200")).await;
    let server = serve(&receiver.url, Mode::Real).await;
    emit(&server).await;
    let found = call(&server, "GET /hooks/deliveries?state=delivered&wait=30s", Value::Null).await;
    assert_eq!(found["deliveries"][0]["attempts"][0]["status"], 200, "{found}");
    assert_eq!(found["deliveries"][0]["attempts"][0]["answer"], "ok");
    let none = call(&server, "GET /hooks/deliveries?state=failed", Value::Null).await;
    assert_eq!(none["count"], 0);
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn a_step_that_does_not_settle_moves_at_once_and_retries_follow_it() {
    let receiver = Receiver::start(Some("500")).await;
    let server = serve(&receiver.url, Mode::Manual).await;
    emit(&server).await;
    // Settles the first attempt, which is due at once.
    call(&server, "POST /clock", json!({ "advance": "1ms" })).await;
    let first = "GET /hooks/deliveries?state=waiting&wait=30s";
    let waiting = call(&server, first, Value::Null).await;
    assert_eq!(waiting["deliveries"][0]["due_ms"], 10_000, "{waiting}");
    let step = json!({ "advance": "100s", "settle": false });
    let clock = call(&server, "POST /clock", step).await;
    assert_eq!(clock["elapsed_ms"], 100_001);
    while receiver.count() < 2 {
        receiver.some_came.notified().await;
    }
    let settled = call(&server, "POST /clock", json!({ "advance": "1ms" })).await;
    assert_eq!(settled["elapsed_ms"], 100_002);
    let found = call(&server, first, Value::Null).await;
    let made = &found["deliveries"][0]["attempts"];
    assert_eq!((&made[1]["elapsed_ms"], &made[2]), (&json!(100_001), &Value::Null), "{found}");
}

#[tokio::test]
async fn a_server_that_stops_waits_for_no_receiver() {
    let receiver = Receiver::start(None).await;
    let server = serve(&receiver.url, Mode::Manual).await;
    emit(&server).await;
    receiver.some_came.notified().await;
    // It waits for the answer to the delivery.
    let step = call_at(server.addresses()[0], "POST /clock", json!({ "advance": "1s" }));
    let step = tokio::spawn(step);
    let info = call(&server, "GET /info", Value::Null).await;
    assert!(info["hook_secret"].is_string(), "it answers others meanwhile");
    let stopped = tokio::time::timeout(Duration::from_secs(8), server.stop()).await;
    assert!(stopped.is_ok(), "it waited for an answer that takes ten seconds");
    step.await.unwrap();
}

#[tokio::test]
async fn a_hook_that_leaves_the_machine_starts_no_server() {
    let world = WorldOptions {
        hook: vec!["http://192.0.2.1/".parse().unwrap()],
        ..WorldOptions::default()
    };
    let error = MockServer::start(ServerOptions::from(world)).await.err().unwrap();
    assert!(error.to_string().contains("`--hooks-anywhere`"), "{error}");
}

#[tokio::test]
async fn a_delivery_that_comes_due_while_another_is_under_way_does_not_wait_for_its_end() {
    let receiver = Receiver::start(None).await;
    let server = serve(&receiver.url, Mode::Real).await;
    // Less than the time for which the second, which is sent first, is waited for so that they keep their order.
    call(&server, "POST /faults", json!({ "at": "hook#1", "delay": "40ms" })).await;
    emit(&server).await;
    emit(&server).await;
    let both = async {
        while receiver.count() < 2 {
            receiver.some_came.notified().await;
        }
    };
    // An attempt that is not answered is given up after ten.
    let seconds = Duration::from_secs(8);
    assert!(tokio::time::timeout(seconds, both).await.is_ok(), "{}", receiver.count());
}

#[tokio::test]
async fn a_reset_loses_no_delivery() {
    let receiver = Receiver::start(Some("200")).await;
    let server = serve(&receiver.url, Mode::Real).await;
    for _ in 0..3 {
        emit(&server).await;
    }
    call(&server, "POST /reset", Value::Null).await;
    emit(&server).await;
    let found = call(&server, "GET /hooks/deliveries?state=delivered&wait=30s", Value::Null).await;
    assert_eq!((found["count"].as_u64(), found["lost"].as_u64()), (Some(1), Some(0)), "{found}");
}
