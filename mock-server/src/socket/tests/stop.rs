use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::{End, Limits, Reply, SINCE, Server, TestSpace, answer, delivery, patient};
use crate::clock::Mode;
use crate::fault::{Delivery, HOLD_ORDER_AT_MOST, Outcome, Rate};

/// Far less than the grace, so that a test notices when only the grace ended the server.
const SOON: Duration = Duration::from_secs(60);

#[tokio::test]
async fn an_idle_server_stops_at_once_and_closes_what_is_open() {
    let server = Server::with(|_| Outcome::Answer(answer("done"))).await;
    let address = server.address;
    let mut idle = server.connect().await;
    idle.get("/").await;
    idle.until("done").await;
    let silent = server.connect().await;
    let mut halfway = server.connect().await;
    halfway.send("GET / HTT").await;
    // Once the last of them is served, all of them are accepted.
    let mut last = server.connect().await;
    last.get("/").await;
    last.until("done").await;
    timeout(SOON, server.stop()).await.expect("nothing was under way");
    for client in [idle, silent, halfway, last] {
        assert_eq!(client.end().await, End::Fin(String::new()));
    }
    assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
}

#[tokio::test]
async fn stopping_releases_all_that_waits() {
    let time = TestSpace::new(Mode::Manual);
    let arrived = Arc::new(Notify::new());
    let seen = Arc::clone(&arrived);
    let server = Server::start(patient(), move |request: Request<Bytes>| {
        let outcome = match request.uri().path() {
            "/hang" => Outcome::Hang,
            "/drip" => {
                let pace = Rate::parse("1B/s").unwrap();
                Outcome::Drip { response: answer("drip"), pace }
            }
            _ => Outcome::Answer(answer("late")),
        };
        let hold = if request.uri() == "/slow" { Duration::MAX } else { Duration::ZERO };
        let after_next = (request.uri() == "/hold").then_some(HOLD_ORDER_AT_MOST);
        let delivery = Delivery { hold, after_next, ..delivery(outcome) };
        let reply = time.reply(delivery, SINCE, None);
        seen.notify_one();
        async { reply }
    })
    .await;
    let mut clients = Vec::new();
    for (path, text) in [("/slow", "late"), ("/hold", "late"), ("/drip", "drip"), ("/hang", "")] {
        let mut client = server.connect().await;
        client.get(path).await;
        arrived.notified().await;
        clients.push((path, text, client));
    }
    timeout(SOON, server.stop()).await.expect("nothing holds the server up");
    for (path, text, client) in clients {
        let end = client.end().await;
        let ended = matches!(&end, End::Fin(seen) if seen.ends_with(text));
        assert!(ended, "{path} ended with {end:?}");
        assert_eq!(matches!(end, End::Fin(seen) if seen.is_empty()), text.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn answers_under_way_are_finished() {
    let (arrived, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (seen, gate) = (Arc::clone(&arrived), Arc::clone(&go_on));
    let server = Server::start(patient(), move |_| {
        let (seen, gate) = (Arc::clone(&seen), Arc::clone(&gate));
        async move {
            seen.notify_one();
            gate.notified().await;
            Reply::from(answer("finished"))
        }
    })
    .await;
    let mut client = server.connect().await;
    client.get("/").await;
    arrived.notified().await;
    let stopping = tokio::spawn(server.stop());
    tokio::task::yield_now().await;
    go_on.notify_one();
    assert!(matches!(client.end().await, End::Fin(text) if text.ends_with("finished")));
    timeout(SOON, stopping).await.expect("nothing is left").unwrap();
}

#[tokio::test]
async fn a_handler_that_never_answers_holds_the_server_up_no_longer_than_the_grace() {
    let limits = Limits { grace: Duration::from_millis(1), ..Limits::default() };
    let server = Server::start(limits, |_| std::future::pending::<Reply>()).await;
    let mut client = server.connect().await;
    client.get("/").await;
    timeout(SOON, server.stop()).await.expect("the grace is over");
}

#[tokio::test]
async fn a_large_answer_that_the_client_has_not_read_yet_is_finished() {
    // More than the kernel takes off our hands at once.
    const LENGTH: usize = 32 << 20;
    let server =
        Server::with(|_| Outcome::Answer(http::Response::new(Bytes::from(vec![b'x'; LENGTH]))))
            .await;
    let mut client = server.connect().await;
    client.get("/").await;
    client.until("HTTP/1.1 200 OK").await;
    let stopping = tokio::spawn(server.stop());
    tokio::task::yield_now().await;
    let End::Fin(rest) = client.end().await else { panic!("the connection was reset") };
    assert!(rest.len() >= LENGTH, "{} of {LENGTH} bytes came", rest.len());
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_body_that_is_not_whole_does_not_hold_the_server_up() {
    let server = Server::with(|_| Outcome::Answer(answer("done"))).await;
    let mut halfway = server.connect().await;
    halfway
        .send("PUT / HTTP/1.1\r\nhost: mock\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n")
        .await;
    // The server asks for the body, so it has begun to wait for it.
    halfway.until("100 Continue\r\n\r\n").await;
    halfway.send("half").await;
    timeout(SOON, server.stop()).await.expect("half a body is nothing under way");
}
