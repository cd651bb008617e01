//! What goes wrong with NATS, and what to do about it.

use async_nats::client::{FlushErrorKind, PublishErrorKind, SubscribeErrorKind};
use async_nats::{ConnectErrorKind, RequestErrorKind};
use serde::Deserialize;

use crate::stores::advice;

/// What JetStream says instead of an answer.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::stores) struct ApiError {
    #[serde(default)]
    pub(in crate::stores) err_code: u64,
    #[serde(default)]
    pub(super) description: String,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(in crate::stores) enum Error {
    #[error("NATS cannot be reached: {error}; {advice}", error = .0, advice = what_to_do(.0))]
    Connect(#[from] async_nats::error::Error<ConnectErrorKind>),
    #[error("NATS did not answer: {0}")]
    Request(#[source] async_nats::error::Error<RequestErrorKind>),
    #[error("nothing could be sent to NATS: {0}")]
    Publish(#[from] async_nats::error::Error<PublishErrorKind>),
    #[error("nothing could be heard from NATS: {0}")]
    Subscribe(#[from] async_nats::error::Error<SubscribeErrorKind>),
    #[error("what was sent to NATS did not leave: {0}")]
    Flush(#[from] async_nats::error::Error<FlushErrorKind>),
    #[error("the connection to NATS ended")]
    Ended,
    #[error("NATS {0} cannot do what is needed here: run nats-server 2.12 or later")]
    TooOld(String),
    #[error(
        "JetStream does not answer: start nats-server with `-js`, and let this user ask $JS.API.>"
    )]
    NoJetStream,
    #[error("stream {stream}: {} (error {})", .error.description, .error.err_code)]
    Refused { stream: String, error: ApiError },
    #[error("NATS said of the stream {0} what cannot be read: run nats-server 2.12 or later")]
    Unreadable(String),
    #[error(
        "message {at} of the stream {stream} is no entry: purge that stream, which is for replicas alone"
    )]
    Stranger { stream: String, at: u64 },
    #[error(
        "{bytes} bytes are more than the {messages} messages of a batch hold: raise max_payload of nats-server"
    )]
    TooLarge { bytes: usize, messages: usize },
    #[error("other replicas published each time that this one was about to; it tries again")]
    Contended,
}

fn what_to_do(error: &async_nats::error::Error<ConnectErrorKind>) -> &'static str {
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
            advice::WHO_ASKS
        }
        _ => advice::of_tls(error).unwrap_or("look at --store and at nats-server"),
    }
}

impl From<async_nats::error::Error<RequestErrorKind>> for Error {
    fn from(error: async_nats::error::Error<RequestErrorKind>) -> Self {
        match error.kind() {
            RequestErrorKind::NoResponders => Self::NoJetStream,
            _ => Self::Request(error),
        }
    }
}
