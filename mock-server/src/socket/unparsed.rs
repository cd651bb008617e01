//! Requests that the HTTP library refuses itself: they are answered in the envelope and journaled,
//! as all others are.

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};

use crate::api::TurnedAway;

/// What stands in the journal for a request whose head could not be read.
pub(super) fn request(status: StatusCode) -> Request<Bytes> {
    let (reason, why) = match status {
        StatusCode::URI_TOO_LONG => {
            ("uri_too_long", "the address has more than 64 KiB: shorten it")
        }
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            ("headers_too_large", "the head has more than 64 KiB or 100 headers: send fewer")
        }
        _ => ("invalid_data", "this is no HTTP/1.1: mend the first line or the headers"),
    };
    let mut request = Request::new(Bytes::new());
    *request.uri_mut() = Uri::from_static("*");
    if let Ok(method) = Method::from_bytes(b"UNREADABLE") {
        *request.method_mut() = method;
    }
    request.extensions_mut().insert(TurnedAway { status, reason, why: why.to_owned() });
    request
}

/// The status of an answer that the library began to write, from its first line.
pub(super) fn status_of(line: &[u8]) -> Option<StatusCode> {
    StatusCode::from_bytes(line.strip_prefix(b"HTTP/1.1 ")?.get(..3)?).ok()
}

/// A whole answer as it stands on the wire; the connection ends with it.
pub(super) fn written(mut response: Response<Bytes>) -> Bytes {
    let length = HeaderValue::from(response.body().len());
    response.headers_mut().insert(CONTENT_LENGTH, length);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    let mut out = BytesMut::new();
    out.put_slice(format!("HTTP/1.1 {}\r\n", response.status()).as_bytes());
    for (name, value) in response.headers() {
        out.put_slice(name.as_str().as_bytes());
        out.put_slice(b": ");
        out.put_slice(value.as_bytes());
        out.put_slice(b"\r\n");
    }
    out.put_slice(b"\r\n");
    out.put_slice(response.body());
    out.freeze()
}
