//! Sends one request over a socket and waits for the whole answer.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use tokio::time::{Instant, timeout_at};

use crate::machine::Failure;

/// A body longer than this is given up: a list of all websites that any plugin has is far
/// shorter, and a server that is not the API must not fill the memory.
const LONGEST_BODY: usize = 256 << 20;

/// How long each part of an exchange may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Until the connection is up, TLS included. Default 10 s.
    pub connect: Duration,
    /// From the start to the head of the answer. Default 25 s.
    pub head: Duration,
    /// Between two pieces of the body. Default 10 s.
    pub stall: Duration,
    /// From the start to the last byte. The cache uses its configuration's `request_timeout`
    /// instead. Default 30 s.
    pub whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), head: seconds(25), stall: seconds(10), whole: seconds(30) }
    }
}

/// The HTTP client could not be set up, usually because the system has no root certificates.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up: {0}")]
pub struct SetupError(#[from] reqwest::Error);

/// A failure to get a whole answer, and the words of the HTTP library for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{failure} ({detail})")]
pub struct TransportError {
    /// In which way.
    pub failure: Failure,
    /// What the library says.
    pub detail: String,
}

impl TransportError {
    fn new(failure: Failure, detail: impl ToString) -> Self {
        Self { failure, detail: detail.to_string() }
    }

    pub(crate) fn of(error: &reqwest::Error) -> Self {
        let failure = if error.is_connect() {
            Failure::Connect
        } else if error.is_timeout() {
            Failure::Timeout
        } else {
            Failure::Broken
        };
        // The address is left out: it is long and says nothing new. The cause says more.
        let mut detail = String::new();
        let mut source: Option<&dyn std::error::Error> = Some(error);
        while let Some(cause) = source {
            if !detail.is_empty() {
                detail.push_str(": ");
            }
            detail.push_str(&cause.to_string());
            source = cause.source();
        }
        Self { failure, detail }
    }
}

/// What all HTTP clients of this crate have in common.
pub(crate) fn builder(timeouts: Timeouts) -> reqwest::ClientBuilder {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread may have been faster; either way there is one now.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    reqwest::Client::builder()
        // The credentials go to the configured host and nowhere else.
        .redirect(reqwest::redirect::Policy::none())
        // Whether a request may be sent again is the machine's decision.
        .retry(reqwest::retry::never())
        .connect_timeout(timeouts.connect)
}

/// The socket side of the client. Cloning shares the connections.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    client: reqwest::Client,
    timeouts: Timeouts,
    longest_body: usize,
}

impl Transport {
    pub(crate) fn new(timeouts: Timeouts) -> Result<Self, SetupError> {
        let client = builder(timeouts)
            .read_timeout(timeouts.stall.max(timeouts.head))
            .pool_idle_timeout(Duration::from_secs(50))
            .build()?;
        Ok(Self { client, timeouts, longest_body: LONGEST_BODY })
    }

    pub(crate) fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Sends and waits, at most `whole`.
    pub(crate) async fn exchange(
        &self,
        request: Request<Bytes>,
        whole: Duration,
    ) -> Result<Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError::new(Failure::Connect, error))?;
        let start = Instant::now();
        let end = start + whole;
        let late = |_| TransportError::new(Failure::Timeout, "no head in time");
        let head = timeout_at(end.min(start + self.timeouts.head), self.client.execute(request));
        let mut answer = head.await.map_err(late)?.map_err(|error| TransportError::of(&error))?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        let mut body = BytesMut::new();
        loop {
            let stall = end.min(Instant::now() + self.timeouts.stall);
            let chunk = timeout_at(stall, answer.chunk());
            let late = |_| TransportError::new(Failure::Timeout, "the body stalled");
            match chunk.await.map_err(late)?.map_err(|error| TransportError::of(&error))? {
                Some(chunk) if body.len() + chunk.len() <= self.longest_body => {
                    body.extend_from_slice(&chunk);
                }
                Some(_) => {
                    let detail = format!("given up at {} bytes of body", self.longest_body);
                    return Err(TransportError::new(Failure::Broken, detail));
                }
                None => break,
            }
        }
        *response.body_mut() = body.freeze();
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Asks a server that sends so many pieces of 100 bytes, and then nothing more.
    async fn asked(pieces: usize, longest_body: usize) -> Result<usize, TransportError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
            for _ in 0..pieces {
                if stream.write_all(&[b'x'; 100]).await.is_err() {
                    return;
                }
            }
        });
        let transport = Transport { longest_body, ..Transport::new(Timeouts::default()).unwrap() };
        let request = Request::get(format!("http://{address}/")).body(Bytes::new()).unwrap();
        let whole = Duration::from_secs(20);
        transport.exchange(request, whole).await.map(|response| response.body().len())
    }

    #[tokio::test]
    async fn a_body_beyond_the_bound_is_given_up() {
        assert_eq!(asked(10, 1000).await, Ok(1000));
        for pieces in [11, usize::MAX] {
            let error = asked(pieces, 1000).await.unwrap_err();
            assert_eq!(error.failure, Failure::Broken);
            assert!(error.detail.contains("given up at 1000 bytes"), "{error}");
        }
    }
}
