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
    /// What is wrong at which place of the settings: JSON pointer and message.
    problems: Vec<(String, String)>,
}

impl ControlError {
    /// An error with this status.
    pub fn new(status: StatusCode, error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status, error: error.into(), hint: hint.into(), problems: Vec::new() }
    }

    /// The request cannot be understood.
    pub fn bad_request(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, hint)
    }

    /// What it speaks of does not exist.
    pub fn not_found(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error, hint)
    }

    /// It contradicts the state.
    pub fn conflict(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, error, hint)
    }

    /// Says of each place of the settings what is wrong there.
    pub fn with_problems(mut self, problems: impl Iterator<Item = (String, String)>) -> Self {
        self.problems = problems.collect();
        self
    }

    /// More would be kept than a server keeps (module [`bounds`](crate::bounds)).
    pub fn too_much(error: impl Into<String>) -> Self {
        let hint = "nothing was changed; POST /_mock/reset starts the world anew";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error, hint)
    }

    /// The caller may not do that.
    pub fn forbidden(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, error, hint)
    }

    /// The call has no token.
    pub fn unauthorized(error: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error, hint)
    }
}

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        let mut body = json!({"error": self.error, "hint": self.hint});
        if !self.problems.is_empty() {
            let problems = self.problems.iter();
            let problems = problems.map(|(at, what)| json!({"pointer": at, "message": what}));
            body["problems"] = problems.collect();
        }
        (self.status, Json(body)).into_response()
    }
}
