//! The sockets of the RTM API: shown, waited for, and ended.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::control::extract::{Asked, Chosen, Names};
use crate::control::waiting::{found, patience};
use crate::spaces::SharedSpace;

/// What `GET /_mock/rtm` is asked.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Question {
    live: Option<usize>,
    wait: Option<String>,
}

/// `GET /_mock/rtm`: the sockets that are open. With `wait` the call is held until as many as `live`
/// says are authenticated (one without it), or the server stops.
pub async fn list(
    State(state): State<Arc<ControlState>>,
    Chosen(cell): Chosen,
    Asked(question): Asked<Question>,
) -> Result<Json<Value>, ControlError> {
    let wait = patience(question.wait.as_deref())?;
    if !wait.is_zero() {
        let wanted = question.live.unwrap_or(1);
        let enough = || (cell.lock().sockets.live() == wanted).then_some(());
        found(&state, &cell, wait, enough).await;
    }
    Ok(Json(body(&cell)))
}

fn body(cell: &SharedSpace) -> Value {
    let space = cell.lock();
    json!({"sockets": space.sockets.list(), "live": space.sockets.live()})
}

/// `DELETE /_mock/rtm/{sid}`: ends one, as a network does that fails: the client may connect again.
pub async fn kick(Chosen(cell): Chosen, names: Names) -> Result<Json<Value>, ControlError> {
    let sid = names.get("sid");
    let kicked = cell.lock().sockets.kick(sid);
    cell.notify();
    if kicked {
        return Ok(Json(json!({"kicked": 1, "sid": sid})));
    }
    Err(ControlError::not_found(
        format!("there is no socket `{}`", sid.chars().take(60).collect::<String>()),
        "GET /_mock/rtm lists those that are open",
    ))
}

/// `DELETE /_mock/rtm`: ends all.
pub async fn kick_all(Chosen(cell): Chosen) -> Json<Value> {
    let kicked = cell.lock().sockets.kick_all();
    cell.notify();
    Json(json!({"kicked": kicked}))
}
