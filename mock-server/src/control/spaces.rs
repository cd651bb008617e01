//! Fresh isolated worlds in the same server.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::control::extract::{Names, Order};
use crate::document::{Form, Language};
use crate::form::Span;
use crate::options::{self, Blueprint, DEFAULT_EXPIRY, WorldOptions};
use crate::sender;
use crate::space::DEFAULT;
use crate::spaces::{Info, is_space_name};

/// `GET /_mock/spaces`: their names.
pub async fn list(State(state): State<Arc<ControlState>>) -> Json<Value> {
    Json(json!({"spaces": state.spaces.names()}))
}

/// The body of [`make`].
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false, "x-name" = "the body"))]
pub struct NewSpace {
    /// What the space is called; the server chooses a name when there is none.
    name: Option<String>,
    /// For how long it may go unused (10m).
    expires: Option<Span>,
    #[serde(flatten)]
    world: WorldOptions,
}

impl Language for NewSpace {
    fn forms() -> Vec<Form> {
        options::forms()
    }
}

/// `POST /_mock/spaces`: a fresh world. Options that the body leaves out are the server's own,
/// credentials, hooks and faults excepted.
pub async fn make(
    State(state): State<Arc<ControlState>>,
    Order(asked): Order<NewSpace>,
) -> Result<(StatusCode, Json<Info>), ControlError> {
    if let Some(name) = &asked.name {
        check_name(name)?;
    }
    let expires = asked.expires.map_or(DEFAULT_EXPIRY, Duration::from);
    let server = state.spaces.default_space().lock().blueprint().options.clone();
    if let Some(error) = options::unreachable_hook(&asked.world, state.reach) {
        return Err(invalid(error.to_string()));
    }
    let blueprint = Blueprint::new(inherit(asked.world, server)).map_err(|errors| {
        let all: Vec<_> = errors.iter().map(ToString::to_string).collect();
        invalid(all.join("; "))
    })?;
    let cell = state.spaces.make(asked.name, blueprint, expires).map_err(|taken| {
        ControlError::conflict(taken.to_string(), "GET /_mock/spaces lists the spaces there are")
    })?;
    sender::start(&cell, state.reach, state.stopping.clone());
    let info = Info::of(&cell.lock(), &state.public_url);
    Ok((StatusCode::CREATED, Json(info)))
}

/// What is asked for, over what the server itself was started with.
fn inherit(asked: WorldOptions, server: WorldOptions) -> WorldOptions {
    let mut base = server;
    (base.identifier, base.key, base.faults) = (None, None, None);
    // Each space signs with a secret of its own, which the receiver of the server's does not know.
    base.hook = Vec::new();
    // A space that names a profile or quirks of its own starts from the defaults, not from ours.
    if asked.profile.is_some() || asked.quirks.is_some() {
        (base.profile, base.quirks) = (None, None);
    }
    // A dump of its own says most of what could be inherited, and other websites leave ours out.
    if asked.state.is_some() {
        base = WorldOptions { settings_url: base.settings_url, ..WorldOptions::default() };
    } else if asked.websites.is_some() || asked.unconfigured.is_some() || asked.seed.is_some() {
        base.state = None;
    }
    if asked.websites.is_some() {
        base.unconfigured = None;
    }
    asked.over(base)
}

fn check_name(name: &str) -> Result<(), ControlError> {
    if name != DEFAULT && is_space_name(name) {
        return Ok(());
    }
    Err(invalid(format!(
        "`{name}` does not fit as a space's name: use 1 to 64 letters, digits, `-`, `_`, `.`, and \
         not dots alone"
    )))
}

fn invalid(error: String) -> ControlError {
    ControlError::bad_request(
        error,
        "the body takes the server options, `name` and `expires`; no space was made",
    )
}

/// `DELETE /_mock/spaces/{name}`: tears it down.
pub async fn remove(
    State(state): State<Arc<ControlState>>,
    names: Names,
) -> Result<Json<Value>, ControlError> {
    let name = names.get("space");
    if name == DEFAULT {
        return Err(ControlError::conflict(
            "the default space cannot be removed",
            "POST /_mock/reset empties it",
        ));
    }
    if state.spaces.remove(name) {
        return Ok(Json(json!({"removed": name})));
    }
    Err(ControlError::not_found(
        format!("there is no space called `{name}`"),
        "GET /_mock/spaces lists them",
    ))
}
