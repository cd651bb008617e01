//! What the control API answers when it cannot carry a call out.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// An error with a hint: `{"error": "…", "hint": "…"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlError {
    status: StatusCode,
    error: String,
    hint: String,
}

impl ControlError {
    /// An error with this status.
    pub fn new(status: StatusCode, error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status, error: error.into(), hint: hint.into() }
    }

    /// The request cannot be understood.
    pub fn bad_request(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error: error.into(), hint: hint.into() }
    }

    /// What it speaks of does not exist.
    pub fn not_found(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, error: error.into(), hint: hint.into() }
    }

    /// It contradicts the state.
    pub fn conflict(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, error: error.into(), hint: hint.into() }
    }

    /// More would be kept than a server keeps (module [`bounds`](crate::bounds)).
    pub fn too_much(error: impl Into<String>) -> Self {
        let hint = "nothing was changed; POST /_mock/reset starts the world anew";
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, error: error.into(), hint: hint.to_owned() }
    }

    /// The caller may not do that.
    pub fn forbidden(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: StatusCode::FORBIDDEN, error: error.into(), hint: hint.into() }
    }

    /// The call has no token.
    pub fn unauthorized(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, error: error.into(), hint: hint.into() }
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({"error": self.error, "hint": self.hint}))).into_response()
    }
}
