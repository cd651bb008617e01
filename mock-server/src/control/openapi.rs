//! The description of the control API, kept as data; a test holds it against the routes.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use serde_json::Value;

/// The OpenAPI document.
pub const OPENAPI: &str = include_str!("openapi.json");

/// `GET /_mock/openapi.json`
pub async fn show() -> Response {
    ([(CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

/// The paths it describes.
pub(super) fn paths() -> Vec<String> {
    let document: Value = serde_json::from_str(OPENAPI).unwrap_or_default();
    let paths = document.get("paths").and_then(Value::as_object);
    paths
        .map(|paths| paths.keys().cloned().collect())
        .unwrap_or_default()
}
