use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::clock::{Moment, Stamp};
use crate::fault::{
    ArmedFaults, Carry, Decision, Delivery, FaultPlan, HOLD_ORDER_AT_MOST, Outcome, RequestFacts,
};
use crate::operation::Operation;

const NOW: Duration = Duration::from_secs(100);

/// Page 2 of a list, with `fault` armed for it.
fn decide(fault: Value) -> Decision {
    decide_with(fault, &Method::GET)
}

fn decide_with(mut fault: Value, method: &Method) -> Decision {
    fault["at"] = json!("list");
    let mut armed = ArmedFaults::new(&FaultPlan::parse(&fault).unwrap(), "default");
    let request = RequestFacts {
        operation: Operation::List,
        page: Some(2),
        website: None,
        method,
        elapsed: NOW,
    };
    armed.decide(&request)
}

fn now() -> Moment {
    Moment { elapsed: NOW, wall: Stamp(60_000) }
}

/// What is delivered, and how the engine was asked.
fn deliver(decision: &Decision) -> (Delivery, Vec<Carry>) {
    let mut asked = Vec::new();
    let delivery = decision.deliver(now(), |carry| {
        asked.push(carry);
        honest()
    });
    (delivery, asked)
}

fn honest() -> Response<Bytes> {
    let body = json!({ "error": false, "reason": "listed", "data": [1, 2, 3] });
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    response
}

fn answer(fault: Value) -> (StatusCode, HeaderMap, Value) {
    let (delivery, _) = deliver(&decide(fault));
    let Outcome::Answer(response) = delivery.outcome else {
        panic!("no answer");
    };
    let (head, body) = response.into_parts();
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    (head.status, head.headers, body)
}

#[test]
fn without_a_fault_the_honest_answer_comes_at_once() {
    let mut armed = ArmedFaults::new(&FaultPlan::default(), "default");
    let request = RequestFacts {
        operation: Operation::List,
        page: None,
        website: None,
        method: &Method::GET,
        elapsed: NOW,
    };
    let (delivery, asked) = deliver(&armed.decide(&request));
    assert_eq!(asked, [Carry::AsAsked]);
    assert_eq!((delivery.hold, delivery.after_next), (Duration::ZERO, None));
    assert!(matches!(delivery.outcome, Outcome::Answer(answer) if answer.status() == 206));
}

#[test]
fn the_engine_is_asked_if_and_only_if_the_request_is_carried_out() {
    let carried_out = [
        json!({ "delay": "5s" }),
        json!({ "drip": "1B/s" }),
        json!({ "cut_body": 4 }),
        json!({ "lose_answer": true }),
        json!({ "hold_order": true }),
        json!({ "stale": "1m" }),
        json!({ "empty_page": true }),
        json!({ "short_page": true }),
        json!({ "repeat_page": true }),
    ];
    let not_carried_out = [
        json!({ "status": 503 }),
        json!({ "throttle": 429 }),
        json!({ "hang": true }),
        json!({ "reset": true }),
        json!({ "close": true }),
        json!({ "garbage": true }),
        json!({ "html": true }),
        json!({ "empty_body": true }),
        json!({ "wrong_type": true }),
        json!({ "error_envelope": true }),
        json!({ "missing_data": true }),
        json!({ "null_data": true }),
        json!({ "lose_request": true }),
    ];
    for (faults, expected) in [(&carried_out[..], 1), (&not_carried_out[..], 0)] {
        for fault in faults {
            let decision = decide(fault.clone());
            assert_eq!(deliver(&decision).1.len(), expected, "{fault}");
            assert_eq!(decision.carried_out(), expected == 1, "{fault}");
        }
    }
}

#[test]
fn a_status_comes_in_the_envelope_with_a_reason_that_fits() {
    let reasons = [
        (401, "invalid_session"),
        (403, "not_allowed"),
        (404, "not_subscribed"),
        (420, "enhance_your_calm"),
        (429, "too_many_requests"),
        (500, "internal_error"),
        (503, "service_unavailable"),
        (521, "server_error"),
    ];
    for (status, reason) in reasons {
        let (seen, headers, body) = answer(json!({ "status": status }));
        assert_eq!(seen.as_u16(), status);
        assert_eq!(headers["content-type"], "application/json; charset=utf-8");
        assert_eq!(body, json!({ "error": true, "reason": reason, "data": {} }));
    }
    let (_, _, body) = answer(json!({ "status": 500, "reason": "on_fire" }));
    assert_eq!(body["reason"], "on_fire");
}

#[test]
fn retry_after_is_in_whole_seconds_rounded_up() {
    for (written, header) in [("20s", "20"), ("1500ms", "2"), ("1ms", "1"), ("2 min", "120")] {
        let (status, headers, _) = answer(json!({ "throttle": 420, "retry_after": written }));
        assert_eq!(status.as_u16(), 420);
        assert_eq!(headers["retry-after"], header, "{written}");
    }
    assert!(!answer(json!({ "throttle": 429 })).1.contains_key("retry-after"));
}

#[test]
fn retry_after_comes_in_each_form_that_servers_write() {
    let header = |form: &str| {
        let fault = json!({ "throttle": 429, "retry_after": "20s", "retry_after_as": form });
        answer(fault).1["retry-after"].to_str().unwrap().to_owned()
    };
    assert_eq!(header("date"), "Thu, 01 Jan 1970 00:01:20 GMT");
    assert_eq!(header("fraction"), "20.250");
    assert_eq!(header("nonsense"), "soon");
}

#[test]
fn bodies_that_are_not_the_api_s_come_with_200() {
    let envelope = |fault: &str| {
        let (status, _, body) = answer(json!({ fault: true }));
        assert_eq!(status, 200, "{fault}");
        body
    };
    assert_eq!(envelope("garbage"), Value::Null, "it is not JSON");
    assert_eq!(envelope("html"), Value::Null);
    assert_eq!(envelope("empty_body"), Value::Null);
    assert_eq!(envelope("wrong_type")["data"], "none");
    assert_eq!(envelope("error_envelope")["error"], true);
    assert_eq!(envelope("missing_data"), json!({ "error": false, "reason": "listed" }));
    let null = json!({ "error": false, "reason": "listed", "data": null });
    assert_eq!(envelope("null_data"), null);
    assert_eq!(answer(json!({ "html": true })).1["content-type"], "text/html; charset=utf-8");
}

#[test]
fn garbage_is_not_even_text() {
    let (delivery, _) = deliver(&decide(json!({ "garbage": true })));
    let body = delivery.outcome.response().unwrap().body();
    assert!(!body.is_empty() && std::str::from_utf8(body).is_err());
}

#[test]
fn a_stale_answer_is_read_in_the_past_and_says_that_it_is_cached() {
    let (delivery, asked) = deliver(&decide(json!({ "stale": "60s" })));
    assert_eq!(asked, [Carry::AsOf(Duration::from_secs(40))]);
    assert_eq!(delivery.outcome.response().unwrap().headers()["bloom-status"], "HIT");
    let (_, asked) = deliver(&decide(json!({ "stale": "10m" })));
    assert_eq!(asked, [Carry::AsOf(Duration::ZERO)], "nothing was before the start");
}

#[test]
fn lists_lie_in_three_ways() {
    assert_eq!(answer(json!({ "empty_page": true })).2["data"], json!([]));
    assert_eq!(answer(json!({ "short_page": true })).2["data"], json!([1, 2]));
    let (_, asked) = deliver(&decide(json!({ "repeat_page": true })));
    assert_eq!(asked, [Carry::Page(1)]);
}

#[test]
fn a_refusal_has_no_items_to_lie_about() {
    let refusal = Response::new(Bytes::from_static(b"{\"error\":true,\"data\":{}}"));
    let delivery = decide(json!({ "empty_page": true })).deliver(now(), |_| refusal.clone());
    assert_eq!(delivery.outcome.response().unwrap().body(), refusal.body());
}

#[test]
fn endings_are_described() {
    let outcome = |fault| deliver(&decide(fault)).0.outcome;
    assert!(matches!(outcome(json!({ "hang": true })), Outcome::Hang));
    assert!(matches!(outcome(json!({ "close": true })), Outcome::Close));
    for fault in ["reset", "lose_answer", "lose_request"] {
        assert!(matches!(outcome(json!({ fault: true })), Outcome::Reset), "{fault}");
    }
    let whole = honest().body().len() as u64;
    for (asked, cut) in [(0, 0), (40, 40), (whole, whole - 1), (u64::MAX, whole - 1)] {
        let seen = outcome(json!({ "cut_body": asked }));
        assert!(matches!(seen, Outcome::Cut { bytes, .. } if bytes == cut), "{asked}: {seen:?}");
    }
    let drip = outcome(json!({ "drip": "1kB/s" }));
    assert!(matches!(drip, Outcome::Drip { pace, .. } if pace.0.get() == 1_000));
}

#[test]
fn waits_are_described() {
    let (delivery, _) = deliver(&decide(json!({ "delay": "5s" })));
    assert_eq!((delivery.hold, delivery.after_next), (Duration::from_secs(5), None));
    let (delivery, _) = deliver(&decide(json!({ "hold_order": true })));
    assert_eq!(delivery.after_next, Some(HOLD_ORDER_AT_MOST));
}

#[test]
fn an_answer_to_head_has_no_body() {
    let decision = decide_with(json!({ "status": 503 }), &Method::HEAD);
    let (delivery, _) = deliver(&decision);
    assert!(delivery.outcome.response().unwrap().body().is_empty());
}
