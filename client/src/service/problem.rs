//! What a request is answered with that cannot be served: what happened, and what to do next.

use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::body::Body;
use crate::WebsiteId;
use crate::machine::Status;

/// A refusal, as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    header: Option<Box<(HeaderName, HeaderValue)>>,
    words: Words,
}

#[derive(Clone, Debug, Serialize)]
struct Words {
    /// For programs.
    reason: &'static str,
    /// For people.
    message: String,
    /// What to do next.
    hint: String,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        reason: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let words = Words { reason, message: message.into(), hint: hint.into() };
        Self { status, header: None, words }
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    pub(super) fn again_after(self, seconds: u64) -> Self {
        self.with(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// There is no set yet.
    pub(super) fn loading(status: Option<&Status>) -> Self {
        let error = status.and_then(|status| status.last_error.as_deref());
        let message = match error {
            Some(error) => {
                format!("the first list is being read; the last attempt failed: {error}")
            }
            None => "the first list is being read".to_owned(),
        };
        let hint = "ask again in a second, or wait for `GET /readyz` to answer 200";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "loading", message, hint).again_after(1)
    }

    pub(super) fn not_installed(id: WebsiteId) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_installed",
            format!("the website {id} does not have the plugin installed, as far as is known now"),
            "one that has just installed it is here after the next poll: `GET /status` says when",
        )
    }

    pub(super) fn method(allowed: &'static str) -> Self {
        let message = format!("this address understands {allowed}");
        let hint = "docs/service.md has all routes";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, hint)
            .with(ALLOW, HeaderValue::from_static(allowed))
    }

    pub(super) fn forbidden(message: String, hint: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message, hint)
    }

    pub(super) fn unauthorized() -> Self {
        let message = "this service demands its token";
        let hint = "send `Authorization: Bearer TOKEN` with the token that it was started with";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message, hint)
            .with(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    pub(super) fn busy(message: &str) -> Self {
        let hint = "ask again in a second";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message, hint).again_after(1)
    }

    pub(super) fn response(&self) -> Response<Body> {
        #[derive(Serialize)]
        struct Form<'a> {
            error: &'a Words,
        }
        let mut response = Response::new(Body::json(&Form { error: &self.words }));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        if let Some((name, value)) = self.header.as_deref() {
            response.headers_mut().insert(name, value.clone());
        }
        response
    }
}
