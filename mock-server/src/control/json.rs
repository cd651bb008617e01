//! Answers that hold settings: their numbers stand there as everywhere else.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde::Serialize;

use crate::engine::numbers;
use crate::quirks::Numbers;
use crate::space::Space;

/// A JSON body, with numbers as quirk `numbers` of its space has them.
pub struct Json<T>(Numbers, T);

impl<T> Json<T> {
    /// A body about this space.
    pub(super) fn of(space: &Space, body: T) -> Self {
        Self(space.world.quirks.numbers, body)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/json");
        match numbers::json(&self.1, self.0) {
            Some(text) => ([(CONTENT_TYPE, kind)], text).into_response(),
            None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
