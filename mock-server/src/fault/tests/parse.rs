use proptest::prelude::*;
use serde_json::{Value, json};

use super::examples::{right, wrong};
use crate::fault::{Effect, FaultPlan};

#[test]
fn what_is_right_is_read_and_written_back_unchanged() {
    for example in right() {
        let plan = FaultPlan::parse(&example).unwrap_or_else(|e| panic!("{example}: {e:?}"));
        assert_eq!(plan.faults[0].to_value(), example);
        let list = json!([example]);
        assert_eq!(serde_json::to_value(&plan).unwrap(), list);
        assert_eq!(FaultPlan::parse(&list).unwrap(), plan);
        assert_eq!(serde_json::from_value::<FaultPlan>(list).unwrap(), plan);
    }
}

#[test]
fn what_is_wrong_is_refused_at_its_place_with_advice() {
    for (example, pointer, word, _) in wrong() {
        let Err(errors) = FaultPlan::parse(&example) else {
            panic!("{example} was accepted");
        };
        let [error] = errors.as_slice() else {
            panic!("{example} is one mistake, not {errors:#?}");
        };
        assert_eq!(error.pointer, pointer, "{example}: {error}");
        assert!(error.hint.is_some(), "{example}: {error}");
        assert!(error.to_string().contains(word), "{example}: {error} does not say {word}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_plan() {
    let plan = json!([
        { "at": "sicne#0", "stauts": 1, "times": 0, "window": "..", "website": 7 },
        { "at": "since", "reset": true },
        3,
        { "at": "list", "status": 99, "delay": "5", "seed": -1 },
    ]);
    let errors = FaultPlan::parse(&plan).unwrap_err();
    let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
    let expected = [
        "/0/at",
        "/0/stauts",
        "/0/times",
        "/0/window",
        "/0/website",
        "/2",
        "/3/status",
        "/3/delay",
        "/3/seed",
        "/3/delay",
    ];
    assert_eq!(pointers, expected);
}

#[test]
fn a_plan_written_under_a_key_is_told_to_be_the_list() {
    let errors = FaultPlan::parse(&json!({ "faults": [] })).unwrap_err();
    assert_eq!(errors[0].pointer, "/faults");
    assert_eq!(errors[0].hint.as_deref(), Some("write the list of faults itself"));
}

#[test]
fn a_server_refuses_to_move_the_clock_of_its_client_and_says_why() {
    let plan = json!([
        { "window": "1s..", "clock": "server", "skew": "-60s" },
        { "window": "1s..", "clock": "client", "step": "+90s" },
    ]);
    assert_eq!(FaultPlan::parse(&plan).unwrap().faults.len(), 2);
    let errors = FaultPlan::parse_for_server(&plan).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].pointer, "/1/clock");
    assert!(errors[0].to_string().contains("virtual time"));
}

#[test]
fn an_empty_list_is_a_plan_without_faults() {
    assert_eq!(FaultPlan::parse(&json!([])).unwrap(), FaultPlan::default());
}

#[test]
fn durations_and_rates_are_read_in_other_spellings_too() {
    let plan = json!([
        { "at": "since", "delay": "2 min" },
        { "at": "since", "drip": "1 kB/s" },
        { "at": "since", "throttle": 429, "retry_after": "PT20S" },
    ]);
    let written = serde_json::to_value(FaultPlan::parse(&plan).unwrap()).unwrap();
    assert_eq!(written[0]["delay"], "2m");
    assert_eq!(written[1]["drip"], "1kB/s");
    assert_eq!(written[2]["retry_after"], "20s");
}

/// Keys of faults with values of every kind, right and wrong.
fn anything() -> impl Strategy<Value = Value> {
    let others = [
        "at",
        "window",
        "website",
        "method",
        "times",
        "chance",
        "seed",
        "reason",
        "retry_after",
        "skew",
        "step",
        "",
        "a/b",
        "é",
    ];
    let keys = Effect::KEYS.iter().copied().chain(others);
    let key = prop::sample::select(keys.collect::<Vec<_>>());
    let text = "([a-z_]{0,8}|since|list)?[#/.:+-]?[0-9]{0,21}(\\.\\.)?[0-9]{0,3}[a-zB/é]{0,4}";
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
        Just(json!([])),
        Just(json!({ "uniform": ["1s", 3] })),
    ];
    prop::collection::btree_map(key, value, 0..6).prop_map(|members| json!(members))
}

proptest! {
    #[test]
    fn no_value_makes_the_parser_panic_and_what_it_reads_it_can_write(value in anything()) {
        match FaultPlan::parse(&value) {
            Ok(plan) => {
                let written = serde_json::to_value(&plan).unwrap();
                prop_assert_eq!(FaultPlan::parse(&written).unwrap(), plan);
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(value.pointer(&error.pointer).is_some(), "{}", error.pointer);
                }
            }
        }
    }
}
