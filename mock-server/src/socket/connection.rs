//! One connection, from its first byte to the way it ends.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::exchange::{Desk, exchange};
use super::halt::Halt;
use super::http2;
use super::line::{Line, Verdict};
use super::nudge::Nudge;
use super::reply::Reply;
use super::wire::Wire;

/// How long a client may take to notice that a connection was closed, before what it still sends
/// is answered with a reset: closing at once could destroy the answer on its way.
const LINGER: Duration = Duration::from_secs(1);

/// Serves one connection until it ends.
pub(super) async fn drive<S, F>(stream: TcpStream, service: Arc<S>, desk: Desk)
where
    S: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Reply> + Send,
{
    let line = Arc::clone(&desk.line);
    let mut builder = http1::Builder::new();
    // The date is the world's to give or to withhold, and idle connections are watched below for
    // less than a timer for each request.
    builder
        .auto_date_header(false)
        .header_read_timeout(None)
        .max_buf_size(desk.limits.buffer.max(MIN_BUFFER));
    let mut connection = builder.serve_connection(
        Wire::new(stream, Arc::clone(&line)),
        service_fn(|request: Request<Incoming>| Box::pin(exchange(&desk, &*service, request))),
    );
    let mut halt = desk.halt.clone();
    let mut halted = pin!(halt.halted());
    let mut halting = false;
    let mut nudge = Nudge::default();
    let mut watch = Watch::new(desk.limits.idle);
    let mut watchdog = pin!(sleep(desk.limits.idle));
    let result = poll_fn(|cx| {
        if let Poll::Ready(result) = connection.poll_without_shutdown(cx) {
            return Poll::Ready(result);
        }
        if let Some(waker) = nudge.look(cx) {
            let rare = &mut Context::from_waker(&waker);
            if !halting && halted.as_mut().poll(rare).is_ready() {
                halting = true;
                Pin::new(&mut connection).graceful_shutdown();
                if let Poll::Ready(result) = connection.poll_without_shutdown(cx) {
                    return Poll::Ready(result);
                }
            }
            while watchdog.as_mut().poll(rare).is_ready() {
                if watch.is_asleep(&line) {
                    return Poll::Ready(Ok(()));
                }
                watchdog.as_mut().reset(Instant::now() + watch.period);
            }
        }
        // Cut on purpose, or stopped in the middle of a head that may never be completed.
        if line.is_cut() || (halting && !line.is_busy()) {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    })
    .await;
    let parts = connection.into_parts();
    let mut stream = parts.io.into_stream();
    if result.is_err_and(|error| error.is_parse_version_h2()) {
        if desk.answers_refusals {
            // It is heard of; the answer has to be in the client's own words.
            drop(service(http2::heard()));
        }
        // The client may be gone, or may never ask; there is nobody to tell then.
        let _ = timeout(LINGER, http2::refuse(&mut stream, parts.read_buf)).await;
    }
    end(stream, line.verdict(), desk.halt.clone()).await;
}

/// Below this hyper panics.
const MIN_BUFFER: usize = 8_192;

/// Notices connections on which nothing is going on.
struct Watch {
    period: Duration,
    requests: u64,
}

impl Watch {
    fn new(period: Duration) -> Self {
        let period = period.max(Duration::from_millis(1));
        Self { period, requests: 0 }
    }

    /// Whether no request was completed since the last look, and none is being answered.
    fn is_asleep(&mut self, line: &Line) -> bool {
        let requests = line.requests();
        let asleep = self.requests == requests && !line.is_busy();
        self.requests = requests;
        asleep
    }
}

/// Ends a connection as it was decided: with an RST, or with a FIN.
async fn end(mut stream: TcpStream, verdict: Verdict, mut halt: Halt) {
    if verdict == Verdict::Reset {
        // With a linger time of zero the kernel drops what is unsent and sends RST (POSIX close).
        let _ = stream.set_zero_linger();
        return;
    }
    // Errors below mean that the client is gone, which is what is wanted.
    let _ = stream.shutdown().await;
    let drain = async {
        let mut scrap = [0; 4_096];
        while stream.read(&mut scrap).await.is_ok_and(|read| read > 0) {}
    };
    halt.or_halt(timeout(LINGER, drain)).await;
}
