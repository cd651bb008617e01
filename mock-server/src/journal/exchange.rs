//! What went over the wire for one request: headers and bodies, cut to a bound.
//!
//! It is noted of every request and shown of few. So a body is shared with the answer that is on its way
//! and not copied, and what JSON wants is made of it when it is shown.

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

/// How many bytes of a body are shown.
const LONGEST_BODY: usize = 8 << 10;

/// Up to how many bytes a body is kept whole, so that it need not be copied; of a longer one
/// [`LONGEST_BODY`] are kept. A page of 20 websites with settings of 300 bytes has 8.3 KB.
const LONGEST_SHARED: usize = 2 * LONGEST_BODY;

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

/// One half of an exchange. As JSON it has `headers` (pairs of name and value), `body` (its beginning; what
/// is no UTF-8 in it is replaced) and `bytes` (how long the body is).
#[derive(Debug, Clone)]
pub struct Message {
    /// A line `name: value` for each header: neither a name nor a value can have an end of line.
    headers: String,
    /// The body, or its beginning.
    body: Bytes,
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
        // Headers are copied: those of a request lie in the buffer that its connection reads into, and
        // keeping them would keep that.
        let sizes = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 3);
        let mut kept = String::with_capacity(sizes.sum::<usize>().min(2 * LONGEST_HEADERS));
        let mut room = LONGEST_HEADERS;
        for (name, value) in headers {
            let Some(left) = room.checked_sub(name.as_str().len() + value.len()) else {
                break;
            };
            room = left;
            let value = String::from_utf8_lossy(value.as_bytes());
            kept.extend([name.as_str(), ": ", &*value, "\n"]);
        }
        let shared = (body.len() <= LONGEST_SHARED).then(|| body.clone());
        let beginning = || Bytes::copy_from_slice(body.get(..LONGEST_BODY).unwrap_or(body));
        Self { headers: kept, body: shared.unwrap_or_else(beginning), bytes: body.len() }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let headers: Vec<_> =
            self.headers.lines().filter_map(|line| line.split_once(": ")).collect();
        let beginning = self.body.get(..LONGEST_BODY).unwrap_or(&self.body);
        let mut message = out.serialize_struct("Message", 3)?;
        message.serialize_field("headers", &headers)?;
        message.serialize_field("body", &String::from_utf8_lossy(beginning))?;
        message.serialize_field("bytes", &self.bytes)?;
        message.end()
    }
}
