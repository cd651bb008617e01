use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::sync::mpsc;

use super::{Limits, Listener, SINCE, Server, TestSpace, answer, delivery};
use crate::clock::Mode;
use crate::fault::{Delivery, HOLD_ORDER_AT_MOST, Outcome, Rate};

fn decided(path: &str) -> Delivery {
    let pace = Rate::parse("1B/s").unwrap();
    let response = answer("drip");
    match path {
        "/reset" => delivery(Outcome::Reset),
        "/close" => delivery(Outcome::Close),
        "/hang" => delivery(Outcome::Hang),
        "/drip" => delivery(Outcome::Drip { response, pace }),
        "/cut" => delivery(Outcome::Cut { response, bytes: 2, pace: None }),
        "/slow" => Delivery { hold: Duration::from_secs(5), ..delivery(Outcome::Answer(response)) },
        "/hold" => {
            Delivery { after_next: Some(HOLD_ORDER_AT_MOST), ..delivery(Outcome::Answer(response)) }
        }
        _ => delivery(Outcome::Answer(response)),
    }
}

/// A server in whose space no time passes; a receiver of arrivals, and one that says of each request
/// that ended whether its client had left.
async fn server() -> (Server, mpsc::UnboundedReceiver<()>, mpsc::UnboundedReceiver<bool>) {
    let space = TestSpace::new(Mode::Manual);
    let (ended, endings) = mpsc::unbounded_channel();
    let (arrived, arrivals) = mpsc::unbounded_channel();
    let listener: Listener = Arc::new(move |_, entry| {
        // The test may have seen enough.
        let _ = ended.send(entry.client_left);
    });
    let server = Server::start(Limits::default(), move |request: Request<Bytes>| {
        let delivery = decided(request.uri().path());
        let reply = space.reply(delivery, SINCE, Some(Arc::clone(&listener)));
        arrived.send(()).unwrap();
        async { reply }
    })
    .await;
    (server, arrivals, endings)
}

#[tokio::test]
async fn a_client_that_leaves_before_its_answer_is_out_is_noticed() {
    for path in ["/slow", "/hold", "/hang", "/drip"] {
        let (server, mut arrivals, mut endings) = server().await;
        let mut client = server.connect().await;
        client.get(path).await;
        arrivals.recv().await.unwrap();
        drop(client);
        assert_eq!(endings.recv().await, Some(true), "{path}");
    }
}

#[tokio::test]
async fn a_client_that_got_all_that_was_decided_did_not_leave() {
    for path in ["/", "/reset", "/close", "/cut"] {
        let (server, _, mut endings) = server().await;
        let mut client = server.connect().await;
        client.get(path).await;
        assert_eq!(endings.recv().await, Some(false), "{path}");
    }
}

#[tokio::test]
async fn a_server_that_stops_is_not_left_by_those_it_lets_go() {
    let (server, mut arrivals, mut endings) = server().await;
    let mut client = server.connect().await;
    client.get("/hang").await;
    arrivals.recv().await.unwrap();
    server.stop().await;
    assert_eq!(endings.recv().await, Some(false));
}
