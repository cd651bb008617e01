//! Reading the whole body of a request, or refusing it.

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode, Version, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use super::accept::{Limits, WantsBody};
use crate::api::{TurnedAway, Unsent};
use crate::fault::status_answer;

/// Why a body could not be read.
enum Unreadable {
    TooLarge,
    BrokenFraming,
    TooSlow,
    ClientLeft,
}

impl TurnedAway {
    /// The answer; the connection cannot be used any more.
    #[must_use]
    pub fn answer(&self) -> Response<Bytes> {
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
    /// How the request is refused; none when its client disconnected in the middle of the body.
    fn refusal(&self, limits: &Limits) -> Option<TurnedAway> {
        let (status, reason, why) = match self {
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                format!("the body has more than {} bytes: send fewer", limits.body),
            ),
            Self::BrokenFraming => (
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
            Self::ClientLeft => return None,
        };
        Some(TurnedAway { status, reason, why })
    }
}

/// Whether the client waits for `100 Continue` before it sends the body.
fn expects_continue(head: &http::request::Parts) -> bool {
    let expects = head.headers.get(header::EXPECT);
    head.version == Version::HTTP_11
        && expects.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Reads the body of a request. One that is refused has no body, and its [`TurnedAway`] in its
/// extensions; one that expects `100 Continue` and is refused by its head has no body, and [`Unsent`] there;
/// none when the client has disconnected.
pub(super) async fn take_in(
    request: Request<Incoming>,
    limits: &Limits,
    wants_body: &WantsBody,
) -> Option<Request<Bytes>> {
    let (mut head, body) = request.into_parts();
    if expects_continue(&head) {
        // hyper sends the 100 as soon as the body is asked for.
        head.extensions.insert(Unsent { declared: body.size_hint().lower() });
        let unsent = Request::from_parts(head, Bytes::new());
        if !wants_body(&unsent) {
            return Some(unsent);
        }
        (head, _) = unsent.into_parts();
        head.extensions.remove::<Unsent>();
    }
    let read = tokio::time::timeout(limits.body_wait, read(body, limits.body)).await;
    match read.unwrap_or(Err(Unreadable::TooSlow)) {
        Ok(bytes) => Some(Request::from_parts(head, bytes)),
        Err(unreadable) => {
            head.extensions.insert(unreadable.refusal(limits)?);
            Some(Request::from_parts(head, Bytes::new()))
        }
    }
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Unreadable> {
    // Refused before a byte of it is read, and so without `100 Continue`.
    if body.size_hint().lower() > limit as u64 {
        return Err(Unreadable::TooLarge);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
                Unreadable::ClientLeft
            } else {
                Unreadable::BrokenFraming
            }
        })?;
        let Ok(piece) = frame.into_data() else {
            continue; // trailers are not read
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
