//! The side door `/_mock`: what a test does to a world besides being a plugin (product surface §2).
//!
//! Every call of a space exists twice, under `/_mock` for the default space and under
//! `/_mock/spaces/{space}` for the others.

mod clock;
mod extract;
mod faults;
mod guard;
mod openapi;
mod problem;
mod requests;
mod rules;
mod spaces;
mod state;
mod websites;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;

pub use openapi::OPENAPI;
pub use websites::settings_url;

use crate::control::extract::Chosen;
use crate::control::problem::Problem;
use crate::spaces::{Info, Spaces};

/// What the control API works on.
#[derive(Debug)]
pub struct Shared {
    /// All spaces.
    pub spaces: Spaces,
    /// The address under which the server is reached.
    pub public_url: String,
    /// The token demanded from every call, if one is.
    pub control_token: Option<String>,
    /// Whether everything is seeded.
    pub ready: AtomicBool,
}

/// The routes of the control API.
pub fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .nest("/_mock", calls().merge(server_calls()))
        .nest("/_mock/spaces/{space}", calls())
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(&shared), guard::guard))
        .with_state(shared)
}

/// The calls that every space has.
fn calls() -> Router<Arc<Shared>> {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/openapi.json", get(openapi::show))
        .route("/info", get(info))
        .route("/reset", post(reset))
        .route("/websites", get(websites::list).post(websites::install))
        .route(
            "/websites/{website}",
            get(websites::show).patch(websites::change).delete(websites::uninstall),
        )
        .route("/websites/{website}/settings", put(websites::save))
        .route("/requests", get(requests::list).delete(requests::clear))
        .route("/events", get(requests::events))
        .route("/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/faults/{fault}", delete(faults::remove))
        .route("/clock", get(clock::show).post(clock::step))
        .route("/schema", get(rules::schema).put(rules::set_schema))
        .route("/quirks", get(rules::quirks).put(rules::set_quirks))
        .route("/quota", get(rules::quota).put(rules::set_quota))
        .route("/state", get(state::show).put(state::put))
}

/// The calls that the server has once.
fn server_calls() -> Router<Arc<Shared>> {
    Router::new()
        .route("/spaces", get(spaces::list).post(spaces::make))
        .route("/spaces/{space}", delete(spaces::remove))
}

async fn health(Chosen(_): Chosen) -> Json<serde_json::Value> {
    Json(json!({"alive": true}))
}

async fn ready(State(shared): State<Arc<Shared>>, Chosen(_): Chosen) -> Response {
    let ready = shared.ready.load(Ordering::Acquire);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": ready}))).into_response()
}

async fn info(State(shared): State<Arc<Shared>>, Chosen(cell): Chosen) -> Json<Info> {
    Json(Info::of(&cell.lock(), &shared.public_url))
}

async fn reset(State(shared): State<Arc<Shared>>, Chosen(cell): Chosen) -> Json<Info> {
    shared.spaces.reset(&cell);
    Json(Info::of(&cell.lock(), &shared.public_url))
}

async fn unknown(uri: http::Uri) -> Problem {
    let calls = openapi::paths();
    let nearest = crate::nearest::nearest(uri.path(), calls.iter().map(String::as_str));
    let hint = match nearest {
        Some(nearest) => format!("the nearest is {nearest}"),
        None => "GET /_mock/openapi.json lists every call".to_owned(),
    };
    Problem::not_found(format!("there is no control call {}", uri.path()), hint)
}

async fn wrong_method(method: http::Method, uri: http::Uri) -> Response {
    let error = format!("{} does not take {method}", uri.path());
    let body =
        json!({"error": error, "hint": "GET /_mock/openapi.json lists the methods of every call"});
    (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response()
}
