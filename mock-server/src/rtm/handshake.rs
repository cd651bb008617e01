//! The request that becomes a socket: its path, its query, and what refuses it, as engine.io does.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue, UPGRADE};
use http::{HeaderMap, Method, Request, Response, StatusCode};

use super::frame::EngineIo;
use crate::api::{RESCUE_PATH, SOCKET_PATH};

/// The paths under which sockets open: those that `plugin/connect/endpoints` answers, which may go on
/// with the name of a space, and the one that clients without discovery use.
const PATHS: [&str; 3] = [SOCKET_PATH, RESCUE_PATH, "/socket.io/"];

/// The space that the path of a handshake names; `Some(None)` when it names none, `None` when it is not
/// the path of a handshake.
#[must_use]
pub fn space_of(path: &str) -> Option<Option<&str>> {
    let bare = |base: &str| base.strip_suffix('/') == Some(path);
    let below = PATHS
        .iter()
        .find_map(|base| path.strip_prefix(base).or_else(|| bare(base).then_some("")))?;
    let name = below.strip_suffix('/').unwrap_or(below);
    (!name.contains('/')).then(|| Some(name).filter(|name| !name.is_empty()))
}

/// Why a handshake is refused, in engine.io's words and in our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandshakeRefusal {
    status: StatusCode,
    code: u8,
    message: &'static str,
    /// What is wrong and what to do about it, for the journal.
    pub explanation: &'static str,
}

impl HandshakeRefusal {
    const fn bad(code: u8, message: &'static str, explanation: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message, explanation }
    }

    /// There are as many sockets as a space takes.
    pub const FULL: Self = Self {
        status: StatusCode::SERVICE_UNAVAILABLE,
        code: 4,
        message: "Forbidden",
        explanation: "the space has as many sockets as it takes: close some; GET /_mock/rtm lists them",
    };

    /// The answer.
    #[must_use]
    pub fn response(self) -> Response<Bytes> {
        let body = format!("{{\"code\":{},\"message\":\"{}\"}}", self.code, self.message);
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

/// Reads a handshake: the version that the client speaks.
///
/// # Errors
///
/// [`HandshakeRefusal`] when no socket can follow.
pub fn read(request: &Request<Bytes>) -> Result<EngineIo, HandshakeRefusal> {
    let query = request.uri().query().unwrap_or_default();
    let value = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    if value("transport").as_deref() != Some("websocket") {
        return Err(HandshakeRefusal::bad(
            0,
            "Transport unknown",
            "sockets are WebSockets here, as Crisp's clients use them: give the client \
             `transports: [\"websocket\"]`",
        ));
    }
    let engine = match value("EIO").as_deref() {
        Some("3") => EngineIo::V3,
        Some("4") => EngineIo::V4,
        _ => {
            return Err(HandshakeRefusal::bad(
                5,
                "Unsupported protocol version",
                "the query needs EIO=4, or EIO=3 for older clients",
            ));
        }
    };
    if request.method() != Method::GET {
        return Err(HandshakeRefusal::bad(2, "Bad handshake method", "a handshake is a GET"));
    }
    let headers = request.headers();
    let upgrades = names(headers, CONNECTION.as_str(), "upgrade")
        && names(headers, UPGRADE.as_str(), "websocket")
        && names(headers, "sec-websocket-version", "13")
        && headers.contains_key("sec-websocket-key");
    if upgrades {
        Ok(engine)
    } else {
        Err(HandshakeRefusal::bad(
            3,
            "Bad request",
            "the request does not ask for a WebSocket: a proxy in the way may drop `Connection: Upgrade`",
        ))
    }
}

/// Whether a header names this among others.
fn names(headers: &HeaderMap, name: &str, wanted: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut words = values.flat_map(|value| value.split(','));
    words.any(|word| word.trim().eq_ignore_ascii_case(wanted))
}

/// The answer to a handshake after which frames follow. The edge adds `Sec-WebSocket-Accept`.
#[must_use]
pub fn switching() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, headers: &[(&str, &str)]) -> Request<Bytes> {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::new()).unwrap()
    }

    const WEBSOCKET: [(&str, &str); 4] = [
        ("connection", "keep-alive, Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ];

    #[test]
    fn the_paths_of_discovery_and_the_one_without_open_sockets() {
        assert_eq!(space_of("/p/68/"), Some(None));
        assert_eq!(space_of("/p/68"), Some(None));
        assert_eq!(space_of("/socket.io/"), Some(None));
        assert_eq!(space_of("/p/68/s1/"), Some(Some("s1")));
        for path in ["/p/68/a/b/", "/p/681", "/p/", "/v1/p/68/", "/socket.iox"] {
            assert_eq!(space_of(path), None, "{path}");
        }
    }

    #[test]
    fn a_handshake_says_its_version_or_is_refused_as_engine_io_does() {
        let open = |query: &str| read(&request(&format!("/p/68/?{query}"), &WEBSOCKET));
        assert_eq!(open("EIO=4&transport=websocket"), Ok(EngineIo::V4));
        assert_eq!(open("transport=websocket&EIO=3&t=x"), Ok(EngineIo::V3));
        let code = |refusal: HandshakeRefusal| refusal.code;
        assert_eq!(open("EIO=4&transport=polling").map_err(code), Err(0));
        assert_eq!(open("transport=websocket").map_err(code), Err(5));
        let plain = read(&request("/p/68/?EIO=4&transport=websocket", &WEBSOCKET[1..]));
        assert_eq!(plain.map_err(code), Err(3));
        let polling = open("EIO=4&transport=polling").unwrap_err().response();
        assert_eq!(polling.status(), 400);
        assert_eq!(polling.body(), &br#"{"code":0,"message":"Transport unknown"}"#[..]);
    }
}
