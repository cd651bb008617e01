use http::{Method, StatusCode};

use super::{Client, End, Server, answer};
use crate::fault::{Outcome, Rate};

/// How a connection ends on which one request is answered with this outcome.
async fn ending(outcome: fn() -> Outcome) -> End {
    let server = Server::with(move |_| outcome()).await;
    let mut client = server.connect().await;
    client.get("/").await;
    client.end().await
}

fn pace(text: &str) -> Rate {
    Rate::parse(text).unwrap()
}

#[tokio::test]
async fn an_answer_leaves_the_connection_open_for_the_next() {
    let server = Server::with(|request| {
        let body = if request.uri() == "/1" { "one" } else { "two" };
        Outcome::Answer(answer(body))
    })
    .await;
    let mut client = server.connect().await;
    client.get("/1").await;
    let first = client.until("one").await;
    assert_eq!(first, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\none");
    client.get("/2").await;
    client.until("two").await;
}

#[tokio::test]
async fn a_reset_is_an_rst_before_any_byte() {
    assert_eq!(ending(|| Outcome::Reset).await, End::Reset(String::new()));
}

#[tokio::test]
async fn a_close_is_a_fin_before_any_byte() {
    assert_eq!(ending(|| Outcome::Close).await, End::Fin(String::new()));
}

#[tokio::test]
async fn a_close_is_a_fin_even_when_the_client_has_sent_more() {
    let server = Server::with(|_| Outcome::Close).await;
    let mut client = server.connect().await;
    let request = "GET / HTTP/1.1\r\nhost: mock\r\n\r\n";
    client.send(&request.repeat(50)).await;
    assert_eq!(client.end().await, End::Fin(String::new()));
}

#[tokio::test]
async fn a_cut_body_declares_its_full_length_and_then_ends_with_a_fin() {
    let cut = |bytes| Outcome::Cut { response: answer("0123456789"), bytes, pace: None };
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
    let server = Server::with(move |request| cut(request.uri().path()[1..].parse().unwrap())).await;
    for (bytes, body) in [(0, ""), (4, "0123"), (9, "012345678")] {
        let mut client = server.connect().await;
        client.get(&format!("/{bytes}")).await;
        assert_eq!(client.end().await, End::Fin(format!("{head}{body}")), "{bytes} bytes");
    }
}

#[tokio::test]
async fn a_large_cut_body_arrives_up_to_its_cut() {
    const LENGTH: usize = 8 << 20;
    let server = Server::with(|_| Outcome::Cut {
        response: http::Response::new(bytes::Bytes::from(vec![b'x'; LENGTH])),
        bytes: LENGTH as u64 - 1,
        pace: None,
    })
    .await;
    let mut client = server.connect().await;
    client.get("/").await;
    let End::Fin(text) = client.end().await else {
        panic!("not in an orderly way");
    };
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {LENGTH}")), "{head}");
    assert_eq!(body.len(), LENGTH - 1);
}

#[tokio::test]
async fn a_cut_ends_the_connection_even_where_there_is_no_body() {
    let server =
        Server::with(|_| Outcome::Cut { response: answer(""), bytes: 0, pace: None }).await;
    for method in [Method::GET, Method::HEAD] {
        let mut client = server.connect().await;
        client.send(&format!("{method} / HTTP/1.1\r\nhost: mock\r\n\r\n")).await;
        assert!(matches!(client.end().await, End::Fin(text) if text.starts_with("HTTP/1.1 200")));
    }
}

#[tokio::test]
async fn a_dripping_body_arrives_whole_and_a_cut_one_up_to_its_cut() {
    let drip = || Outcome::Drip { response: answer("drip drop"), pace: pace("1kB/s") };
    let server = Server::with(move |_| drip()).await;
    let mut client = server.connect().await;
    client.get("/").await;
    client.until("\r\ncontent-length: 9\r\n\r\ndrip drop").await;
    let cut =
        || Outcome::Cut { response: answer("drip drop"), bytes: 5, pace: Some(pace("1kB/s")) };
    let End::Fin(text) = ending(cut).await else {
        panic!("not in an orderly way");
    };
    assert!(text.ends_with("\r\ncontent-length: 9\r\n\r\ndrip "), "{text}");
}

#[tokio::test]
async fn the_second_way_to_throttle_has_its_words_too() {
    let server = Server::with(|_| {
        let mut response = answer("calm");
        *response.status_mut() = StatusCode::from_u16(420).unwrap();
        Outcome::Answer(response)
    })
    .await;
    let mut client = server.connect().await;
    client.get("/").await;
    assert!(client.until("calm").await.starts_with("HTTP/1.1 420 Enhance Your Calm\r\n"));
}

#[tokio::test]
async fn a_hanging_request_ends_when_its_client_leaves() {
    let limits = super::Limits { connections: 1, spare: 0, ..super::Limits::default() };
    let server = Server::start(limits, |request| async move {
        let hangs = request.uri() == "/hang";
        let outcome = if hangs { Outcome::Hang } else { Outcome::Answer(answer("next")) };
        super::Reply::from(super::delivery(outcome))
    })
    .await;
    let mut hanging = server.connect().await;
    hanging.get("/hang").await;
    let mut next: Client = server.connect().await;
    next.get("/").await;
    drop(hanging);
    next.until("next").await;
}

#[tokio::test]
async fn a_thousand_connections_at_once_are_all_answered_or_ended_as_planned() {
    let server = Server::with(|request| match request.uri().path() {
        "/reset" => Outcome::Reset,
        "/close" => Outcome::Close,
        "/cut" => Outcome::Cut { response: answer("0123456789"), bytes: 4, pace: None },
        _ => Outcome::Answer(answer("whole")),
    })
    .await;
    let mut clients = Vec::new();
    for i in 0..1_000 {
        let mut client = server.connect().await;
        let path = ["/reset", "/close", "/cut", "/"][i % 4];
        client.get(path).await;
        clients.push((path, client));
    }
    for (path, mut client) in clients {
        match path {
            "/" => assert!(client.until("whole").await.starts_with("HTTP/1.1 200")),
            "/reset" => assert_eq!(client.end().await, End::Reset(String::new())),
            "/close" => assert_eq!(client.end().await, End::Fin(String::new())),
            _ => assert!(matches!(client.end().await, End::Fin(text) if text.ends_with("\n0123"))),
        }
    }
}
