//! One POST over HTTP/1.1, with bounds in time and bytes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{CONNECTION, HOST};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};

use crate::hooks::{Ended, Hook, Outcome, Reach, Sending};
use crate::spaces::system_clock;

/// How long an attempt may take, from the connection to the end of the answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How many bytes of an answer's body are read; what comes after them is not.
const MOST_READ: usize = 4 << 10;

/// How many characters of it are kept.
const MOST_KEPT: usize = 200;

/// How many bytes the head of an answer may have.
const MOST_HEAD: usize = 16 << 10;

/// Makes an attempt and says how it ended.
pub(super) async fn post(sending: &Sending, reach: Reach) -> Ended {
    let started = system_clock::elapsed();
    let (outcome, answer) = match tokio::time::timeout(PATIENCE, exchange(sending, reach)).await {
        Ok(Ok((status, answer))) => (Outcome::Answered(status), answer),
        Ok(Err(outcome)) => (outcome, String::new()),
        Err(_) => (Outcome::TimedOut, String::new()),
    };
    let took = system_clock::in_millis(system_clock::elapsed().saturating_sub(started));
    Ended { outcome, took_ms: took, answer }
}

async fn exchange(sending: &Sending, reach: Reach) -> Result<(u16, String), Outcome> {
    let not_sent = |error: String| Outcome::NotSent(error);
    let closed = |error: hyper::Error| Outcome::ClosedEarly(in_full(&error));
    let stream = connect(&sending.to, reach).await.map_err(|error| not_sent(error.to_string()))?;
    let request = request(sending).map_err(|error| not_sent(error.to_string()))?;
    let mut builder = http1::Builder::new();
    let handshake = builder.max_buf_size(MOST_HEAD).handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(closed)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(closed)?;
        let status = response.status().as_u16();
        let mut body = response.into_body();
        let mut read = Vec::new();
        while read.len() < MOST_READ
            && let Some(frame) = body.frame().await
        {
            read.extend_from_slice(frame.map_err(closed)?.data_ref().map_or(&[], Bytes::as_ref));
        }
        let answer = String::from_utf8_lossy(&read).chars().take(MOST_KEPT).collect();
        Ok((status, answer))
    };
    let mut connection = std::pin::pin!(connection);
    let mut exchange = std::pin::pin!(exchange);
    tokio::select! {
        biased;
        answer = &mut exchange => answer,
        // What is left of the exchange has been read by then, or never will be.
        _ = &mut connection => exchange.await,
    }
}

/// Connects to the first address of the host that may be reached and answers.
async fn connect(hook: &Hook, reach: Reach) -> io::Result<TcpStream> {
    let mut last = io::Error::other(format!("{} is not an address of this machine", hook.host()));
    for address in lookup_host((hook.host(), hook.port())).await? {
        if reach == Reach::Loopback && !is_loopback(address) {
            continue;
        }
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn request(sending: &Sending) -> http::Result<Request<Full<Bytes>>> {
    let url = sending.to.url();
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = url.authority().map_or("", |authority| authority.as_str());
    // What stands before an `@` is no part of the host.
    let host = host.rsplit('@').next().unwrap_or(host);
    let mut request = Request::post(path).header(HOST, host).header(CONNECTION, "close");
    for (name, value) in &sending.headers {
        request = request.header(*name, value);
    }
    request.body(Full::new(sending.body.clone()))
}

/// An error with its causes.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}
