//! HTTP to a client on trial: a connection a request, a limit on what is read.

use std::error::Error;
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};

/// The largest body that is read.
pub(super) const LARGEST: usize = super::program::LONGEST_LINE;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// Nothing listens there.
    NotThere(String),
    /// No answer in time.
    Late,
    /// The answer is broken off, or too large.
    Broken(String),
}

/// A client for this machine and its neighbours: no proxy, no certificates.
#[derive(Debug, Clone)]
pub(super) struct Http(Client);

impl Http {
    pub(super) fn new() -> Result<Self, String> {
        // One may be installed in this process already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder()
            .no_proxy()
            .tls_certs_only([])
            // A connection that the other side is just about to close would look like its death.
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map(Self)
            .map_err(|error| format!("preparing an HTTP client: {error}"))
    }

    pub(super) async fn get(
        &self,
        url: &Url,
        limit: Duration,
    ) -> Result<(StatusCode, String), Unanswered> {
        answer(self.0.request(Method::GET, url.clone()), limit).await
    }

    pub(super) async fn post(
        &self,
        url: &Url,
        json: String,
        limit: Duration,
    ) -> Result<(StatusCode, String), Unanswered> {
        let request = self.0.request(Method::POST, url.clone());
        let request = request.header("Content-Type", "application/json").body(json);
        answer(request, limit).await
    }
}

async fn answer(
    request: RequestBuilder,
    limit: Duration,
) -> Result<(StatusCode, String), Unanswered> {
    let mut answer = request.timeout(limit).send().await.map_err(unanswered)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unanswered)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Unanswered::Broken(format!("its body has more than {LARGEST} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    let body = String::from_utf8_lossy(&body);
    Ok((answer.status(), body.trim_start_matches('\u{FEFF}').to_owned()))
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where errors are mapped")]
fn unanswered(error: reqwest::Error) -> Unanswered {
    if error.is_timeout() {
        return Unanswered::Late;
    }
    let mut deepest: &dyn Error = &error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let why = deepest.to_string().to_lowercase();
    if error.is_connect() { Unanswered::NotThere(why) } else { Unanswered::Broken(why) }
}

/// An address over plain HTTP.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok();
    url.filter(|url| url.scheme() == "http" && url.has_host())
        .ok_or_else(|| format!("`{text}` is no address: write it like http://127.0.0.1:3000/path"))
}
