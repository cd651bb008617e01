//! The fault plan at work.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

use crate::bounds;
use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::control::extract::{Body, Chosen, Names, Order};
use crate::control::rules::Written;
use crate::document::{self, Document, Problem};
use crate::fault::{FaultId, FaultPlan};
use crate::spaces::{SharedSpace, system_clock};

/// `GET /_mock/faults`: every armed fault, and how often it fired.
pub async fn list(Chosen(cell): Chosen) -> Json<Value> {
    Json(json!({"faults": cell.lock().faults.list()}))
}

/// `POST /_mock/faults`: one fault or a list of them.
pub async fn add(
    Chosen(cell): Chosen,
    Body(faults): Body,
) -> Result<(StatusCode, Json<Value>), ControlError> {
    let plan = FaultPlan::parse_for_server(&faults).map_err(|errors| refused(&errors))?;
    arm(&cell, plan)
}

/// `POST /_mock/faults/plan`: a plan as a file has it, in YAML or JSON.
pub async fn add_plan(
    Chosen(cell): Chosen,
    Order(Written { text }): Order<Written>,
) -> Result<(StatusCode, Json<Value>), ControlError> {
    let invalid = |invalid: document::Invalid| {
        let hint = "docs/faults.md shows every fault with an example; none was armed";
        ControlError::bad_request(invalid.to_string(), hint)
    };
    let document = Document::parse("plan", text).map_err(invalid)?;
    let plan = FaultPlan::parse_for_server(&document.value());
    arm(&cell, plan.map_err(|problems| invalid(document.invalid(problems)))?)
}

fn arm(cell: &SharedSpace, plan: FaultPlan) -> Result<(StatusCode, Json<Value>), ControlError> {
    let ids = {
        let mut space = cell.lock();
        if space.faults.armed() + plan.faults.len() > bounds::FAULTS {
            return Err(ControlError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "{} faults are armed, and a space takes {}",
                    space.faults.armed(),
                    bounds::FAULTS
                ),
                "nothing was armed; DELETE /_mock/faults disarms all, with a number one",
            ));
        }
        let elapsed = space.now(system_clock::elapsed()).elapsed;
        space.faults.add(plan, elapsed)
    };
    cell.notify();
    Ok((StatusCode::CREATED, Json(json!({"ids": ids}))))
}

/// `DELETE /_mock/faults`: all of them.
pub async fn clear(State(state): State<Arc<ControlState>>, Chosen(cell): Chosen) -> Json<Value> {
    let removed = {
        let mut space = cell.lock();
        let removed = space.faults.list();
        space.faults.clear();
        removed
    };
    state.spaces.ended().add_unfired(cell.name(), &removed);
    Json(json!({"removed": removed.len()}))
}

/// `DELETE /_mock/faults/{id}`: one.
pub async fn remove(
    State(state): State<Arc<ControlState>>,
    Chosen(cell): Chosen,
    names: Names,
) -> Result<Json<Value>, ControlError> {
    let text = names.get("fault");
    let id: Option<FaultId> = text.parse().ok();
    let mut removed = cell.lock().faults.list();
    removed.retain(|report| Some(report.id) == id);
    match id.filter(|id| cell.lock().faults.remove(*id)) {
        Some(id) => {
            state.spaces.ended().add_unfired(cell.name(), &removed);
            Ok(Json(json!({"removed": 1, "id": id})))
        }
        None => Err(ControlError::not_found(
            format!("there is no fault `{text}`"),
            "GET /_mock/faults lists the armed ones with their ids",
        )),
    }
}

fn refused(problems: &[Problem]) -> ControlError {
    ControlError::bad_request(
        document::list(problems),
        "docs/faults.md shows every fault with an example; none was armed",
    )
}
