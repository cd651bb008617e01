//! What a request leaves in the journal.

use bytes::Bytes;
use http::Request;
use http::header::{DATE, HeaderName, HeaderValue, USER_AGENT};

use super::target::Target;
use crate::api::Unread;
use crate::clock::Moment;
use crate::fault::{Decision, Delivery, Outcome};
use crate::id::WebsiteId;
use crate::journal::Entry;

/// Says which entry of the journal an answer is.
const NUMBER: HeaderName = HeaderName::from_static("x-mock-request");

/// What carrying a request out brings to the journal besides the answer.
#[derive(Default)]
pub(super) struct Carried {
    /// The socket that was opened.
    pub(super) socket: Option<String>,
    pub(super) unread: Unread,
    pub(super) explanation: Option<String>,
    pub(super) refused: bool,
}

/// Any answer says which entry of the journal it is, and those that a fault made up have a date
/// like all others.
pub(super) fn stamp(outcome: &mut Outcome, seq: u64, now: Option<Moment>) {
    let Some(response) = outcome.response_mut() else {
        return;
    };
    let headers = response.headers_mut();
    headers.insert(NUMBER, seq.into());
    if let Some(now) = now
        && !headers.contains_key(DATE)
        && let Ok(date) = HeaderValue::from_str(&now.wall.http_date())
    {
        headers.insert(DATE, date);
    }
}

/// The entry of a request in the journal.
pub(super) fn entry(
    seq: u64,
    request: &Request<Bytes>,
    target: &Target,
    now: Moment,
    decision: &Decision,
    delivery: &Delivery,
    carried: Carried,
) -> Entry {
    let uri = request.uri();
    Entry {
        seq,
        time: now.wall,
        elapsed_ms: u64::try_from(now.elapsed.as_millis()).unwrap_or(u64::MAX),
        operation: target.operation,
        occurrence: decision.occurrence(),
        method: request.method().to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        agent: request
            .headers()
            .get(USER_AGENT)
            .map(|agent| String::from_utf8_lossy(agent.as_bytes()).into_owned()),
        website: target.website,
        website_name: target.website.and_then(WebsiteId::number).map(|number| format!("w{number}")),
        status: delivery.outcome.response().map(|response| response.status().as_u16()),
        outcome: match delivery.outcome {
            Outcome::Answer(_) => "answer",
            Outcome::Cut { .. } => "cut",
            Outcome::Drip { .. } => "drip",
            Outcome::Reset => "reset",
            Outcome::Close => "close",
            Outcome::Hang => "hang",
        },
        carried_out: decision.carried_out() && !carried.refused,
        client_left: false,
        faults: decision.fired().to_vec(),
        unread: carried.unread,
        explanation: carried
            .socket
            .map(|sid| format!("socket {sid} is open"))
            .or(carried.explanation),
        duration_ms: None,
    }
}
