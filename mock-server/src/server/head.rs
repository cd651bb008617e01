//! What HTTP demands of a request's head, and the HTTP library does not.

use bytes::Bytes;
use http::header::{HOST, TRANSFER_ENCODING};
use http::{Request, StatusCode, Version};

use crate::api::TurnedAway;
use crate::server::router::is_control;
use crate::socket::Spare;

/// Puts into the extensions of a request why it is refused, if its head demands that (RFC 9112,
/// sections 3.2 and 6.1), or if it is no control call and came when there was room for those alone.
pub(super) fn checked(mut request: Request<Bytes>) -> Request<Bytes> {
    if request.extensions().get::<TurnedAway>().is_none()
        && let Some(refusal) = problem(&request)
    {
        request.extensions_mut().insert(refusal);
    }
    request
}

/// Why a request is refused by the head of it, if it is.
pub(super) fn problem(request: &Request<Bytes>) -> Option<TurnedAway> {
    let refused =
        |status, reason, why: &str| Some(TurnedAway { status, reason, why: why.to_owned() });
    if request.extensions().get::<Spare>().is_some() && !is_control(request) {
        let why = "there are as many connections as a server takes (16,384), and what is kept free is \
                   for /_mock: close some, or reuse them";
        return refused(StatusCode::SERVICE_UNAVAILABLE, "too_many_connections", why);
    }
    let hosts = request.headers().get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11) {
        let why = "a request has one Host header, and this one has none or several: send one";
        return refused(StatusCode::BAD_REQUEST, "invalid_data", why);
    }
    let codings = request.headers().get_all(TRANSFER_ENCODING).iter();
    let foreign = codings
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| !coding.trim().eq_ignore_ascii_case("chunked"));
    if foreign {
        let why = "Transfer-Encoding names another coding than chunked: send the body as it is";
        return refused(StatusCode::NOT_IMPLEMENTED, "not_implemented", why);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_and_no_coding_but_chunked() {
        let status = |lines: &[(&str, &str)], version| {
            let mut request = Request::get("/").version(version);
            for (name, value) in lines {
                request = request.header(*name, *value);
            }
            problem(&request.body(Bytes::new()).unwrap()).map(|refusal| refusal.status.as_u16())
        };
        let v1 = Version::HTTP_11;
        assert_eq!(status(&[("host", "a")], v1), None);
        assert_eq!(status(&[("host", "a"), ("transfer-encoding", "Chunked")], v1), None);
        assert_eq!(status(&[], v1), Some(400));
        assert_eq!(status(&[], Version::HTTP_10), None);
        assert_eq!(status(&[("host", "a"), ("host", "a")], v1), Some(400));
        assert_eq!(status(&[("host", "a"), ("transfer-encoding", "gzip, chunked")], v1), Some(501));
    }

    #[test]
    fn what_is_kept_free_is_for_control_calls() {
        let status = |path: &str| {
            let request = Request::get(path).version(Version::HTTP_10).extension(Spare);
            problem(&request.body(Bytes::new()).unwrap()).map(|refusal| refusal.status.as_u16())
        };
        assert_eq!(status("/_mock/info"), None);
        assert_eq!(status("/v1/plugin/connect/account"), Some(503));
        assert_eq!(status("/_mocking"), Some(503));
    }
}
