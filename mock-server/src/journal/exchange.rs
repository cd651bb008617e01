//! What went over the wire for one request: headers and bodies, cut to a bound.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde::{Serialize, Serializer};

/// How many bytes of a body are kept when it is copied.
const LONGEST_BODY: usize = 8 << 10;

/// An answer up to this length is kept whole, and not copied: its bytes are shared with the delivery.
const LARGEST_SHARED: usize = 16 << 10;

/// How many bytes of headers are kept of a message.
const LONGEST_HEADERS: usize = 4 << 10;

/// Room for the headers of most messages.
const USUAL_HEADERS: usize = 256;

/// A request and its answer, as far as they are kept.
#[derive(Debug, Clone, Serialize)]
pub struct Exchange {
    /// What was sent.
    pub request: Message,
    /// What was to be answered; none where a fault kept it from the client.
    pub answer: Option<Message>,
}

/// One half of an exchange. Bytes are kept here for each request, and turned into text for the few
/// that are looked at.
#[derive(Debug, Clone)]
pub struct Message {
    /// A line `name:value` for each header.
    headers: Vec<u8>,
    /// The beginning of the body.
    body: Bytes,
    /// How long the body is.
    bytes: usize,
}

/// A message as it is shown: what is no UTF-8 in it is replaced.
#[derive(Serialize)]
struct Shown<'a> {
    headers: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    body: Cow<'a, str>,
    bytes: usize,
}

impl Exchange {
    /// Keeps the beginning of both.
    #[must_use]
    pub fn of(request: &Request<Bytes>, answer: Option<&Response<Bytes>>) -> Self {
        Self {
            // Never shared: it may be a part of the much larger buffer that it was read into.
            request: Message::of(request.headers(), request.body(), copied(request.body())),
            answer: answer.map(|answer| {
                let body = answer.body();
                let shared = body.len() <= LARGEST_SHARED;
                let kept = if shared { body.clone() } else { copied(body) };
                Message::of(answer.headers(), body, kept)
            }),
        }
    }
}

impl Message {
    fn of(headers: &HeaderMap, body: &Bytes, kept: Bytes) -> Self {
        let mut lines = Vec::with_capacity(USUAL_HEADERS);
        for (name, value) in headers {
            let (name, value) = (name.as_str().as_bytes(), value.as_bytes());
            if lines.len() + name.len() + value.len() > LONGEST_HEADERS {
                break;
            }
            lines.extend_from_slice(name);
            lines.push(b':');
            lines.extend_from_slice(value);
            lines.push(b'\n');
        }
        Self { headers: lines, body: kept, bytes: body.len() }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lines = self.headers.split(|byte| *byte == b'\n');
        let shown = Shown {
            headers: lines.filter_map(named).collect(),
            body: text(&self.body),
            bytes: self.bytes,
        };
        shown.serialize(serializer)
    }
}

/// The name and the value of a header's line.
fn named(line: &[u8]) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':')?);
    Some((text(name), text(value.get(1..)?)))
}

fn copied(body: &Bytes) -> Bytes {
    Bytes::copy_from_slice(body.get(..LONGEST_BODY).unwrap_or(body))
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
