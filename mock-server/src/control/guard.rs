//! Who may use the control API.
//!
//! It changes state and shows secrets, and it listens where a browser on the same machine can reach
//! it. So a page of another origin is refused, and so is a name that a foreign DNS could point
//! here; a token, when one is set, is demanded from every call.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, HOST, ORIGIN, USER_AGENT};
use http::uri::Authority;
use http::{HeaderMap, Uri};
use subtle::ConstantTimeEq;

use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::control::page;

/// Lets a call through, or answers it with what was wrong.
pub async fn guard(
    State(state): State<Arc<ControlState>>,
    request: Request,
    next: Next,
) -> Response {
    match check(&state, request.headers(), request.uri()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Whether a call with this head is let through.
pub(crate) fn admits(state: &ControlState, headers: &HeaderMap, uri: &Uri) -> bool {
    check(state, headers, uri).is_ok()
}

fn check(state: &ControlState, headers: &HeaderMap, uri: &Uri) -> Result<(), ControlError> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = uri.authority().map(Authority::as_str).or_else(|| text(HOST)).unwrap_or_default();
    if let Some(origin) = text(ORIGIN)
        && origin.split_once("://").map(|(_, authority)| authority) != Some(host)
    {
        return Err(ControlError::forbidden(
            format!("a page of {origin} may not use the control API"),
            "call it from the test's own process, not from a browser page",
        ));
    }
    match &state.control_token {
        // The page holds no secret: it asks for the token, and brings it with its calls.
        Some(_) if page::is_of_the_page(uri.path()) => Ok(()),
        Some(token) => check_token(token, text(AUTHORIZATION)),
        None if is_ours(host, &state.public_url) && !is_foreign_page(host, headers) => Ok(()),
        None => Err(ControlError::forbidden(
            format!("`{host}` is not a name of this server"),
            "call it by an IP address or localhost, say --public-url, or set --control-token",
        )),
    }
}

fn check_token(token: &str, authorization: Option<&str>) -> Result<(), ControlError> {
    let given = authorization.and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(token.as_bytes())) {
        return Ok(());
    }
    Err(ControlError::unauthorized(
        "this server demands its control token",
        "send `Authorization: Bearer TOKEN` with the token given to --control-token",
    ))
}

/// Whether no foreign DNS can have led here: an address, a name without a dot (`localhost`, a
/// service of a container network), a name under `.localhost`, or the name we call ourselves.
fn is_ours(host: &str, public_url: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    let public = public_url.parse::<Uri>().ok();
    let public = public.as_ref().and_then(Uri::host);
    address.parse::<IpAddr>().is_ok()
        || !name.contains('.')
        || name.ends_with(".localhost")
        || public.is_some_and(|public| public.eq_ignore_ascii_case(name))
}

/// Whether a browser calls by a name without a dot that is not `localhost`: a page of a host that
/// the local network's DNS names so. Programs in a container network call by such names, too.
fn is_foreign_page(host: &str, headers: &HeaderMap) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let dotless =
        !name.contains('.') && !name.contains(':') && !name.eq_ignore_ascii_case("localhost");
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    dotless && (headers.contains_key(ORIGIN) || agent.starts_with("Mozilla/"))
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    #[test]
    fn a_browser_may_not_call_by_a_name_without_a_dot_and_a_program_may() {
        let page = |host: &str, name: HeaderName, value: &str| {
            let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
            is_foreign_page(host, &headers)
        };
        assert!(page("evil:8420", ORIGIN, "http://evil:8420"));
        assert!(page("evil", USER_AGENT, "Mozilla/5.0 (X11)"));
        assert!(!page("crisp-mock:8420", USER_AGENT, "node"));
        assert!(!page("localhost:8420", ORIGIN, "http://localhost:8420"));
        assert!(!page("127.0.0.1:8420", ORIGIN, "http://127.0.0.1:8420"));
        assert!(!page("[::1]:8420", USER_AGENT, "Mozilla/5.0"));
    }

    #[test]
    fn only_names_that_no_foreign_dns_can_point_here_are_ours() {
        let public = "http://mock.test:9";
        for host in [
            "127.0.0.1:1",
            "[::1]:80",
            "localhost",
            "crisp-mock:8420",
            "a.localhost:1",
            "mock.test:9",
        ] {
            assert!(is_ours(host, public), "{host}");
        }
        for host in ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "", "a b"] {
            assert!(!is_ours(host, public), "{host}");
        }
    }
}
