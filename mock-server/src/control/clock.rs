//! The world's clock.

use axum::Json;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::error::ControlError;
use crate::control::extract::{Chosen, Order};
use crate::document::{Form, Language};
use crate::duration;
use crate::form::Date;
use crate::space::Space;
use crate::spaces::system_clock;

/// `GET /_mock/clock`
pub async fn show(Chosen(cell): Chosen) -> Json<Value> {
    Json(describe(&cell.lock()))
}

/// What `POST /_mock/clock` takes: one step.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "a step of the clock"))]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct Step {
    /// 20s: elapsed and wall time
    advance: Option<String>,
    /// -60s: wall time alone
    skew: Option<String>,
    /// wall time alone
    set: Option<Date>,
}

impl Language for Step {
    fn forms() -> Vec<Form> {
        vec![Form::of::<Date>()]
    }
}

/// `POST /_mock/clock`: moves it; requests before and after see one clock each.
pub async fn step(
    Chosen(cell): Chosen,
    Order(step): Order<Step>,
) -> Result<Json<Value>, ControlError> {
    let invalid =
        |error: String| ControlError::bad_request(error, "send one of advance, skew and set");
    let described = {
        let mut space = cell.lock();
        match (step.advance, step.skew, step.set) {
            (Some(by), None, None) => {
                let by = duration::parse(&by).map_err(|error| invalid(error.to_string()))?;
                space.clock.advance(by);
            }
            (None, Some(by), None) => {
                let by = duration::parse_signed(&by).map_err(|error| invalid(error.to_string()))?;
                space.clock.skew(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
            }
            (None, None, Some(Date(to))) => space.clock.set(to, system_clock::elapsed()),
            _ => return Err(invalid("a clock takes one step at a time".to_owned())),
        }
        describe(&space)
    };
    cell.notify();
    Ok(Json(described))
}

fn describe(space: &Space) -> Value {
    let now = space.now(system_clock::elapsed());
    json!({
        "now": now.wall.to_string(),
        "mode": space.clock.mode(),
        "elapsed_ms": u64::try_from(now.elapsed.as_millis()).unwrap_or(u64::MAX),
    })
}
