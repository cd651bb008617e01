//! Answers that are not the honest ones.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::effect::{Effect, Throttle};
use super::plan::{Fault, RetryAfterForm};
use crate::clock::Moment;
use crate::exact;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// Set by the API's cache proxy (docs/wire.md#get-cache).
const BLOOM_STATUS: HeaderName = HeaderName::from_static("bloom-status");

/// The start of an envelope, then bytes that are neither JSON nor UTF-8.
const GARBAGE: &[u8] = b"{\"error\":false,\"reason\":\"\x00\xff\xfe\x80\x1f<\xc3\x28>\x00";
/// What a proxy in maintenance shows a browser.
const PAGE: &str = "<!doctype html>\n<html>\n<head><title>Back soon</title></head>\n\
                    <body><h1>Back soon</h1><p>This service is being looked after.</p></body>\n\
                    </html>\n";

/// An answer that needs no engine.
pub(super) fn invent(fault: &Fault, is_list: bool, now: Moment) -> Response<Bytes> {
    let done = if is_list { "listed" } else { "resolved" };
    match &fault.effect {
        Effect::Status(status) => {
            with_retry_after(status_answer(*status, fault.reason.as_deref()), fault, now)
        }
        Effect::Throttle(status) => {
            with_retry_after(status_answer(throttle_status(*status), None), fault, now)
        }
        Effect::Garbage(_) => ok(JSON, Bytes::from_static(GARBAGE)),
        Effect::Html(_) => ok(HTML, Bytes::from_static(PAGE.as_bytes())),
        Effect::EmptyBody(_) => ok(JSON, Bytes::new()),
        Effect::WrongType(_) => {
            envelope(&json!({ "error": false, "reason": done, "data": "none" }))
        }
        Effect::MissingData(_) => envelope(&json!({ "error": false, "reason": done })),
        Effect::NullData(_) => envelope(&json!({ "error": false, "reason": done, "data": null })),
        // `error_envelope`; no other effect comes here, since the rest start from an honest answer.
        _ => envelope(&json!({ "error": true, "reason": "internal_error", "data": {} })),
    }
}

fn ok(content_type: HeaderValue, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

fn envelope(value: &Value) -> Response<Bytes> {
    ok(JSON, Bytes::from(value.to_string()))
}

fn throttle_status(throttle: Throttle) -> StatusCode {
    StatusCode::from_u16(throttle.code()).unwrap_or(StatusCode::TOO_MANY_REQUESTS)
}

/// That status in the API's envelope, `error` from 400 on, with a reason that fits the status
/// unless one is given.
#[must_use]
pub(crate) fn status_answer(status: StatusCode, reason: Option<&str>) -> Response<Bytes> {
    let failed = status.as_u16() >= 400;
    let reason = reason.unwrap_or_else(|| reason_of(status));
    let mut response = envelope(&json!({ "error": failed, "reason": reason, "data": {} }));
    if [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED]
        .contains(&status)
    {
        response = Response::new(Bytes::new());
    }
    *response.status_mut() = status;
    response
}

/// The reason in the envelope of a status: what is known of the API (docs/wire.md#reasons), and otherwise the
/// name of the status in the API's spelling.
fn reason_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200..=399 => "resolved",
        401 => "invalid_session",
        402 => "subscription_upgrade_required",
        403 => "not_allowed",
        404 => "not_subscribed",
        405 => "method_not_allowed",
        406 => "domain_restricted",
        408 => "request_timeout",
        409 => "conflict",
        413 => "payload_too_large",
        420 => "enhance_your_calm",
        423 => "quota_limit_exceeded",
        429 => "too_many_requests",
        // 400 too: the API names its refusal of malformed data so.
        400..=499 => "invalid_data",
        500 => "internal_error",
        501 => "not_implemented",
        502 => "bad_gateway",
        503 => "service_unavailable",
        504 => "gateway_timeout",
        _ => "server_error",
    }
}

fn with_retry_after(mut response: Response<Bytes>, fault: &Fault, now: Moment) -> Response<Bytes> {
    if let Some(wait) = fault.retry_after {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let text = match fault.retry_after_as {
            None => seconds.to_string(),
            Some(RetryAfterForm::Date) => now.wall.plus(Duration::from_secs(seconds)).http_date(),
            Some(RetryAfterForm::Fraction) => format!("{seconds}.250"),
            Some(RetryAfterForm::Nonsense) => "soon".to_owned(),
        };
        if let Ok(text) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(header::RETRY_AFTER, text);
        }
    }
    response
}

/// Marks an answer as one from the API's cache.
pub(super) fn mark_as_cached(response: &mut Response<Bytes>) {
    response.headers_mut().insert(BLOOM_STATUS, HeaderValue::from_static("HIT"));
}

/// Changes the items of a list answer; any other answer, say a refusal, is left as it is.
pub(super) fn with_items(
    mut response: Response<Bytes>,
    change: impl FnOnce(&mut Vec<Value>),
) -> Response<Bytes> {
    let Ok(mut body) = exact::read(response.body()) else {
        return response;
    };
    let Some(Value::Array(items)) = body.get_mut("data") else {
        return response;
    };
    change(items);
    let body = Bytes::from(exact::json(&body).unwrap_or_default());
    if response.headers().contains_key(header::CONTENT_LENGTH) {
        let length = HeaderValue::from(body.len());
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    *response.body_mut() = body;
    response
}
