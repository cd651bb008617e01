use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Client, End, Limits, Listener, Reply, SINCE, Server, TestSpace, answer, delivery};
use crate::api::TurnedAway;
use crate::clock::Mode;
use crate::fault::{Delivery, HOLD_ORDER_AT_MOST, Outcome, Rate};
use crate::space::{Handled, Space};
use crate::spaces::Tap;

fn decided(path: &str) -> Delivery {
    let pace = Rate::parse("1B/s").unwrap();
    let response = answer("drip");
    let hold = if path.starts_with("/slow") { Duration::from_secs(5) } else { Duration::ZERO };
    let after_next = (path == "/hold").then_some(HOLD_ORDER_AT_MOST);
    let outcome = match path {
        "/reset" | "/slow-reset" => Outcome::Reset,
        "/close" | "/slow-close" => Outcome::Close,
        "/hang" => Outcome::Hang,
        "/drip" => Outcome::Drip { response, pace },
        "/cut" => Outcome::Cut { response, bytes: 2, pace: None },
        _ => Outcome::Answer(response),
    };
    Delivery { hold, after_next, ..delivery(outcome) }
}

/// What a tap is told.
#[derive(Debug)]
struct Told(UnboundedSender<bool>);

impl Tap for Told {
    fn handled(&self, _: &mut Space, _: &Request<Bytes>, _: &mut Handled) {}

    fn ended(&self, _seq: u64, client_left: bool) {
        // The test may have seen enough.
        let _ = self.0.send(client_left);
    }
}

/// A server in whose space only the test moves time.
struct World {
    server: Server,
    space: Arc<TestSpace>,
    /// The size of the body of each request that was handled.
    arrivals: UnboundedReceiver<usize>,
    /// Of each request that ended, whether its client had left, as the journal has it.
    endings: UnboundedReceiver<bool>,
    /// The same as the tap hears it.
    told: UnboundedReceiver<bool>,
}

async fn world() -> World {
    world_with(Limits::default()).await
}

async fn world_with(limits: Limits) -> World {
    let space = TestSpace::new(Mode::Manual);
    let (ended, endings) = unbounded_channel();
    let (arrived, arrivals) = unbounded_channel();
    let (tells, told) = unbounded_channel();
    assert!(space.0.tap(Arc::new(Told(tells))));
    let listener: Listener = Arc::new(move |_, entry| {
        let _ = ended.send(entry.client_left);
    });
    let time = Arc::clone(&space);
    let server = Server::start(limits, move |request: Request<Bytes>| {
        if let Some(refusal) = request.extensions().get::<TurnedAway>() {
            return ready(Reply::from(refusal.answer()));
        }
        let delivery = decided(request.uri().path());
        let reply = time.reply(delivery, SINCE, Some(Arc::clone(&listener)));
        let _ = arrived.send(request.body().len());
        ready(reply)
    })
    .await;
    World { server, space, arrivals, endings, told }
}

impl World {
    /// A client whose request has arrived.
    async fn asking(&mut self, path: &str) -> Client {
        let mut client = self.server.connect().await;
        client.get(path).await;
        self.arrivals.recv().await.unwrap();
        client
    }

    fn let_time_pass(&self) {
        self.space.advance(Duration::from_secs(60));
    }
}

/// A client that has sent this, and sends no more.
async fn ending(server: &Server, text: &str) -> Client {
    let mut client = server.connect().await;
    client.send(text).await;
    client.0.shutdown().await.unwrap();
    client
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: mock\r\n\r\n")
}

const PUT: &str = "PUT /save HTTP/1.1\r\nhost: mock\r\ncontent-length: 8\r\n\r\n{\"a\":12}";

async fn whole(client: Client) {
    let end = client.end().await;
    assert!(matches!(&end, End::Fin(text) if text.ends_with("\r\n\r\ndrip")), "{end:?}");
}

#[tokio::test]
async fn a_client_that_leaves_before_its_answer_is_out_is_told_of_at_once() {
    for path in ["/slow", "/hold", "/hang", "/drip", "/slow-reset", "/slow-close"] {
        let mut world = world().await;
        drop(world.asking(path).await);
        assert_eq!(world.told.recv().await, Some(true), "{path}");
        world.let_time_pass();
        assert_eq!(world.endings.recv().await, Some(true), "{path}");
        assert!(world.told.try_recv().is_err(), "{path}: told once");
    }
}

#[tokio::test]
async fn a_client_that_resets_its_connection_has_left() {
    for path in ["/slow", "/hold", "/hang", "/slow-reset", "/slow-close"] {
        let mut world = world().await;
        let client = world.asking(path).await;
        client.0.set_zero_linger().unwrap();
        drop(client);
        assert_eq!(world.endings.recv().await, Some(true), "{path}, while no time passes");
    }
}

#[tokio::test]
async fn a_client_that_got_all_that_was_decided_did_not_leave() {
    for path in ["/", "/reset", "/close", "/cut"] {
        let mut world = world().await;
        let _client = world.asking(path).await;
        assert_eq!(world.endings.recv().await, Some(false), "{path}");
    }
}

#[tokio::test]
async fn a_server_that_stops_is_not_left_by_those_it_lets_go() {
    let mut world = world().await;
    let _client = world.asking("/hang").await;
    world.server.stop().await;
    assert_eq!(world.endings.recv().await, Some(false));
}

/// Enough to meet every order of two tasks; a hundred are open at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_requests_before_a_fin_are_answered_and_carried_out_once() {
    let mut world = world().await;
    for round in 0..26 {
        let slow = round % 2 == 1;
        let mut clients = Vec::new();
        for at in 0..100 {
            let request = match (at % 2, slow) {
                (0, _) => PUT.replace("/save", if slow { "/slow" } else { "/save" }),
                (_, true) => get("/slow"),
                (_, false) => get("/"),
            };
            clients.push(ending(&world.server, &request).await);
        }
        let mut sizes = [0, 0];
        for _ in 0..100 {
            sizes[usize::from(world.arrivals.recv().await.unwrap() == 8)] += 1;
        }
        assert_eq!(sizes, [50, 50]);
        world.let_time_pass();
        for client in clients {
            whole(client).await;
        }
    }
    assert!(world.arrivals.try_recv().is_err(), "each was carried out once");
    for _ in 0..2_600 {
        assert_eq!(world.endings.recv().await, Some(false), "and its client was there");
    }
}

#[tokio::test]
async fn a_client_that_ended_its_side_gets_what_was_decided_for_its_answer() {
    let mut world = world().await;
    for (path, end) in [
        ("/slow-reset", End::Reset(String::new())),
        ("/slow-close", End::Fin(String::new())),
        ("/hang", End::Fin(String::new())),
    ] {
        let client = ending(&world.server, &get(path)).await;
        assert_eq!(world.told.recv().await, Some(true), "{path}: it may have left");
        world.let_time_pass();
        assert_eq!(client.end().await, end, "{path}");
    }
    for path in ["/drip", "/hold"] {
        let client = ending(&world.server, &get(path)).await;
        assert_eq!(world.told.recv().await, Some(true), "{path}: it may have left");
        world.let_time_pass();
        whole(client).await;
    }
}

#[tokio::test]
async fn all_requests_before_a_fin_are_answered() {
    let mut world = world().await;
    let mut client = ending(&world.server, &get("/slow").repeat(3)).await;
    for _ in 0..3 {
        world.arrivals.recv().await.unwrap();
        world.let_time_pass();
        client.until("\r\n\r\ndrip").await;
    }
    assert_eq!(client.end().await, End::Fin(String::new()));
}

#[tokio::test]
async fn half_a_body_before_a_fin_is_not_carried_out() {
    let mut world = world().await;
    let client = ending(&world.server, &PUT[..PUT.len() - 1]).await;
    let end = client.end().await;
    assert!(matches!(&end, End::Fin(text) if text.starts_with("HTTP/1.1 400")), "{end:?}");
    assert!(world.arrivals.try_recv().is_err());
}

#[tokio::test]
async fn a_client_that_ended_its_side_is_not_kept_for_ever() {
    let limits = Limits { idle: Duration::from_millis(5), ..Limits::default() };
    let mut world = world_with(limits).await;
    let mut client = ending(&world.server, &get("/slow")).await;
    assert_eq!(world.endings.recv().await, Some(true));
    assert_eq!(client.0.read(&mut [0]).await.unwrap(), 0);
}
