//! `date_since` as the clients send what they are given (docs/wire.md#stamps).

use serde_json::{Value, json};

use crate::official::{Bench, Official, claims_of_every_client};

/// The first millisecond after the one save that [`bench_with_one_save`] makes.
const AFTER: &str = "2026-01-01T00:00:01.001Z";

claims_of_every_client!(
    every_way_to_write_a_date_finds_the_same_changes,
    a_date_below_a_millisecond_is_cut_off,
    a_date_in_the_future_finds_nothing,
    a_missing_date_is_refused,
    a_date_that_is_none_is_refused,
);

/// A world in which one save was made at 2026-01-01T00:00:01Z exactly, and nothing since.
async fn bench_with_one_save(official: Official) -> Option<Bench> {
    let options = json!({"websites": 3, "clock": "manual", "now": "2026-01-01T00:00:00Z"});
    let bench = Bench::start(official, options).await?;
    let second = json!({"advance": "1s"});
    bench.world.control(reqwest::Method::POST, "/clock", Some(second.clone())).await;
    bench.world.operator_saves("w1", json!({"message": "Bonjour"})).await;
    bench.world.control(reqwest::Method::POST, "/clock", Some(second)).await;
    Some(bench)
}

async fn every_way_to_write_a_date_finds_the_same_changes(official: Official) {
    let Some(mut bench) = bench_with_one_save(official).await else {
        return;
    };
    let forms = [
        "2026-01-01T00:00:01Z",
        "2026-01-01T00:00:01.0Z",
        "2026-01-01T00:00:01.000Z",
        "2026-01-01T00:00:01.000000000Z",
        "2026-01-01T00:00:01+00:00", // Python's `isoformat`
        "2026-01-01T01:00:01.000+01:00",
        "2025-12-31T19:00:01-05:00",
    ];
    for form in forms {
        let changes = bench.since(form).await.expect("a difference is given");
        let at_the_save: Vec<_> = changes.iter().map(|change| &change["difference"]).collect();
        assert_eq!(at_the_save, ["updated"], "{form}");
    }
    assert_eq!(bench.since(AFTER).await, Ok(Vec::new()));
}

async fn a_date_below_a_millisecond_is_cut_off(official: Official) {
    let Some(mut bench) = bench_with_one_save(official).await else {
        return;
    };
    let changes = bench.since("2026-01-01T00:00:01.000999Z").await;
    assert_eq!(changes.expect("a difference is given").len(), 1);
}

async fn a_date_in_the_future_finds_nothing(official: Official) {
    let Some(mut bench) = bench_with_one_save(official).await else {
        return;
    };
    assert_eq!(bench.since("2126-01-01T00:00:00Z").await, Ok(Vec::new()));
}

async fn a_missing_date_is_refused(official: Official) {
    let Some(mut bench) = bench_with_one_save(official).await else {
        return;
    };
    let refusal = bench.since("").await.expect_err("there is no date");
    assert!(refusal.is(400, "invalid_data"), "{refusal:?}");
    let sent = bench.world.requests("since").await.remove(0)["query"].take();
    let sent = sent.as_str().expect("a query is a text");
    match official {
        Official::Python => assert!(sent.starts_with("date_since=&"), "{sent}"),
        // Node's clients leave out a date that is empty.
        Official::Node10 | Official::Node11 => assert!(!sent.contains("date_since"), "{sent}"),
    }
}

async fn a_date_that_is_none_is_refused(official: Official) {
    let Some(mut bench) = bench_with_one_save(official).await else {
        return;
    };
    for date in [json!("yesterday"), json!("2026-13-01T00:00:00Z"), json!(1_767_225_601_000_u64)] {
        let refusal = bench.since(date.clone()).await.expect_err("that is no date");
        assert!(refusal.is(400, "invalid_data"), "{date}: {refusal:?}");
    }
}

#[tokio::test]
async fn a_date_object_of_node_goes_out_in_quotes_and_is_understood() {
    for official in [Official::Node11, Official::Node10] {
        let Some(mut bench) = bench_with_one_save(official).await else {
            return;
        };
        let date = json!({"date": "2026-01-01T00:00:01.000Z"});
        let changes = bench.since(date).await.expect("a difference is given");
        assert_eq!(changes.len(), 1);
        assert_eq!(bench.since(json!({ "date": AFTER })).await, Ok(Vec::new()));
        let sent: Value = bench.world.requests("since").await.remove(0)["query"].take();
        let sent = sent.as_str().expect("a query is a text");
        assert!(sent.contains("date_since=%222026-01-01T00%3A00%3A01.000Z%22"), "{sent}");
    }
}

#[tokio::test]
async fn a_plus_that_python_sends_raw_is_understood() {
    let Some(mut bench) = bench_with_one_save(Official::Python).await else {
        return;
    };
    let changes = bench.since("2026-01-01T00:00:01+00:00").await;
    assert_eq!(changes.expect("a difference is given").len(), 1);
    let sent = bench.world.requests("since").await.remove(0)["query"].take();
    let sent = sent.as_str().expect("a query is a text");
    assert!(sent.contains("01+00:00"), "{sent}");
}
