//! Web hooks, as a test reads and repeats their deliveries.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use strum::VariantNames as _;

use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::control::extract::{Asked, Chosen, Names};
use crate::control::waiting::{found, patience};
use crate::hooks::{self, Attempt, Delivery, DeliveryId, NotSent, Outcome, Reach};
use crate::id::WebsiteId;
use crate::spaces::{SharedSpace, system_clock};

/// The longest body that a listed delivery shows.
const LONGEST_SHOWN: usize = 8 << 10;

/// `GET /_mock/hooks`: where events go, and the secret by which the plugin checks them.
pub async fn list(State(state): State<Arc<ControlState>>, Chosen(cell): Chosen) -> Json<Value> {
    let space = cell.lock();
    let hooks: Vec<_> = space
        .hooks
        .hooks()
        .map(|(hook, suspended)| json!({ "hook": hook, "suspended": suspended }))
        .collect();
    let anywhere = state.reach == Reach::Anywhere;
    Json(json!({ "hooks": hooks, "secret": space.plugin().secret, "anywhere": anywhere }))
}

/// What `GET /_mock/hooks/deliveries` is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    #[serde(default)]
    since_id: u64,
    event: Option<String>,
    website: Option<String>,
    state: Option<String>,
    wait: Option<String>,
}

struct Filter {
    question: Question,
    website: Option<WebsiteId>,
}

impl Filter {
    fn lets_through(&self, delivery: &Delivery) -> bool {
        let Question { since_id, event, state, .. } = &self.question;
        delivery.id.0 > *since_id
            && event.as_ref().is_none_or(|event| *event == delivery.event)
            && state.as_ref().is_none_or(|state| *state == delivery.state.to_string())
            && self.website.is_none_or(|website| website == delivery.website_id)
    }
}

/// `GET /_mock/hooks/deliveries`: what became of each, as far as a filter lets it through; `wait` holds
/// the call until one does, or the server stops.
pub async fn deliveries(
    State(state): State<Arc<ControlState>>,
    Chosen(cell): Chosen,
    Asked(question): Asked<Question>,
) -> Result<Json<Value>, ControlError> {
    let wait = patience(question.wait.as_deref())?;
    let website = question.website.as_deref().map(str::parse).transpose();
    let website = website.map_err(|error: crate::id::InvalidWebsiteId| {
        ControlError::bad_request(error.to_string(), "GET /_mock/websites lists them")
    })?;
    if let Some(given) =
        question.state.as_deref().filter(|given| !hooks::State::VARIANTS.contains(given))
    {
        return Err(ControlError::bad_request(
            format!("`{}` is no state of a delivery", given.chars().take(60).collect::<String>()),
            format!("choose one of {}", hooks::State::VARIANTS.join(", ")),
        ));
    }
    let filter = Filter { question, website };
    let found = found(&state, &cell, wait, || matching(&cell, &filter)).await;
    Ok(Json(found.unwrap_or_else(|| body(&cell, Vec::new()))))
}

fn matching(cell: &SharedSpace, filter: &Filter) -> Option<Value> {
    let found: Vec<_> = {
        let space = cell.lock();
        let deliveries = space.hooks.deliveries().filter(|one| filter.lets_through(one));
        deliveries.map(shown).collect()
    };
    (!found.is_empty()).then(|| body(cell, found))
}

fn body(cell: &SharedSpace, deliveries: Vec<Value>) -> Value {
    let lost = cell.lock().hooks.lost();
    json!({ "count": deliveries.len(), "deliveries": deliveries, "lost": lost })
}

fn shown(delivery: &Delivery) -> Value {
    let body = &delivery.signed.body;
    let shown = (body.len() <= LONGEST_SHOWN).then(|| String::from_utf8_lossy(body));
    json!({
        "id": delivery.id,
        "hook": *delivery.to,
        "event": delivery.event,
        "event_seq": delivery.event_seq,
        "website_id": delivery.website_id,
        "website": delivery.website_id.short(),
        "state": delivery.state.to_string(),
        "due_ms": delivery.due().map(system_clock::in_millis),
        "attempts": delivery.attempts.iter().map(attempt).collect::<Vec<_>>(),
        "attempt_limit": delivery.limit,
        "timestamp": delivery.signed.timestamp,
        "signature": delivery.signed.signature,
        "bytes": body.len(),
        "body": shown,
        "forgery": delivery.forgery.map(|forgery| forgery.name()),
        "faults": delivery.faults,
    })
}

fn attempt(attempt: &Attempt) -> Value {
    let ended = attempt.ended.as_ref();
    let outcome = ended.map(|ended| &ended.outcome);
    json!({
        "count": attempt.count,
        "elapsed_ms": attempt.elapsed_ms,
        "outcome": outcome.map_or("under_way", Outcome::name),
        "status": outcome.and_then(Outcome::status),
        "error": outcome.and_then(Outcome::error),
        "took_ms": ended.map(|ended| ended.took_ms),
        "answer": ended.map(|ended| &ended.answer),
    })
}

/// `POST /_mock/hooks/deliveries/{delivery}/redeliver`: one more attempt is due now.
pub async fn redeliver(Chosen(cell): Chosen, names: Names) -> Result<Json<Value>, ControlError> {
    let text = names.get("delivery");
    let id = text.parse().map(DeliveryId).map_err(|_| {
        let error = format!("`{text}` is not the number of a delivery");
        ControlError::bad_request(error, "GET /_mock/hooks/deliveries lists them")
    })?;
    let again = cell.lock().redeliver(id, system_clock::elapsed());
    again.map_err(|error| match error {
        NotSent::Unknown => {
            ControlError::not_found(error.to_string(), "GET /_mock/hooks/deliveries lists them")
        }
        NotSent::NotOver => ControlError::conflict(
            error.to_string(),
            "wait for it with GET /_mock/hooks/deliveries?state=failed&wait=30s, or move the clock",
        ),
        NotSent::TooOften => {
            ControlError::conflict(error.to_string(), "POST /_mock/events sends a new event")
        }
    })?;
    cell.notify();
    Ok(Json(json!({ "id": id, "redelivered": true })))
}

/// `POST /_mock/hooks/resume`: suspended hooks are switched on again.
pub async fn resume(Chosen(cell): Chosen) -> Json<Value> {
    let resumed = cell.lock().hooks.resume();
    Json(json!({ "resumed": resumed }))
}
