//! Taking a request in: its whole body, or a refusal.

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::accept::Limits;
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

impl Unreadable {
    /// What the client is told; the connection cannot be used any more.
    pub(super) fn answer(&self) -> Option<Response<Bytes>> {
        let status = match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Gone => return None,
        };
        let mut response = status_answer(status, None);
        let close = header::HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        Some(response)
    }
}

/// Reads the body of a request.
pub(super) async fn take_in(
    request: Request<Incoming>,
    limits: &Limits,
) -> Result<Request<Bytes>, Unreadable> {
    let (head, body) = request.into_parts();
    // Told before a byte of it is read, and so without `100 Continue`.
    if body.size_hint().lower() > limits.body as u64 {
        return Err(Unreadable::TooLarge);
    }
    let read = tokio::time::timeout(limits.body_wait, read(body, limits.body)).await;
    let bytes = read.map_err(|_| Unreadable::TooSlow)??;
    Ok(Request::from_parts(head, bytes))
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
