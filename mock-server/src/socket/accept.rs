//! Accepting connections, and stopping.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::bounds;

use super::connection::drive;
use super::exchange::ConnectionContext;
use super::held::HeldAnswers;
use super::stop::StopSignal;
use crate::spaces::Reply;

/// What one client may ask of the server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes in a request's body; more is refused with 413. 2 MiB.
    pub body: usize,
    /// How long a body may take to arrive; slower is refused with 408. 30 s.
    pub body_wait: Duration,
    /// Bytes in a request's head (at least 8 KiB, and at most 100 headers); more is refused with
    /// 431. Also what is buffered of an answer. 64 KiB.
    pub buffer: usize,
    /// A connection on which no request was completed for this long is closed, and so is one whose
    /// client has ended its side and waits; at the latest after twice as long. 75 s.
    pub idle: Duration,
    /// Connections at the same time. 16,384.
    pub connections: usize,
    /// Connections beyond those, whose one request is marked as [`Spare`]; more wait in the kernel's
    /// queue. 128.
    pub spare: usize,
    /// As `idle`, on a spare connection. 1 s.
    pub spare_idle: Duration,
    /// How long answers under way may take to go out when the server stops. 2 s.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: bounds::BODY,
            body_wait: Duration::from_secs(30),
            buffer: 64 << 10,
            idle: Duration::from_secs(75),
            connections: bounds::CONNECTIONS,
            spare: bounds::SPARE_CONNECTIONS,
            spare_idle: Duration::from_secs(1),
            grace: Duration::from_secs(2),
        }
    }
}

/// Stands in the extensions of a request that came when there were as many connections as there may be.
/// The service should refuse it unless that frees some; its connection ends with the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spare;

/// Says of a request that expects `100 Continue`, by its head alone, whether its body is wanted.
pub type WantsBody = dyn Fn(&Request<Bytes>) -> bool + Send + Sync;

/// How long to wait when the system has no file or memory left for another connection.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// An HTTP/1.1 server around a service.
///
/// The service gets each request with its whole body. One whose body cannot be read, or that is
/// HTTP/2, has no body but a [`TurnedAway`](crate::api::TurnedAway) in its extensions, which the
/// service answers. Requests come concurrently; when a client disconnects before its answer, the
/// service's future is dropped.
pub struct HttpServer<S> {
    service: Arc<S>,
    limits: Arc<Limits>,
    wants_body: Arc<WantsBody>,
    held: Arc<HeldAnswers>,
}

impl<S, F> HttpServer<S>
where
    S: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    /// A server that is not listening yet.
    pub fn new(service: S, limits: Limits) -> Self {
        Self {
            service: Arc::new(service),
            limits: Arc::new(limits),
            wants_body: Arc::new(|_| true),
            held: Arc::default(),
        }
    }

    /// Asks this for each request that expects `100 Continue`. If its body is not wanted, the service
    /// gets it without, and with [`Unsent`](crate::api::Unsent) in its extensions; the connection ends
    /// with the answer.
    #[must_use]
    pub fn asking(mut self, wants_body: Arc<WantsBody>) -> Self {
        self.wants_body = wants_body;
        self
    }

    /// Serves a listener until `stop` completes; several listeners can be served side by side.
    ///
    /// Then nothing more is accepted, held answers go out at once, hanging requests are closed,
    /// answers under way are finished within [`Limits::grace`], and this returns.
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let (stopping, signal) = StopSignal::new();
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        let most = self.limits.connections.saturating_add(self.limits.spare);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                // Connections that have ended are removed.
                Some(_) = connections.join_next() => {}
                accepted = listener.accept(), if connections.len() < most => {
                    match accepted {
                        Ok((stream, _)) => self.welcome(stream, &signal, &mut connections),
                        Err(error) if concerns_one_connection(&error) => {}
                        Err(_) => tokio::select! {
                            () = &mut stop => break,
                            () = sleep(EXHAUSTED) => {}
                        },
                    }
                }
            }
        }
        drop(listener);
        stopping.send_replace(true);
        let ended = async { while connections.join_next().await.is_some() {} };
        if timeout(self.limits.grace, ended).await.is_err() {
            connections.shutdown().await;
        }
    }

    fn welcome(&self, stream: TcpStream, stop: &StopSignal, connections: &mut JoinSet<()>) {
        // Small answers must not wait for the client's acknowledgement of earlier ones.
        let _ = stream.set_nodelay(true);
        let is_spare = connections.len() >= self.limits.connections;
        let context = ConnectionContext {
            is_spare,
            limits: Arc::clone(&self.limits),
            wants_body: Arc::clone(&self.wants_body),
            held: Arc::clone(&self.held),
            state: Arc::default(),
            stop: stop.clone(),
        };
        connections.spawn(drive(stream, Arc::clone(&self.service), context));
    }
}

/// Whether only the connection that was being accepted is affected.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    [ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted].contains(&error.kind())
}
