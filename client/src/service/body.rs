//! Bodies of answers: whole, or in pieces as they are read.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Response};
use http_body::{Frame, SizeHint};
use serde::Serialize;

/// The body of an answer.
pub struct Body(Form);

enum Form {
    Whole(Bytes),
    Pieces(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl Body {
    /// A body that is known.
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Form::Whole(bytes.into()))
    }

    /// A value as JSON. What cannot be written as JSON, which no value here is, makes an empty body.
    pub(super) fn json(value: &impl Serialize) -> Self {
        Self::whole(serde_json::to_vec(value).unwrap_or_default())
    }

    /// A body that is made while it is sent, as fast as its reader takes it.
    pub(super) fn pieces(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        Self(Form::Pieces(Box::pin(pieces)))
    }

    /// A 200 with this body, which no cache on the way may keep unasked.
    pub(super) fn ok(self, content_type: &'static str) -> Response<Self> {
        let mut response = Response::new(self);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Whole(bytes) => write!(f, "Body({} bytes)", bytes.len()),
            Form::Pieces(_) => f.write_str("Body(in pieces)"),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Form::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Form::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Form::Pieces(pieces) => {
                pieces.as_mut().poll_next(cx).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(&self.0, Form::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Form::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Form::Pieces(_) => SizeHint::default(),
        }
    }
}
