//! The world's clock.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Mode;
use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::control::extract::{Chosen, Order};
use crate::document::{Form, Language};
use crate::duration;
use crate::form::Date;
use crate::space::Space;
use crate::spaces::{SharedSpace, system_clock};

/// `GET /_mock/clock`
pub async fn show(Chosen(cell): Chosen) -> Json<Value> {
    Json(describe(&cell.lock()))
}

/// What `POST /_mock/clock` takes: one step.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "a step of the clock"))]
pub struct Step {
    /// 20s: elapsed and wall time
    advance: Option<String>,
    /// -60s: wall time alone
    skew: Option<String>,
    /// wall time alone
    set: Option<Date>,
    /// whether `advance` stops at each delivery of a web hook that falls due and waits for its answer,
    /// under a manual clock; true without it
    settle: Option<bool>,
}

impl Language for Step {
    fn forms() -> Vec<Form> {
        vec![Form::of::<Date>()]
    }
}

/// `POST /_mock/clock`: moves it; requests before and after see one clock each.
pub async fn step(
    State(state): State<Arc<ControlState>>,
    Chosen(cell): Chosen,
    Order(step): Order<Step>,
) -> Result<Json<Value>, ControlError> {
    let invalid =
        |error: String| ControlError::bad_request(error, "send one of advance, skew and set");
    if step.settle.is_some() && step.advance.is_none() {
        return Err(invalid("`settle` says more about `advance`, which is missing".to_owned()));
    }
    match (step.advance, step.skew, step.set) {
        (Some(by), None, None) => {
            let by = duration::parse(&by).map_err(|error| invalid(error.to_string()))?;
            if step.settle.unwrap_or(true) {
                // A server that stops carries no delivery out any more: nothing would settle.
                state.stopping.clone().or_stopped(advance_by_deliveries(&cell, by)).await;
            } else {
                cell.lock().clock.advance(by);
            }
        }
        (None, Some(by), None) => {
            let by = duration::parse_signed(&by).map_err(|error| invalid(error.to_string()))?;
            cell.lock().clock.skew(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
        }
        (None, None, Some(Date(to))) => cell.lock().clock.set(to, system_clock::elapsed()),
        _ => return Err(invalid("a clock takes one step at a time".to_owned())),
    }
    cell.notify();
    let described = describe(&cell.lock());
    Ok(Json(described))
}

/// Advances a manual clock to each delivery of a web hook that falls due, waits for the answer, which
/// may make another due, and goes on to the end of the step. Without hooks it is one step.
async fn advance_by_deliveries(cell: &SharedSpace, by: Duration) {
    let (life, end) = {
        let mut space = cell.lock();
        let now = space.now(system_clock::elapsed()).elapsed;
        if space.clock.mode() == Mode::Real || space.hooks.is_empty() {
            space.clock.advance(by);
            return;
        }
        (cell.life(), now.saturating_add(by))
    };
    loop {
        cell.hooks_settled(life).await;
        {
            let mut space = cell.lock();
            if cell.life() != life {
                return; // a reset has ended the time that was to pass
            }
            let now = space.now(system_clock::elapsed()).elapsed;
            let next = space.hooks.next_due().filter(|due| *due > now && *due <= end);
            space.clock.advance(next.unwrap_or(end).saturating_sub(now));
            if next.is_none() {
                return;
            }
        }
        cell.notify();
    }
}

fn describe(space: &Space) -> Value {
    let now = space.now(system_clock::elapsed());
    json!({
        "now": now.wall.to_string(),
        "mode": space.clock.mode(),
        "elapsed_ms": u64::try_from(now.elapsed.as_millis()).unwrap_or(u64::MAX),
    })
}
