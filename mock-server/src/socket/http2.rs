//! Refusing HTTP/2: the connection is closed with an error code that names the version to use.

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri, Version};

use crate::api::TurnedAway;

/// Empty SETTINGS, which a server has to send first, and GOAWAY with `HTTP_1_1_REQUIRED` (RFC 9113).
pub(super) const REFUSAL: &[u8] = b"\0\0\0\x04\0\0\0\0\0\
    \0\0\x2f\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0dHTTP/2 is not spoken here: use HTTP/1.1";

/// What stands in the journal for a request of which only the version is known.
pub(super) fn request() -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = Uri::from_static("*");
    if let Ok(method) = Method::from_bytes(b"PRI") {
        *request.method_mut() = method;
    }
    request.extensions_mut().insert(TurnedAway {
        status: StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        reason: "http_1_1_only",
        why:
            "HTTP/2 is not spoken here, so the connection was closed: have the client use HTTP/1.1"
                .to_owned(),
    });
    request
}
