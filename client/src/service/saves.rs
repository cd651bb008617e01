//! `PUT` and `PATCH /websites/{id}/settings`: done, refused or unknown.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ETAG, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::Inner;
use super::body::Body;
use super::problem::Problem;
use super::website::{JSON, known, tagged};
use crate::machine::{Refusal, SaveOutcome};
use crate::{Settings, WebsiteId};

/// The longest settings that are taken, in bytes.
const LONGEST: usize = 1 << 20;
/// So long they may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// Saves what the body holds; a `PUT` replaces, a `PATCH` puts its members over what is there.
pub(super) async fn save<B>(
    inner: &Inner,
    id: WebsiteId,
    replaces: bool,
    body: B,
) -> Result<Response<Body>, Problem>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let permit = inner.saves.try_acquire();
    let _permit = permit.map_err(|_| Problem::busy("too many saves are under way"))?;
    let settings = read(body).await?;
    let outcome = match replaces {
        true => inner.cache.save(id, &settings).await,
        false => inner.cache.update(id, &settings).await,
    };
    Ok(ended(inner, id, &outcome))
}

async fn read<B>(body: B) -> Result<Settings, Problem>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let collected = timeout(PATIENCE, Limited::new(body, LONGEST).collect()).await;
    let collected = collected.map_err(|_| {
        let message = format!("the settings did not come within {} s", PATIENCE.as_secs());
        let hint = "send the whole body at once";
        Problem::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message, hint)
    })?;
    let bytes = collected.map_err(|error| {
        if error.is::<LengthLimitError>() {
            let message = format!("the settings have more than {LONGEST} bytes");
            let hint = "keep what is large elsewhere, and its address in the settings";
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message, hint);
        }
        bad(format!("the body broke off: {error}"))
    })?;
    let bytes = bytes.to_bytes();
    let text = std::str::from_utf8(&bytes).map_err(|error| bad(format!("no UTF-8: {error}")))?;
    let settings = Settings::from_json(text).map_err(|error| bad(format!("no JSON: {error}")))?;
    match settings.object() {
        Some(_) => Ok(settings),
        None => Err(bad("JSON, but no object".to_owned())),
    }
}

fn bad(problem: String) -> Problem {
    let hint = "the body is the settings, as {\"message\": \"Hello\"}; nothing was saved";
    Problem::new(StatusCode::BAD_REQUEST, "no_settings", problem, hint)
}

/// The answer to a save. Which of the three it is, its `outcome` says; the status says it, too.
fn ended(inner: &Inner, id: WebsiteId, outcome: &SaveOutcome) -> Response<Body> {
    match outcome {
        SaveOutcome::Done => {
            let website = known(inner, id);
            let tag = website.as_deref().map(|website| tagged(website).1);
            let form = json!({ "outcome": "done", "website": website.as_deref() });
            let mut response = Body::json(&form).ok(JSON);
            if let Some(tag) = tag {
                response.headers_mut().insert(ETAG, tag);
            }
            response
        }
        SaveOutcome::Refused(refusal) => refused(refusal),
        SaveOutcome::Unknown { problem, holds } => {
            let form = json!({
                "outcome": "unknown",
                "reason": "unknown",
                "message": problem,
                "hint": "it may have been carried out: read the website before it is saved again",
                "holds": holds.as_ref(),
            });
            with_status(StatusCode::GATEWAY_TIMEOUT, &form)
        }
    }
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let (status, reason, hint) = match refusal {
        Refusal::Api(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "refused_by_crisp",
            "mend what it says; the same save is refused again",
        ),
        Refusal::Invalid { .. } => (StatusCode::BAD_REQUEST, "invalid", "mend what it says"),
        Refusal::NotSent => {
            (StatusCode::SERVICE_UNAVAILABLE, "not_sent", "save again when there is a connection")
        }
        Refusal::Stopped => (StatusCode::SERVICE_UNAVAILABLE, "stopping", "save again in a moment"),
        Refusal::Waiting { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "waiting", "save again after `Retry-After`")
        }
    };
    let mut form = json!({
        "outcome": "refused", "reason": reason, "message": refusal.to_string(), "hint": hint,
    });
    if let (Refusal::Api(refused), Some(form)) = (refusal, form.as_object_mut()) {
        let answer = json!({
            "status": refused.status, "reason": refused.reason, "message": refused.message,
        });
        form.insert("answer".to_owned(), answer);
    }
    let mut response = with_status(status, &form);
    if let Refusal::Waiting { retry_in } = refusal {
        let seconds = HeaderValue::from(retry_in.as_secs().saturating_add(1));
        response.headers_mut().insert(RETRY_AFTER, seconds);
    }
    response
}

fn with_status(status: StatusCode, form: &Value) -> Response<Body> {
    let mut response = Body::json(form).ok(JSON);
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Refused;

    #[test]
    fn each_refusal_has_its_status_and_only_one_that_passes_says_when_to_come_back() {
        let api = Refused { status: 404, reason: "not_subscribed".to_owned(), message: None };
        let waiting = Refusal::Waiting { retry_in: Duration::from_secs(7) };
        for (refusal, status, retry_after) in [
            (Refusal::Api(api), 422, None),
            (Refusal::Invalid { problem: "wrong".to_owned() }, 400, None),
            (Refusal::NotSent, 503, None),
            (Refusal::Stopped, 503, None),
            (waiting, 503, Some("8")),
        ] {
            let response = refused(&refusal);
            let after = response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap());
            assert_eq!((response.status().as_u16(), after), (status, retry_after), "{refusal}");
        }
    }
}
