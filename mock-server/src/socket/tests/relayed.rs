//! Sockets whose sessions are elsewhere.

use std::io::ErrorKind;

use futures_util::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, StatusCode};
use parking_lot::Mutex;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::*;
use crate::spaces::{Frames, Progress, Relayed, relay};

type Ours = WebSocketStream<TcpStream>;

/// A client whose handshake was answered, and the session's end of its socket.
async fn opened() -> (Server, Ours, Relayed) {
    let (frames, relayed) = relay();
    let frames = Mutex::new(Some(frames));
    let server = Server::start(Limits::default(), move |_| {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        for (name, value) in [("connection", "upgrade"), ("upgrade", "websocket")] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let socket = frames.lock().take().map(Frames::Relay);
        async move { Reply { socket, ..response.into() } }
    })
    .await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (client, _) = client_async(format!("ws://{}/", server.address), stream).await.unwrap();
    (server, client, relayed)
}

/// Waits until it has got as far as this.
async fn until(relayed: &mut Relayed, so: impl Fn(&Progress) -> bool) -> Progress {
    loop {
        let progress = relayed.progress();
        if so(&progress) {
            return progress;
        }
        relayed.changed().await;
    }
}

#[tokio::test]
async fn texts_go_both_ways_over_a_relayed_socket_and_every_byte_is_counted() {
    let (server, mut client, mut relayed) = opened().await;
    relayed.send("there".to_owned());
    assert!(relayed.is_behind());
    assert_eq!(client.next().await.unwrap().unwrap(), Message::text("there"));
    client.send(Message::text("here")).await.unwrap();
    // Two bytes before a short text, and a mask of four from a client.
    let progress = until(&mut relayed, |progress| progress.read == 2 + 4 + 4).await;
    assert_eq!(progress.written, 2 + 5);
    assert_eq!(progress.port, client.get_ref().local_addr().unwrap().port());
    assert!(!relayed.is_behind() && !progress.is_over);
    assert_eq!((relayed.heard().as_deref(), relayed.heard()), (Some("here"), None));
    server.stop().await;
}

#[tokio::test]
async fn a_session_ends_its_relayed_socket_by_a_close_or_by_a_reset() {
    for by_reset in [false, true] {
        let (server, mut client, mut relayed) = opened().await;
        relayed.end(by_reset);
        match client.next().await {
            Some(Ok(Message::Close(_))) => assert!(!by_reset),
            Some(Err(Error::Io(error))) => {
                assert!(by_reset && error.kind() == ErrorKind::ConnectionReset, "{error}");
            }
            other => panic!("by_reset = {by_reset}: {other:?}"),
        }
        drop(client);
        until(&mut relayed, |progress| progress.is_over).await;
        server.stop().await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_known_to_have_left_with_what_it_had_said_before() {
    let (server, mut client, mut relayed) = opened().await;
    client.send(Message::text("bye")).await.unwrap();
    client.close(None).await.unwrap();
    while client.next().await.is_some_and(|it| it.is_ok()) {}
    until(&mut relayed, |progress| progress.is_over).await;
    assert_eq!(relayed.heard().as_deref(), Some("bye"));
    server.stop().await;
}
