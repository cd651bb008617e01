//! What went over the wire for one request: headers and bodies, cut to a bound.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde::Serialize;

/// How many bytes of a body are kept.
const LONGEST_BODY: usize = 8 << 10;

/// How many bytes of headers are kept of a message.
const LONGEST_HEADERS: usize = 4 << 10;

/// A request and its answer, as far as they are kept.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// What was sent.
    pub request: Message,
    /// What was to be answered; none where a fault kept it from the client.
    pub answer: Option<Message>,
}

/// One half of an exchange.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// Names and values.
    headers: Vec<(String, String)>,
    /// The beginning of the body; what is no UTF-8 in it is replaced.
    body: String,
    /// How long the body is.
    bytes: usize,
}

impl Exchange {
    /// Keeps the beginning of both.
    #[must_use]
    pub fn of(request: &Request<Bytes>, answer: Option<&Response<Bytes>>) -> Self {
        Self {
            request: Message::of(request.headers(), request.body()),
            answer: answer.map(|answer| Message::of(answer.headers(), answer.body())),
        }
    }
}

impl Message {
    fn of(headers: &HeaderMap, body: &Bytes) -> Self {
        let mut room = LONGEST_HEADERS;
        let mut kept = Vec::new();
        for (name, value) in headers {
            let Some(left) = room.checked_sub(name.as_str().len() + value.len()) else {
                break;
            };
            room = left;
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            kept.push((name.as_str().to_owned(), value));
        }
        let beginning = body.get(..LONGEST_BODY).unwrap_or(body);
        let body_kept = String::from_utf8_lossy(beginning).into_owned();
        Self { headers: kept, body: body_kept, bytes: body.len() }
    }
}
