//! The edge against a raw TCP client, which sees every byte and the way a connection ends.

mod endings;
mod leaving;
mod limits;
mod stop;
mod waits;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::{Edge, Limits, Place, Reply, WorldTime};
use crate::fault::{Delivery, Outcome};
use crate::operation::Operation;

/// A world's time that moves when the test says so.
struct Manual(watch::Sender<Duration>);

impl Manual {
    fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(Duration::ZERO)))
    }

    fn advance(&self, by: Duration) {
        self.0.send_modify(|elapsed| *elapsed += by);
    }
}

impl WorldTime for Manual {
    fn elapsed(&self) -> Duration {
        *self.0.borrow()
    }

    fn wait_until(&self, _: u64, due: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut time = self.0.subscribe();
        Box::pin(async move {
            time.wait_for(|elapsed| *elapsed >= due).await.expect("the time is kept");
        })
    }
}

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
            let edge = Edge::new(service, limits);
            edge.serve(listener, async { stopped.await.unwrap_or_default() }).await;
        });
        Self { address, stop, served }
    }

    /// Answers every request with what `outcome` makes of it.
    async fn with<O>(outcome: O) -> Self
    where
        O: Fn(Request<Bytes>) -> Outcome + Send + Sync + 'static,
    {
        Self::start(Limits::default(), move |request| {
            let outcome = outcome(request);
            async { Reply::new(delivery(outcome), None) }
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

fn delivery(outcome: Outcome) -> Delivery {
    Delivery { hold: Duration::ZERO, outcome, after_next: None }
}

fn answer(body: &'static str) -> Response<Bytes> {
    Response::new(Bytes::from_static(body.as_bytes()))
}

fn place(time: &Arc<Manual>, operation: Operation) -> Option<Place> {
    Some(Place {
        time: Arc::clone(time) as Arc<dyn WorldTime>,
        life: 0,
        operation,
        arrived: Duration::ZERO,
    })
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
