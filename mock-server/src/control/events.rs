//! Events: those that a plugin received, and those that a test sends.

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::control::error::ControlError;
use crate::control::extract::{Chosen, Order};
use crate::control::json::Json;
use crate::control::websites::{refused, write};
use crate::document::{Form, Language};
use crate::engine::EventName;
use crate::form::WebsiteName;
use crate::id::WebsiteId;
use crate::spaces::system_clock;

/// `GET /_mock/events`: what web hooks and sockets carry, as far as it is kept.
pub async fn list(Chosen(cell): Chosen) -> Json<Value> {
    let space = cell.lock();
    let outbox = &space.world.outbox;
    let events: Vec<_> = outbox.events().collect();
    Json::of(&space, json!({"events": events, "last_seq": outbox.last_seq()}))
}

/// What `POST /_mock/events` takes.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "an event"))]
pub struct Emission {
    /// Its name, as `message:send`.
    event: String,
    /// The website it speaks of; left out: the first that has the plugin.
    website_id: Option<WebsiteName>,
    /// Members of its payload; what is left out is as Crisp's events of that name have it.
    data: Option<Map<String, Value>>,
}

impl Language for Emission {
    fn forms() -> Vec<Form> {
        vec![Form::of::<WebsiteName>()]
    }
}

/// `POST /_mock/events`: something happens at Crisp that the plugin is told of.
pub async fn emit(
    Chosen(cell): Chosen,
    Order(emission): Order<Emission>,
) -> Result<(StatusCode, Json<Value>), ControlError> {
    let name: EventName = emission
        .event
        .parse()
        .map_err(|error| ControlError::bad_request(format!("event: {error}"), EventName::HINT))?;
    let body = write(&cell, |space| {
        let first = || space.world.directory().installed().first().map(|website| website.id);
        let id = emission.website_id.map(WebsiteId::from).or_else(first).ok_or_else(|| {
            ControlError::conflict(
                "no website has the plugin, so there is none that the event could speak of",
                "install it with POST /_mock/websites",
            )
        })?;
        let now = space.now(system_clock::elapsed());
        let data = emission.data.unwrap_or_default();
        let seq = space.world.emit(now, id, &name, data).map_err(refused)?;
        let event = space.world.outbox.events_after(seq.saturating_sub(1)).next();
        Ok(Json::of(space, json!(event)))
    })?;
    Ok((StatusCode::CREATED, body))
}
