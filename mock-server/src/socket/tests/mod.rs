//! The server against a raw TCP client, which sees every byte and the way a connection ends.

mod endings;
mod leaving;
mod limits;
mod relayed;
mod stop;
mod waits;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{HttpServer, Limits};
use crate::clock::Mode;
use crate::fault::{Delivery, Outcome};
use crate::options::{Blueprint, WorldOptions};
use crate::space::Space;
use crate::spaces::{Listener, Reply, SharedSpace, system_clock};

/// A space without websites, by whose clock deliveries wait.
struct TestSpace(Arc<SharedSpace>);

impl TestSpace {
    fn new(clock: Mode) -> Arc<Self> {
        let clock = Some(clock);
        let options = WorldOptions { websites: Some(0), clock, ..Default::default() };
        let blueprint = Arc::new(Blueprint::new(options).unwrap());
        let space = Space::start("test", blueprint, "", system_clock::outside());
        Arc::new(Self(Arc::new(SharedSpace::new(space, None))))
    }

    fn advance(&self, by: Duration) {
        self.0.lock().clock.advance(by);
        self.0.notify();
    }

    /// A reply to a request of that route, with another delivery than the space's.
    fn reply(&self, delivery: Delivery, route: &str, listener: Option<Listener>) -> Reply {
        let request = Request::get(route).body(Bytes::new()).unwrap();
        Reply { delivery, ..self.0.handle(&request, listener) }
    }
}

/// The route of most requests here, and one of another operation.
const SINCE: &str = "/v1/plugin/connect/websites/since";
const LIST: &str = "/v1/plugin/connect/websites/all";

/// A server that runs in the test's own runtime.
struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Server {
    async fn start<S, F>(limits: Limits, service: S) -> Self
    where
        S: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(async move {
            let server = HttpServer::new(service, limits);
            server.serve(listener, async { stopped.await.unwrap_or_default() }).await;
        });
        Self { address, stop, served }
    }

    /// Answers every request with what `outcome` makes of it.
    async fn with<O>(outcome: O) -> Self
    where
        O: Fn(Request<Bytes>) -> Outcome + Send + Sync + 'static,
    {
        let space = TestSpace::new(Mode::Real);
        Self::start(patient(), move |request| {
            let reply = space.reply(delivery(outcome(request)), SINCE, None);
            async { reply }
        })
        .await
    }

    async fn connect(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }
}

/// Limits whose grace is longer than any test: a server that stops only when it is over is noticed, and a
/// slow machine ends no answer early.
fn patient() -> Limits {
    Limits { grace: Duration::from_secs(3_600), ..Limits::default() }
}

fn delivery(outcome: Outcome) -> Delivery {
    Delivery { hold: Duration::ZERO, outcome, after_next: None }
}

fn answer(body: &'static str) -> Response<Bytes> {
    Response::new(Bytes::from_static(body.as_bytes()))
}

/// How a connection ended, and what came before.
#[derive(Debug, PartialEq)]
enum End {
    Fin(String),
    Reset(String),
}

struct Client(TcpStream);

impl Client {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    async fn get(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: mock\r\n\r\n")).await;
    }

    /// Reads until the connection ends.
    async fn end(mut self) -> End {
        let mut bytes = Vec::new();
        let result = self.0.read_to_end(&mut bytes).await;
        let text = String::from_utf8(bytes).unwrap();
        match result {
            Ok(_) => End::Fin(text),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => End::Reset(text),
            Err(error) => panic!("{error}"),
        }
    }

    /// Reads until what was read ends so.
    async fn until(&mut self, ending: &str) -> String {
        let mut bytes = Vec::new();
        while !bytes.ends_with(ending.as_bytes()) {
            let mut byte = [0];
            let read = self.0.read(&mut byte).await.unwrap();
            assert_eq!(read, 1, "ended after {:?}", String::from_utf8_lossy(&bytes));
            bytes.push(byte[0]);
        }
        String::from_utf8(bytes).unwrap()
    }
}
