use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::AsyncReadExt as _;

use super::{End, Limits, Reply, SINCE, Server, TestSpace, answer, delivery};
use crate::api::TurnedAway;
use crate::clock::Mode;
use crate::fault::{Delivery, Outcome};
use crate::socket::Spare;

/// Answers with the size of the request's body.
async fn measuring(limits: Limits) -> Server {
    Server::start(limits, |request| async move {
        assert_ne!(request.uri(), "/panic", "as it was asked to");
        if let Some(refusal) = request.extensions().get::<TurnedAway>() {
            return Reply::from(refusal.answer());
        }
        let size = format!("size {}.", request.body().len());
        Reply::from(http::Response::new(size.into()))
    })
    .await
}

fn small() -> Limits {
    Limits { body: 10, ..Limits::default() }
}

/// What comes back for these bytes until the connection ends.
async fn told(server: &Server, text: &str) -> String {
    let mut client = server.connect().await;
    client.send(text).await;
    match client.end().await {
        End::Fin(text) => text,
        End::Reset(text) => panic!("reset after {text:?}"),
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_gets_413_in_the_envelope() {
    let server = measuring(small()).await;
    let declared =
        format!("PUT / HTTP/1.1\r\ncontent-length: 100000\r\n\r\n{}", "x".repeat(100_000));
    let chunked = "PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n8\r\nabcdefgh\r\n8\r\nabcdefgh\
                   \r\n0\r\n\r\n";
    for request in [declared.as_str(), chunked] {
        let answer = told(&server, request).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
        assert!(answer.ends_with(r#"{"error":true,"reason":"payload_too_large","data":{}}"#));
    }
}

#[tokio::test]
async fn bodies_up_to_the_limit_arrive_whole() {
    let server = measuring(small()).await;
    let mut client = server.connect().await;
    client.send("PUT / HTTP/1.1\r\ncontent-length: 10\r\n\r\n0123456789").await;
    client.until("size 10.").await;
    let chunked = "PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n0\r\n\
                   \r\n";
    client.send(chunked).await;
    client.until("size 10.").await;
}

#[tokio::test]
async fn broken_chunks_get_400_in_the_envelope() {
    let server = measuring(small()).await;
    let broken = "PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n";
    let answer = told(&server, broken).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.ends_with(r#"{"error":true,"reason":"invalid_data","data":{}}"#), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_gets_408() {
    let limits = Limits { body_wait: Duration::from_millis(1), ..Limits::default() };
    let server = measuring(limits).await;
    let answer = told(&server, "PUT / HTTP/1.1\r\ncontent-length: 5\r\n\r\nab").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn expect_continue_is_answered_before_the_body_and_not_at_all_for_one_that_is_refused() {
    let server = measuring(small()).await;
    let mut client = server.connect().await;
    client.send("PUT / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n").await;
    assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("body").await;
    client.until("size 4.").await;
    let refused = "PUT / HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 99\r\n\r\n";
    assert!(told(&server, refused).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn http_2_is_closed_with_the_error_code_that_names_http_1_1() {
    let server = measuring(small()).await;
    let settings = "\0\0\0\u{4}\0\0\0\0\0";
    let mut client = server.connect().await;
    client.send(&format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{settings}")).await;
    let mut frames = Vec::new();
    client.0.read_to_end(&mut frames).await.unwrap();
    let (first, goaway) = frames.split_at(settings.len());
    assert_eq!(first, settings.as_bytes());
    // Nine bytes of head, the last stream that was handled, and HTTP_1_1_REQUIRED.
    assert_eq!((goaway[3], &goaway[9..17]), (7, &[0, 0, 0, 0, 0, 0, 0, 13][..]));
    assert_eq!(usize::from(goaway[2]), goaway.len() - 9);
    assert!(goaway.ends_with(b"use HTTP/1.1"));
}

#[tokio::test]
async fn an_upgrade_to_http_2_is_ignored() {
    let server = measuring(small()).await;
    let mut client = server.connect().await;
    client
        .send(
            "GET / HTTP/1.1\r\nhost: mock\r\nconnection: upgrade, http2-settings\r\nupgrade: \
             h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n",
        )
        .await;
    assert!(client.until("size 0.").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn garbage_after_a_request_gets_400_after_its_answer() {
    let server = measuring(small()).await;
    let answers =
        told(&server, "GET / HTTP/1.1\r\nhost: mock\r\n\r\n\u{1}\u{2}garbage\r\n\r\n").await;
    let (first, second) = answers.split_once("size 0.").unwrap();
    assert!(first.starts_with("HTTP/1.1 200 "), "{answers}");
    assert!(second.starts_with("HTTP/1.1 400 "), "{answers}");
}

#[tokio::test]
async fn heads_that_are_too_large_get_431() {
    let limits = Limits { buffer: 8_192, ..Limits::default() };
    let server = measuring(limits).await;
    let head = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(20_000));
    assert!(told(&server, &head).await.starts_with("HTTP/1.1 431 "));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    assert!(told(&server, &many).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn a_connection_without_a_whole_request_is_closed_in_the_end() {
    let limits = Limits { idle: Duration::from_millis(1), ..Limits::default() };
    let server = measuring(limits).await;
    assert_eq!(told(&server, "").await, "");
    assert_eq!(told(&server, "GET / HTTP/1.1\r\nho").await, "");
}

#[tokio::test]
async fn a_handler_that_panics_gives_500_and_the_server_lives_on() {
    let server = measuring(small()).await;
    let mut client = server.connect().await;
    client.get("/panic").await;
    let answer = client.until("}}").await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(answer.ends_with(r#"{"error":true,"reason":"internal_error","data":{}}"#), "{answer}");
    client.get("/").await;
    client.until("size 0.").await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::with(|request| {
        let path = request.uri().path()[1..].to_owned();
        Outcome::Answer(answer("").map(|_| path.into()))
    })
    .await;
    let mut client = server.connect().await;
    let requests: Vec<_> =
        (0..100).map(|i| format!("GET /{i}. HTTP/1.1\r\nhost: mock\r\n\r\n")).collect();
    client.send(&requests.concat()).await;
    for i in 0..100 {
        client.until(&format!("\r\n\r\n{i}.")).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_not_read_does_not_keep_its_connection_for_ever() {
    let limits = Limits { idle: Duration::from_millis(20), ..Limits::default() };
    // More than the kernel's buffers hold on both sides.
    const LENGTH: usize = 64 << 20;
    let large = Bytes::from(vec![b'x'; LENGTH]);
    let (ended, mut over) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::start(limits, move |_| {
        let reply = Reply::from(http::Response::new(large.clone()));
        let _ = ended.send(());
        async { reply }
    })
    .await;
    let mut client = server.connect().await;
    client.get("/").await;
    over.recv().await.unwrap();
    // Each of these takes the time after which a connection is idle, and no answer is read meanwhile.
    for _ in 0..4 {
        assert_eq!(server.connect().await.end().await, End::Fin(String::new()));
    }
    let mut read = Vec::new();
    let _ = client.0.read_to_end(&mut read).await;
    assert!(read.len() < LENGTH, "{} bytes came", read.len());
}

#[tokio::test]
async fn an_answer_that_is_late_keeps_its_connection_however_short_idleness_is() {
    let limits = Limits { idle: Duration::from_millis(1), ..Limits::default() };
    let time = TestSpace::new(Mode::Manual);
    let of_server = Arc::clone(&time);
    let server = Server::start(limits, move |_| {
        let hold = Duration::from_secs(5);
        let late = Delivery { hold, ..delivery(Outcome::Answer(answer("late"))) };
        let reply = of_server.reply(late, SINCE, None);
        async { reply }
    })
    .await;
    let mut client = server.connect().await;
    client.get("/").await;
    // Other connections are closed for idleness meanwhile, again and again.
    for _ in 0..10 {
        assert_eq!(server.connect().await.end().await, End::Fin(String::new()));
    }
    time.advance(Duration::from_secs(5));
    client.until("late").await;
}

#[tokio::test]
async fn beyond_the_bound_of_connections_a_request_is_told_and_ends_its_connection() {
    let limits = Limits { connections: 2, spare: 1, ..Limits::default() };
    let server = Server::start(limits, |request| async move {
        let spare = request.extensions().get::<Spare>().is_some();
        Reply::from(answer(if spare { "spare!" } else { "usual!" }))
    })
    .await;
    let mut usual = Vec::new();
    for _ in 0..2 {
        let mut client = server.connect().await;
        client.get("/").await;
        client.until("usual!").await;
        usual.push(client);
    }
    for _ in 0..3 {
        let mut spare = server.connect().await;
        spare.get("/").await;
        let end = spare.end().await;
        let closes = |text: &str| text.contains("connection: close") && text.ends_with("spare!");
        assert!(matches!(&end, End::Fin(text) if closes(text)), "{end:?}");
    }
    drop(usual);
    loop {
        // The server learns of the end of the two by and by.
        let mut client = server.connect().await;
        client.get("/").await;
        if client.until("!").await.ends_with("usual!") {
            break;
        }
    }
}

#[tokio::test]
async fn a_spare_connection_without_a_request_makes_room_for_the_next() {
    let spare_idle = Duration::from_millis(1);
    let limits = Limits { connections: 0, spare: 1, spare_idle, ..Limits::default() };
    let server = measuring(limits).await;
    assert_eq!(told(&server, "").await, "");
}
