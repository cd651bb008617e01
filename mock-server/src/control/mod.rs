//! The control API `/_mock`: what a test does to a space besides being a plugin.
//!
//! Every call of a space exists twice, under `/_mock` for the default space and under
//! `/_mock/spaces/{space}` for the others.

mod call;
mod calls;
mod clock;
mod described;
mod error;
mod events;
mod extract;
mod faults;
mod guard;
mod hooks;
mod json;
mod openapi;
mod page;
mod requests;
mod rtm;
mod rules;
mod spaces;
mod state;
mod waiting;
mod websites;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{OriginalUri, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;

pub(crate) use error::ControlError;
pub(crate) use guard::admits;
pub use websites::settings_url;

use crate::control::call::routes;
use crate::control::extract::Chosen;
use crate::hooks::Reach;
use crate::socket::StopSignal;
use crate::spaces::{Info, Spaces};

/// What the control API works on.
#[derive(Debug)]
pub struct ControlState {
    /// Given when the server is to stop: calls that wait are let go.
    pub stopping: StopSignal,
    /// All spaces.
    pub spaces: Spaces,
    /// The address under which the server is reached.
    pub public_url: String,
    /// The token demanded from every call, if one is.
    pub control_token: Option<String>,
    /// Which addresses web hooks may go to.
    pub reach: Reach,
    /// Whether everything is seeded.
    pub ready: AtomicBool,
}

/// The routes of the control API, below `/_mock`.
pub fn router(state: Arc<ControlState>) -> Router {
    routes(calls::of_the_server())
        .merge(routes(calls::of_a_space()))
        .nest("/spaces/{space}", routes(calls::of_a_space()))
        .route("/ui/", get(page::index))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&state), guard::guard))
        .with_state(state)
}

async fn health(Chosen(_): Chosen) -> Json<serde_json::Value> {
    Json(json!({"alive": true}))
}

async fn ready(State(state): State<Arc<ControlState>>, Chosen(_): Chosen) -> Response {
    let ready = state.ready.load(Ordering::Acquire);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": ready}))).into_response()
}

async fn info(State(state): State<Arc<ControlState>>, Chosen(cell): Chosen) -> Json<Info> {
    Json(Info::of(&cell.lock(), &state.public_url))
}

async fn reset(State(state): State<Arc<ControlState>>, Chosen(cell): Chosen) -> Json<Info> {
    state.spaces.reset(&cell);
    Json(Info::of(&cell.lock(), &state.public_url))
}

async fn unknown(OriginalUri(uri): OriginalUri) -> ControlError {
    let nearest = crate::nearest::nearest(uri.path(), openapi::paths());
    let hint = match nearest {
        Some(nearest) => format!("the nearest is {nearest}"),
        None => "GET /_mock/openapi.json lists every call".to_owned(),
    };
    ControlError::not_found(format!("there is no control call {}", uri.path()), hint)
}

async fn wrong_method(method: http::Method, OriginalUri(uri): OriginalUri) -> Response {
    let error = format!("{} does not take {method}", uri.path());
    let body =
        json!({"error": error, "hint": "GET /_mock/openapi.json lists the methods of every call"});
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}
