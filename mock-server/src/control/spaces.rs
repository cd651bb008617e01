//! Fresh isolated worlds in the same server.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::control::extract::Body;
use crate::duration;
use crate::options::{Blueprint, DEFAULT_EXPIRY, WorldOptions};
use crate::space::DEFAULT;
use crate::spaces::Info;

/// `GET /_mock/spaces`: their names.
pub async fn list(State(state): State<Arc<ControlState>>) -> Json<Value> {
    Json(json!({"spaces": state.spaces.names()}))
}

/// `POST /_mock/spaces`: a fresh world. Options that the body leaves out are the server's own,
/// credentials and faults excepted.
pub async fn make(
    State(state): State<Arc<ControlState>>,
    Body(mut body): Body<Map<String, Value>>,
) -> Result<(StatusCode, Json<Info>), ControlError> {
    let name = take_text(&mut body, "name")?;
    if let Some(name) = &name {
        check_name(name)?;
    }
    let expires = match take_text(&mut body, "expires")? {
        Some(text) => duration::parse(&text).map_err(|error| invalid(error.to_string()))?,
        None => DEFAULT_EXPIRY,
    };
    let asked: WorldOptions =
        serde_json::from_value(Value::Object(body)).map_err(|error| invalid(error.to_string()))?;
    let server = state.spaces.default_space().lock().blueprint().options.clone();
    let blueprint = Blueprint::new(inherit(asked, server)).map_err(|errors| {
        let all: Vec<_> = errors.iter().map(ToString::to_string).collect();
        invalid(all.join("; "))
    })?;
    let cell = state.spaces.make(name, blueprint, expires).map_err(|taken| {
        ControlError::conflict(taken.to_string(), "GET /_mock/spaces lists the spaces there are")
    })?;
    let info = Info::of(&cell.lock(), &state.public_url);
    Ok((StatusCode::CREATED, Json(info)))
}

/// What is asked for, over what the server itself was started with.
fn inherit(asked: WorldOptions, server: WorldOptions) -> WorldOptions {
    // A space that names a profile or quirks of its own starts from the defaults, not from ours.
    let own_quirks = asked.profile.is_some() || asked.quirks.is_some();
    // A dump of its own says most of what could be inherited, and other websites leave ours out.
    if asked.state.is_some() {
        return WorldOptions { settings_url: asked.settings_url.or(server.settings_url), ..asked };
    }
    let own_websites =
        asked.websites.is_some() || asked.unconfigured.is_some() || asked.seed.is_some();
    WorldOptions {
        websites: asked.websites.or(server.websites),
        unconfigured: asked
            .unconfigured
            .or(server.unconfigured.filter(|_| asked.websites.is_none())),
        seed: asked.seed.or(server.seed),
        schema: asked.schema.or(server.schema),
        identifier: asked.identifier,
        key: asked.key,
        quota: asked.quota.or(server.quota),
        page_size: asked.page_size.or(server.page_size),
        profile: asked.profile.or(server.profile.filter(|_| !own_quirks)),
        quirks: asked.quirks.or(server.quirks.filter(|_| !own_quirks)),
        clock: asked.clock.or(server.clock),
        now: asked.now.or(server.now),
        settings_url: asked.settings_url.or(server.settings_url),
        stub: if asked.stub.is_empty() { server.stub } else { asked.stub },
        faults: asked.faults,
        state: server.state.filter(|_| !own_websites),
    }
}

fn take_text(body: &mut Map<String, Value>, key: &str) -> Result<Option<String>, ControlError> {
    match body.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(invalid(format!("`{key}` has to be a text, and is {other}"))),
    }
}

fn check_name(name: &str) -> Result<(), ControlError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name != DEFAULT && (1..=64).contains(&name.len()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(invalid(format!(
        "`{name}` does not fit as a space's name: use 1 to 64 letters, digits, `-`, `_`, `.`"
    )))
}

fn invalid(error: String) -> ControlError {
    ControlError::bad_request(
        error,
        "the body takes the server options, `name` and `expires`; no space was made",
    )
}

/// The schema of the body of [`make`]: the options of a world, and the space's own two.
pub(super) fn body_schema() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<WorldOptions>().to_value();
    let properties = &mut schema["properties"];
    properties["name"] = json!({ "type": "string" });
    properties["expires"] =
        json!({ "type": "string", "description": "For how long it may go unused (10m)." });
    properties["now"]["format"] = "date-time".into();
    for (option, component) in [("quirks", "Quirks"), ("state", "State")] {
        properties[option]["$ref"] = format!("#/components/schemas/{component}").into();
    }
    json!({
        "type": "object",
        "properties": properties.take(),
        "additionalProperties": false,
    })
}

/// `DELETE /_mock/spaces/{name}`: tears it down.
pub async fn remove(
    State(state): State<Arc<ControlState>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, ControlError> {
    if name == DEFAULT {
        return Err(ControlError::conflict(
            "the default space cannot be removed",
            "POST /_mock/reset empties it",
        ));
    }
    if state.spaces.remove(&name) {
        return Ok(Json(json!({"removed": name})));
    }
    Err(ControlError::not_found(
        format!("there is no space called `{name}`"),
        "GET /_mock/spaces lists them",
    ))
}
