use std::time::Duration;

use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::clock::{Moment, Stamp};
use crate::fault::chance::{Draw, Purpose};
use crate::fault::{ArmedFaults, Decision, FaultPlan, RequestFacts};
use crate::id::WebsiteId;
use crate::operation::Operation;

const NOW: Moment = Moment { elapsed: Duration::ZERO, wall: Stamp(0) };

fn arm(plan: Value) -> ArmedFaults {
    ArmedFaults::new(&FaultPlan::parse(&plan).unwrap(), "default")
}

/// A `GET` of that operation after so many seconds.
fn request(operation: Operation, seconds: u64) -> RequestFacts<'static> {
    RequestFacts {
        operation,
        page: (operation == Operation::List).then_some(1),
        website: None,
        method: &Method::GET,
        elapsed: Duration::from_secs(seconds),
    }
}

/// Which of the first `n` requests of `since` are met, one a second.
fn met(armed: &mut ArmedFaults, n: u64) -> Vec<u64> {
    let decide = |armed: &mut ArmedFaults, second| armed.decide(&request(Operation::Since, second));
    (1..=n).filter(|i| !decide(armed, *i - 1).fired().is_empty()).collect()
}

fn keys(decision: &Decision) -> Vec<&'static str> {
    decision.fired().iter().map(|fired| fired.fault.effect.key()).collect()
}

#[test]
fn occurrences_are_met_as_they_are_written() {
    let cases = [
        ("since", vec![1, 2, 3, 4, 5, 6, 7]),
        ("since#2", vec![2]),
        ("since#2..4", vec![2, 3, 4]),
        ("since#5..", vec![5, 6, 7]),
        ("since#every:3", vec![3, 6]),
        ("list", vec![]),
    ];
    for (at, expected) in cases {
        assert_eq!(met(&mut arm(json!({ "at": at, "reset": true })), 7), expected, "{at}");
    }
}

#[test]
fn occurrences_are_counted_by_operation() {
    let mut armed = arm(json!({ "at": "since#2", "reset": true }));
    assert_eq!(armed.decide(&request(Operation::Since, 0)).occurrence(), 1);
    assert_eq!(armed.decide(&request(Operation::List, 0)).occurrence(), 1);
    assert_eq!(armed.decide(&request(Operation::Account, 0)).occurrence(), 1);
    let second = armed.decide(&request(Operation::Since, 0));
    assert_eq!((second.occurrence(), keys(&second)), (2, vec!["reset"]));
}

#[test]
fn the_occurrences_of_a_page_are_counted_alone() {
    let mut armed = arm(json!({ "at": "list/2#2", "reset": true }));
    let mut page = |page| {
        let request = RequestFacts { page: Some(page), ..request(Operation::List, 0) };
        !armed.decide(&request).fired().is_empty()
    };
    assert_eq!(
        [page(1), page(2), page(3), page(1), page(2), page(2)].map(u8::from),
        [0, 0, 0, 0, 1, 0]
    );
}

#[test]
fn a_window_includes_its_start_and_not_its_end() {
    let mut armed = arm(json!({ "window": "2s..5s", "reset": true }));
    assert_eq!(met(&mut armed, 8), [3, 4, 5], "seconds 2, 3 and 4");
    assert_eq!(met(&mut arm(json!({ "window": "..2s", "reset": true })), 5), [1, 2]);
    assert_eq!(met(&mut arm(json!({ "window": "3s..", "reset": true })), 5), [4, 5]);
}

#[test]
fn target_and_window_must_both_hold() {
    let mut armed = arm(json!({ "at": "since#every:2", "window": "3s..", "reset": true }));
    assert_eq!(met(&mut armed, 8), [4, 6, 8]);
}

#[test]
fn a_fault_acts_no_more_often_than_its_limit() {
    let mut armed = arm(json!({ "at": "since#every:2", "reset": true, "times": 2 }));
    assert_eq!(met(&mut armed, 9), [2, 4]);
}

#[test]
fn website_and_method_narrow_a_target() {
    let mut armed = arm(json!([
        { "at": "get_settings", "website": "w2", "reset": true },
        { "at": "subscription", "method": "DELETE", "reset": true },
    ]));
    let w = |n| Some(WebsiteId::numbered(n));
    let read = |website| RequestFacts { website, ..request(Operation::GetSettings, 0) };
    assert!(armed.decide(&read(w(1))).fired().is_empty());
    assert!(armed.decide(&read(None)).fired().is_empty());
    assert_eq!(armed.decide(&read(w(2))).fired().len(), 1);
    let mut with = |method| {
        let request = RequestFacts { method, ..request(Operation::Subscription, 0) };
        armed.decide(&request).fired().len()
    };
    assert_eq!((with(&Method::POST), with(&Method::DELETE)), (0, 1));
}

#[test]
fn faults_added_later_count_from_then_on() {
    let mut armed = arm(json!([]));
    assert_eq!(met(&mut armed, 5), [0; 0]);
    let plan = json!([
        { "at": "since#2", "reset": true },
        { "window": "1s..2s", "hang": true },
    ]);
    let ids = armed.add(FaultPlan::parse(&plan).unwrap(), Duration::from_secs(10));
    let mut at = |second| keys(&armed.decide(&request(Operation::Since, second)));
    assert_eq!(at(10), [""; 0]);
    assert_eq!(at(10), ["reset"], "the second since it was added");
    assert_eq!(at(11), ["hang"], "one second since it was added");
    assert_eq!(at(12), [""; 0]);
    assert!(armed.remove(ids[0]));
    assert!(!armed.remove(ids[0]), "it is gone");
    assert_eq!(armed.list().len(), 1);
    armed.clear();
    assert!(armed.is_empty());
    let next = armed.add(FaultPlan::parse(&plan).unwrap(), Duration::ZERO);
    assert!(next[0] > ids[1], "an id is never used twice");
}

#[test]
fn the_list_tells_how_often_each_fired_and_which_never_did() {
    let mut armed = arm(json!([
        { "at": "since#1..2", "status": 503 },
        { "at": "since", "status": 500 },
        { "at": "list", "reset": true },
    ]));
    met(&mut armed, 3);
    let report = serde_json::to_value(armed.list()).unwrap();
    let expected = json!([
        { "id": 1, "fault": { "at": "since#1..2", "status": 503 },
          "fired": 2, "shadowed": 0, "never_fired": false },
        { "id": 2, "fault": { "at": "since", "status": 500 },
          "fired": 1, "shadowed": 2, "never_fired": false },
        { "id": 3, "fault": { "at": "list", "reset": true },
          "fired": 0, "shadowed": 0, "never_fired": true },
    ]);
    assert_eq!(report, expected);
}

#[test]
fn a_fault_whose_place_is_taken_keeps_its_limit_for_later() {
    let mut armed = arm(json!([
        { "at": "since#1..2", "status": 503 },
        { "at": "since", "status": 500, "times": 1 },
    ]));
    met(&mut armed, 2);
    assert_eq!(armed.decide(&request(Operation::Since, 2)).fired()[0].id.0, 2);
}

#[test]
fn effects_of_different_kinds_combine_and_of_the_same_kind_the_first_acts() {
    let mut armed = arm(json!([
        { "window": "0s..", "throttle": 429 },
        { "at": "since#1", "cut_body": 40 },
        { "at": "since#1", "delay": "5s" },
        { "at": "since#1", "drip": "100B/s" },
        { "at": "since#1", "hold_order": true },
        { "at": "since#1", "status": 503 },
        { "at": "since#1", "reset": true },
        { "at": "since#1", "delay": "7s" },
        { "window": "0s..", "clock": "server", "skew": "-60s" },
    ]));
    let decision = armed.decide(&request(Operation::Since, 0));
    let expected = ["throttle", "cut_body", "delay", "drip", "hold_order", "clock"];
    assert_eq!(keys(&decision), expected);
}

#[test]
fn an_ending_without_an_answer_leaves_nothing_to_alter() {
    let mut armed = arm(json!([
        { "at": "since", "delay": "5s" },
        { "at": "since", "lose_answer": true },
        { "at": "since", "status": 503 },
        { "at": "since", "drip": "100B/s" },
        { "at": "since", "hold_order": true },
    ]));
    let decision = armed.decide(&request(Operation::Since, 0));
    assert_eq!(keys(&decision), ["delay", "lose_answer"]);
    assert!(decision.carried_out());
}

#[test]
fn lies_about_lists_meet_lists_only() {
    let mut armed = arm(json!([
        { "window": "0s..", "repeat_page": true },
        { "window": "0s..", "short_page": true },
        { "window": "0s..", "stale": "1m" },
    ]));
    let page = |n| RequestFacts { page: Some(n), ..request(Operation::List, 0) };
    let write = RequestFacts { method: &Method::PUT, ..request(Operation::SaveSettings, 0) };
    assert_eq!(keys(&armed.decide(&page(1))), ["short_page"], "no page comes before the first");
    assert_eq!(keys(&armed.decide(&page(2))), ["repeat_page"]);
    assert_eq!(keys(&armed.decide(&request(Operation::Since, 0))), ["short_page"]);
    assert_eq!(keys(&armed.decide(&request(Operation::Account, 0))), ["stale"]);
    assert_eq!(keys(&armed.decide(&write)), [""; 0]);
}

#[test]
fn clock_faults_skew_the_server_while_their_window_is_open() {
    let armed = arm(json!([
        { "window": "20s..30s", "clock": "server", "skew": "-60s" },
        { "window": "25s..", "clock": "server", "skew": "+1s" },
        { "window": "0s..", "clock": "client", "step": "+90s" },
    ]));
    let skew = |second| armed.server_skew(Duration::from_secs(second));
    let seen = [19, 20, 25, 30].map(skew);
    assert_eq!(seen, [None, Some(-60_000), Some(-59_000), Some(1_000)]);
}

/// Test vector of the documentation: `sha256sum` repeats it.
#[test]
fn chance_is_the_documented_hash() {
    let draw =
        Draw { seed: 7, index: 0, space: "default", operation: Operation::List, occurrence: 1 };
    let head = 0x88f4_24c3_b574_a000_u64;
    assert_eq!(draw.number(Purpose::Chance), (head >> 11) as f64 / 2_f64.powi(53));
    assert_ne!(draw.number(Purpose::Chance), draw.number(Purpose::Delay));
}

#[test]
fn a_chance_comes_about_as_often_as_it_says() {
    let mut armed = arm(json!({ "at": "since", "reset": true, "chance": 0.2, "seed": 7 }));
    let met = met(&mut armed, 10_000).len();
    assert!((1_880..2_120).contains(&met), "three standard deviations are 120: {met}");
}

#[test]
fn uniform_delays_stay_between_their_bounds_and_differ() {
    let mut armed = arm(json!({ "at": "since", "delay": { "uniform": ["1s", "3s"] } }));
    let mut delays: Vec<_> = (0..100)
        .map(|_| {
            let decision = armed.decide(&request(Operation::Since, 0));
            decision.deliver(NOW, |_| http::Response::default()).hold
        })
        .collect();
    let bounds = Duration::from_secs(1)..Duration::from_secs(3);
    assert!(delays.iter().all(|delay| bounds.contains(delay)));
    delays.sort_unstable();
    delays.dedup();
    assert!(delays.len() > 90);
}

fn history() -> impl Strategy<Value = Vec<(Operation, u32, u64)>> {
    let operation = prop::sample::select(Operation::ALL.to_vec());
    prop::collection::vec((operation, 1_u32..4, 0_u64..5), 0..60)
}

/// What each request of a history meets.
fn weather(armed: &mut ArmedFaults, history: &[(Operation, u32, u64)]) -> Vec<Decision> {
    let mut second = 0;
    let mut decisions = Vec::new();
    for (operation, page, wait) in history {
        second += wait;
        let page = (*operation == Operation::List).then_some(*page);
        decisions.push(armed.decide(&RequestFacts { page, ..request(*operation, second) }));
    }
    decisions
}

proptest! {
    /// The same history meets the same faults, whatever other spaces do in between, and whatever
    /// requests of other operations come in between.
    #[test]
    fn same_history_same_weather(mine in history(), others in history()) {
        let plan = FaultPlan::parse(&json!([
            { "at": "since", "reset": true, "chance": 0.4, "seed": 1 },
            { "at": "list/2#every:2", "status": 500, "times": 2 },
            { "window": "3s..60s", "delay": { "uniform": ["1s", "9s"] }, "chance": 0.5, "seed": 2 },
        ])).unwrap();
        let alone = weather(&mut ArmedFaults::new(&plan, "mine"), &mine);
        let mut my_space = ArmedFaults::new(&plan, "mine");
        let mut other_space = ArmedFaults::new(&plan, "other");
        weather(&mut other_space, &others);
        let beside = weather(&mut my_space, &mine);
        prop_assert_eq!(&alone, &beside);

        let only_since = |history: &[(Operation, u32, u64)]| -> Vec<_> {
            history.iter().copied().filter(|(o, _, _)| *o == Operation::Since).collect()
        };
        let undisturbed = weather(&mut ArmedFaults::new(&plan, "mine"), &only_since(&mine));
        let resets = |decisions: &[Decision]| -> Vec<u64> {
            let met = |d: &&Decision| d.fired().iter().any(|f| f.id.0 == 1);
            decisions.iter().filter(met).map(Decision::occurrence).collect()
        };
        prop_assert_eq!(resets(&alone), resets(&undisturbed));
    }
}
