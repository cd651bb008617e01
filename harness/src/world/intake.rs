//! What the harness makes of an answer of the emulator.

use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::fault::{Delivery, Effect, Fired, Outcome};
use http::header::{DATE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use crisp_mock_server::operation::Operation;

use crate::history::Quality;

/// What the cache in front of the API calls its status.
const BLOOM_STATUS: HeaderName = HeaderName::from_static("bloom-status");

/// How far what reaches the client can be believed.
pub(super) fn quality(delivery: &Delivery, operation: Operation, fired: &[Fired]) -> Quality {
    let response = match &delivery.outcome {
        Outcome::Answer(response) | Outcome::Drip { response, .. } => response,
        Outcome::Cut { .. } | Outcome::Reset | Outcome::Close | Outcome::Hang => {
            return Quality::Broken;
        }
    };
    let effects = fired.iter().map(|fired| &fired.fault.effect);
    let invented = effects.into_iter().find(|effect| effect.is_answer());
    let status = response.status();
    let is_success = status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS;
    match invented {
        // The differential has no honest no but that the date is too old, after which it cannot
        // be asked for a while.
        None
        | Some(
            Effect::Stale(_) | Effect::EmptyPage(_) | Effect::ShortPage(_) | Effect::RepeatPage(_),
        ) if matches!(response.status().as_u16(), 400 | 404 | 422)
            && operation != Operation::Since =>
        {
            Quality::Denied
        }
        _ if !is_success => Quality::Refusal,
        None if from_cache(response) => Quality::Stale,
        None => Quality::Good,
        Some(Effect::Stale(_)) => Quality::Stale,
        Some(effect) if effect.alters_a_list() => Quality::Lie,
        Some(Effect::Status(_)) => Quality::Invented,
        Some(_) => Quality::Unreadable,
    }
}

fn from_cache(response: &Response<Bytes>) -> bool {
    response.headers().get(BLOOM_STATUS).is_some_and(|value| value == "HIT")
}

/// How long an answer asks to be left alone.
pub(super) fn retry_after(response: Option<&Response<Bytes>>) -> Option<Duration> {
    let headers = response?.headers();
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = date(headers, RETRY_AFTER)?;
    let from = date(headers, DATE)?;
    Duration::try_from(until.duration_since(from)).ok()
}

/// For how long an answer explains that nothing is asked: a client may heed a `Retry-After` of which
/// HTTP does not know the form, a fraction or a date beside no `Date`, and need not.
pub(super) fn explains_silence(
    response: Option<&Response<Bytes>>,
    clock: Option<Timestamp>,
) -> Duration {
    if let Some(asked) = retry_after(response) {
        return asked;
    }
    let Some(headers) = response.map(Response::headers) else { return Duration::ZERO };
    let text = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = text.and_then(|text| text.parse().ok());
    let fraction = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let from_now = || {
        let until = date(headers, RETRY_AFTER)?;
        Duration::try_from(until.duration_since(clock?)).ok()
    };
    fraction.or_else(from_now).unwrap_or_default()
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<Timestamp> {
    let text = headers.get(name)?.to_str().ok()?;
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// What `date_since` says, as it was sent.
pub(super) fn asked_since(query: Option<&str>) -> Option<Box<str>> {
    let value = query?.split('&').find_map(|pair| pair.strip_prefix("date_since="))?;
    Some(value.into())
}

/// Whether `filter_configured` is on.
pub(super) fn asks_for_configured(query: Option<&str>) -> bool {
    let value = query.into_iter().flat_map(|query| query.split('&'));
    value
        .filter_map(|pair| pair.strip_prefix("filter_configured="))
        .any(|on| matches!(on, "1" | "true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(retry_after: &str) -> u64 {
        let response = Response::builder().header(RETRY_AFTER, retry_after);
        let response = response.body(Bytes::new()).unwrap();
        let now = "2026-01-01T00:00:00Z".parse().ok();
        explains_silence(Some(&response), now).as_millis().try_into().unwrap()
    }

    #[test]
    fn a_wait_in_a_form_that_http_does_not_know_explains_silence() {
        assert_eq!(silence("120"), 120_000);
        assert_eq!(silence("120.250"), 120_250);
        assert_eq!(silence("Thu, 01 Jan 2026 00:02:00 GMT"), 120_000);
        assert_eq!(silence("soon"), 0);
        assert_eq!(silence("-3"), 0);
        assert_eq!(silence("nan"), 0);
    }
}
