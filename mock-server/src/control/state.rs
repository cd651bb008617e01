//! A world as a document: taken, and put back.

use axum::Json as Plain;
use serde_json::{Value, json};

use crate::control::error::ControlError;
use crate::control::extract::{Chosen, Replacement};
use crate::control::json::Json;
use crate::exact;
use crate::spaces::system_clock;
use crate::state::State;

/// `GET /_mock/state`: the dump.
pub async fn show(Chosen(cell): Chosen) -> Json<Value> {
    let mut space = cell.lock();
    let state = space.state(system_clock::outside());
    Json::of(&space, state)
}

/// `PUT /_mock/state`: the world becomes the one of the dump.
pub async fn put(
    Chosen(cell): Chosen,
    document: Replacement,
) -> Result<Plain<Value>, ControlError> {
    let document = document.read(exact::read_document)?;
    let state = State::parse(&document).map_err(|errors| {
        let all: Vec<_> = errors.iter().map(ToString::to_string).collect();
        ControlError::bad_request(
            all.join("; "),
            "GET /_mock/state shows what a dump looks like; nothing was changed",
        )
    })?;
    let websites = {
        let mut space = cell.lock();
        space.restore(&state, system_clock::outside());
        space.world.directory().installed().len()
    };
    cell.notify();
    Ok(Plain(json!({"websites": websites})))
}
