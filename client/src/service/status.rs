//! `GET /status`, `/healthz` and `/readyz`.

use std::time::Duration;

use http::Response;
use serde_json::{Value, json};

use super::Inner;
use super::body::Body;
use super::problem::Problem;
use super::website::JSON;
use crate::machine::{Freshness, QuotaSource, Status};

/// How current the set is: in one word, and how old. The set of an earlier life is as old as its
/// file says.
pub(super) fn standing(inner: &Inner, status: Option<&Status>) -> (&'static str, Option<Duration>) {
    match status.map(|status| status.freshness) {
        None | Some(Freshness::Loading) => ("loading", None),
        Some(Freshness::Fresh { age }) => ("fresh", Some(age)),
        Some(Freshness::Stale { age: Some(age) }) => ("stale", Some(age)),
        Some(Freshness::Stale { age: None }) => {
            ("stale", inner.shelf.as_ref().and_then(super::DatedShelf::age))
        }
    }
}

/// All that an operator wants to know.
pub(super) fn status(inner: &Inner) -> Response<Body> {
    let status = inner.cache.status();
    let (state, age) = standing(inner, status.as_ref());
    let mut form = json!({
        "state": state,
        "age_ms": age.map(millis),
        "listeners": inner.feed.listeners(),
    });
    if let (Some(Value::Object(more)), Some(form)) =
        (status.as_ref().map(|status| details(inner, status)), form.as_object_mut())
    {
        form.extend(more);
    }
    Body::json(&form).ok(JSON)
}

fn details(inner: &Inner, status: &Status) -> Value {
    let generation = inner.cache.view().generation();
    let budget = &status.budget;
    let source = match budget.source {
        QuotaSource::Known => "known",
        QuotaSource::Assumed => "assumed",
        QuotaSource::Learnt => "learnt",
    };
    json!({
        "websites": status.websites,
        "generation": generation,
        "event": inner.feed.event(generation),
        "ready": status.ready,
        "verified": status.verified,
        "doing": status.state.to_string(),
        "stale_after_ms": millis(status.stale_after),
        "poll_interval_ms": millis(status.poll_interval),
        "relist_interval_ms": millis(status.relist_interval),
        "failures": status.failures,
        "last_error": status.last_error,
        "saves_open": status.saves_open,
        "socket": status.socket.to_string(),
        "socket_error": status.socket_error,
        "quota": {
            "limit": budget.limit,
            "source": source,
            "spent": budget.spent,
            "left": budget.limit.map(|limit| limit.saturating_sub(budget.spent)),
            "reset_in_ms": millis(budget.until_reset),
        },
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The process answers.
pub(super) fn health() -> Response<Body> {
    Body::whole("{\"ok\":true}").ok(JSON)
}

/// There is a set to serve, however old: a plugin may start.
pub(super) fn ready(inner: &Inner) -> Result<Response<Body>, Problem> {
    let status = inner.serving()?;
    let (state, age) = standing(inner, Some(&status));
    let form = json!({
        "ready": true, "state": state, "age_ms": age.map(millis), "websites": status.websites,
    });
    Ok(Body::json(&form).ok(JSON))
}
