//! Taking a request in: its whole body, or a refusal.

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::accept::Limits;
use crate::api::TurnedAway;
use crate::fault::status_answer;

/// Why a body could not be taken in.
pub(super) enum Unreadable {
    /// It is larger than [`Limits::body`]: 413.
    TooLarge,
    /// Its framing is broken: 400.
    Broken,
    /// It took longer than [`Limits::body_wait`]: 408.
    TooSlow,
    /// The client left in the middle of it: nobody is there to be told.
    Gone,
}

impl TurnedAway {
    /// What the client is told; the connection cannot be used any more.
    pub(crate) fn answer(&self) -> Response<Bytes> {
        closing(status_answer(self.status, Some(self.reason)))
    }
}

/// Says with an answer that the connection ends.
pub(super) fn closing<B>(mut response: Response<B>) -> Response<B> {
    let close = header::HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}

impl Unreadable {
    /// What the client is told, if it is still there.
    pub(super) fn refusal(&self, limits: &Limits) -> Option<TurnedAway> {
        let (status, reason, why) = match self {
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                format!("the body has more than {} bytes: send fewer", limits.body),
            ),
            Self::Broken => (
                StatusCode::BAD_REQUEST,
                "invalid_data",
                "the body cannot be told from what follows: mend its Content-Length or its chunks"
                    .to_owned(),
            ),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "request_timeout",
                format!("the body was not whole within {:?}: send all of it", limits.body_wait),
            ),
            Self::Gone => return None,
        };
        Some(TurnedAway { status, reason, why })
    }
}

/// Reads the body of a request; of one without a readable body, the head is left.
pub(super) async fn take_in(
    request: Request<Incoming>,
    limits: &Limits,
) -> Result<Request<Bytes>, (Box<Parts>, Unreadable)> {
    let (head, body) = request.into_parts();
    // Told before a byte of it is read, and so without `100 Continue`.
    if body.size_hint().lower() > limits.body as u64 {
        return Err((Box::new(head), Unreadable::TooLarge));
    }
    match tokio::time::timeout(limits.body_wait, read(body, limits.body)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(head, bytes)),
        Ok(Err(unreadable)) => Err((Box::new(head), unreadable)),
        Err(_) => Err((Box::new(head), Unreadable::TooSlow)),
    }
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Unreadable> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
                Unreadable::Gone
            } else {
                Unreadable::Broken
            }
        })?;
        let Ok(piece) = frame.into_data() else {
            continue; // trailers say nothing here
        };
        if whole.len() + piece.len() > limit {
            return Err(Unreadable::TooLarge);
        }
        if whole.is_empty() && body.is_end_stream() {
            return Ok(piece);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}
