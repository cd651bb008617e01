//! The journal, for tests to read: "was this called?"

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::control::extract::{Asked, Chosen, Names};
use crate::control::waiting::patience;
use crate::id::WebsiteId;
use crate::journal::{Entry, Filter};
use crate::operation::Operation;
use crate::spaces::SharedSpace;

/// What `GET /_mock/requests` is asked.
#[derive(Debug, Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct Question {
    operation: Option<String>,
    #[serde(default)]
    since_seq: u64,
    before_seq: Option<u64>,
    method: Option<String>,
    status: Option<u16>,
    website: Option<String>,
    path: Option<String>,
    limit: Option<usize>,
    wait: Option<String>,
}

impl Question {
    fn filter(&self) -> Result<Filter, ControlError> {
        let operation = self.operation.as_deref().map(operation).transpose()?;
        let website: Option<WebsiteId> =
            self.website.as_deref().map(str::parse).transpose().map_err(|error| {
                ControlError::bad_request(format!("{error}"), "GET /_mock/websites lists them")
            })?;
        if self.status.is_some_and(|status| !(100..=599).contains(&status)) {
            return Err(ControlError::bad_request(
                "no answer has that status",
                "send `status=503`",
            ));
        }
        Ok(Filter {
            operation,
            since_seq: self.since_seq,
            before_seq: self.before_seq,
            method: self.method.clone(),
            status: self.status,
            website,
            path: self.path.clone(),
        })
    }
}

fn operation(name: &str) -> Result<Operation, ControlError> {
    name.parse().map_err(|error| {
        let names = Operation::ALL.map(Operation::name);
        let nearest = crate::nearest::nearest(name, names);
        let hint = match nearest {
            Some(nearest) => format!("the nearest is `{nearest}`"),
            None => format!("the operations are {}", names.join(", ")),
        };
        ControlError::bad_request(format!("{error}"), hint)
    })
}

/// `GET /_mock/requests`: what was asked, as far as a filter lets it through; `wait` holds the call
/// until something does, or the server stops.
pub async fn list(
    State(state): State<Arc<ControlState>>,
    Chosen(cell): Chosen,
    Asked(question): Asked<Question>,
) -> Result<Json<Value>, ControlError> {
    let filter = question.filter()?;
    let wait = patience(question.wait.as_deref())?;
    let limit = question.limit.unwrap_or(usize::MAX);
    let mut found = answer(&cell, &filter, limit);
    if found.is_none() && !wait.is_zero() {
        let call = cell.wait_for(filter.clone());
        let matched = async {
            loop {
                // What came before the call began to wait is found by the first look.
                if let Some(found) = answer(&cell, &filter, limit) {
                    return found;
                }
                call.matched().await;
            }
        };
        // The wait is the caller's own patience, so it is real time under any clock.
        let patient = tokio::time::timeout(wait, matched);
        found = state.stopping.clone().or_stopped(patient).await.and_then(Result::ok);
    }
    Ok(Json(found.unwrap_or_else(|| body(&cell, Vec::new(), 0))))
}

/// The answer, if the filter lets anything through.
fn answer(cell: &SharedSpace, filter: &Filter, limit: usize) -> Option<Value> {
    let (entries, matched) = {
        let space = cell.lock();
        let matched = space.journal.entries(filter).count();
        let newest: Vec<Entry> = space.journal.entries(filter).rev().take(limit).cloned().collect();
        (newest, matched)
    };
    (matched > 0).then(|| body(cell, entries, matched))
}

fn body(cell: &SharedSpace, mut entries: Vec<Entry>, matched: usize) -> Value {
    entries.reverse();
    let space = cell.lock();
    json!({
        "requests": entries,
        "count": matched,
        "dropped": space.journal.dropped(),
        "total": space.journal.total(),
        "last_seq": space.journal.last_seq(),
        "counts": space.journal.counts(),
    })
}

/// `GET /_mock/requests/{request}`: one of them, with headers and bodies as far as they are kept.
pub async fn show(Chosen(cell): Chosen, names: Names) -> Result<Json<Value>, ControlError> {
    let text = names.get("request");
    let seq: Option<u64> = text.parse().ok();
    let space = cell.lock();
    let found = seq.and_then(|seq| Some((space.journal.find(seq)?, space.journal.exchange(seq))));
    let (entry, exchange) = found.ok_or_else(|| {
        ControlError::not_found(
            format!("the journal has no request `{text}`, or has dropped it"),
            "GET /_mock/requests lists those it has, with their numbers (`seq`)",
        )
    })?;
    Ok(Json(json!({ "entry": entry, "exchange": exchange })))
}

/// `DELETE /_mock/requests`: empties the journal.
pub async fn clear(Chosen(cell): Chosen) -> Json<Value> {
    let mut space = cell.lock();
    let removed = space.journal.total();
    space.journal.clear();
    Json(json!({"removed": removed}))
}
