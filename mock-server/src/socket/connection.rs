//! One connection, from its first byte to its end.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use super::exchange::{ConnectionContext, exchange};
use super::frames;
use super::http2;
use super::relayed;
use super::state::{ConnectionState, Side, Termination};
use super::stop::StopSignal;
use super::unparsed;
use super::wire::Wire;
use crate::fault::Outcome;
use crate::spaces::{Frames, Reply};

/// How long a client may take to notice that a connection was closed, before what it still sends
/// is answered with a reset: closing at once could destroy the answer on its way.
const LINGER: Duration = Duration::from_secs(1);

/// How long the RST of a client that has left may take, once an answer was sent to it.
const TELLS: Duration = Duration::from_millis(100);

/// Serves one connection until it ends.
pub(super) async fn drive<S, F>(stream: TcpStream, service: Arc<S>, context: ConnectionContext)
where
    S: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send,
{
    let state = Arc::clone(&context.state);
    let mut builder = http1::Builder::new();
    // The date is the space's to give or to withhold, and idle connections are closed below, with
    // one timer for a connection instead of one for each request.
    builder
        .auto_date_header(false)
        // A client may end its side and wait for its answer (docs/decisions/0010).
        .half_close(true)
        .header_read_timeout(None)
        .max_buf_size(context.limits.buffer.max(MIN_BUFFER));
    let mut connection = builder.serve_connection(
        Wire::new(stream, Arc::clone(&state)),
        service_fn(|request: Request<Incoming>| {
            state.begin();
            Box::pin(exchange(&context, &*service, request))
        }),
    );
    let mut stop = context.stop.clone();
    let mut stopping = false;
    let mut idle = IdleCheck::new(context.idle());
    let result = loop {
        let ended = poll_fn(|cx| {
            let polled = connection.poll_without_shutdown(cx);
            // Cut on purpose, left by its client, or stopped in the middle of a head that may never be
            // completed.
            let over = state.is_cut()
                || state.client() == Side::Gone
                || (stopping && !state.is_answering());
            if polled.is_pending() && over { Poll::Ready(Ok(())) } else { polled }
        });
        tokio::select! {
            biased;
            result = ended => break result,
            () = stop.stopped(), if !stopping => {
                stopping = true;
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
            () = idle.elapses(&state) => break Ok(()),
        }
    };
    let parts = connection.into_parts();
    let mut stream = parts.io.into_stream();
    let is_open = result.is_ok() && state.client() != Side::Gone && state.termination().is_none();
    if let Some(socket) = state.take_socket().filter(|_| is_open) {
        let (read, stop) = (parts.read_buf, context.stop.clone());
        let left = match socket {
            Frames::Session(socket) => {
                Some(Box::pin(frames::carry(stream, read, socket, stop)).await)
            }
            Frames::Relay(relay) => {
                let left = Box::pin(relayed::carry(stream, read, relay, stop)).await;
                left.map(|stream| (stream, Some(Termination::Close)))
            }
        };
        if let Some((stream, how)) = left {
            end(stream, how, context.stop).await;
        }
        return;
    }
    if let Some(mut request) = state.take_unconfirmed() {
        // A client that left answers with an RST; one that reads what came says nothing.
        let told = timeout(TELLS, stream.ready(Interest::ERROR));
        request.client_left |= stop.or_stopped(told).await.is_some_and(|told| told.is_ok());
    }
    if result.is_err_and(|error| error.is_parse_version_h2()) {
        drop(service(http2::request()).await);
        // An error means that the client is gone.
        let _ = timeout(LINGER, stream.write_all(http2::REFUSAL)).await;
    }
    if let Some(status) = state.withheld() {
        let reply = service(unparsed::request(status)).await;
        if let Outcome::Answer(response) = reply.delivery.outcome {
            let _ = timeout(LINGER, stream.write_all(&unparsed::written(response))).await;
        }
    }
    end(stream, state.termination(), context.stop).await;
}

/// Below this hyper panics.
const MIN_BUFFER: usize = 8_192;

/// Finds connections on which nothing happens.
struct IdleCheck {
    timer: Interval,
    /// Requests and bytes at the last look.
    progress: (u64, u64),
}

impl IdleCheck {
    fn new(period: Duration) -> Self {
        let period = period.max(Duration::from_millis(1));
        let mut timer = interval_at(Instant::now() + period, period);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { timer, progress: (0, 0) }
    }

    /// Completes at the first look that finds no new request and no byte taken by the client since the
    /// one before, and none that is being answered, unless its client does not read the answer.
    async fn elapses(&mut self, state: &ConnectionState) {
        loop {
            self.timer.tick().await;
            let progress = state.progress();
            if self.progress == progress && state.waits_for_client() {
                return;
            }
            self.progress = progress;
        }
    }
}

/// Ends a connection as it was decided: with an RST, or with a FIN.
async fn end(mut stream: TcpStream, how: Option<Termination>, mut stop: StopSignal) {
    if how == Some(Termination::Reset) {
        // With a linger time of zero the kernel drops what is unsent and sends RST (POSIX close).
        let _ = stream.set_zero_linger();
        return;
    }
    // Errors below mean that the client has closed it, too.
    let _ = stream.shutdown().await;
    let drain = async {
        let mut scrap = [0; 4_096];
        while stream.read(&mut scrap).await.is_ok_and(|read| read > 0) {}
    };
    stop.or_stopped(timeout(LINGER, drain)).await;
}
