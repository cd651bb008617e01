//! Which requests a client repeats by itself, and what it makes of answers that are none
//! (docs/wire.md#official-clients).

use serde_json::{Value, json};

use crate::official::{Bench, Official, claims_of_every_client};

claims_of_every_client!(
    an_outage_of_one_answer_is_hidden_by_version_10_only,
    a_long_outage_reaches_every_caller,
    a_merge_is_never_sent_twice,
    a_lost_answer_to_a_save_makes_version_10_save_twice,
    an_answer_that_is_not_json_is_no_answer,
    an_error_under_a_200_goes_unseen,
);

/// How many times a client sends a request that fails all the time.
fn tries(official: Official) -> usize {
    match official {
        Official::Node10 => 3,
        Official::Node11 | Official::Python => 1,
    }
}

/// A client in a world of one website with one fault, and that website's id.
async fn bench_with(official: Official, fault: Value) -> Option<(Bench, String)> {
    let options = json!({"websites": 1, "faults": fault});
    let bench = Bench::start(official, options).await?;
    let website = bench.world.website("w1").await;
    let id = website["website_id"].as_str().expect("a website has an id");
    Some((bench, id.to_owned()))
}

async fn an_outage_of_one_answer_is_hidden_by_version_10_only(official: Official) {
    let fault = json!({"at": "list#1", "status": 503});
    let Some((mut bench, _)) = bench_with(official, fault).await else {
        return;
    };
    let page = bench.page(1, false).await;
    let asked = bench.world.requests("list").await.len();
    if official == Official::Node10 {
        assert_eq!(page.map(|page| page.len()), Ok(1));
        assert_eq!(asked, 2);
    } else {
        assert_eq!(page.expect_err("the API is down").code, 503);
        assert_eq!(asked, 1);
    }
}

async fn a_long_outage_reaches_every_caller(official: Official) {
    let fault = json!({"at": "since", "status": 503, "reason": "down_for_repair"});
    let Some((mut bench, _)) = bench_with(official, fault).await else {
        return;
    };
    let refusal = bench.since("2026-01-01T00:00:00Z").await.expect_err("the API is down");
    assert!(refusal.is(503, "down_for_repair"), "{refusal:?}");
    assert_eq!(bench.world.requests("since").await.len(), tries(official));
}

async fn a_merge_is_never_sent_twice(official: Official) {
    let fault = json!({"at": "update_settings#1", "status": 503});
    let Some((mut bench, website)) = bench_with(official, fault).await else {
        return;
    };
    let saved = bench.update_settings(&website, json!({"message": "Hi"})).await;
    assert_eq!(saved.expect_err("the API is down").code, 503);
    assert_eq!(bench.world.requests("update_settings").await.len(), 1);
}

async fn a_lost_answer_to_a_save_makes_version_10_save_twice(official: Official) {
    let fault = json!({"at": "save_settings#1", "lose_answer": true});
    let Some((mut bench, website)) = bench_with(official, fault).await else {
        return;
    };
    let new = json!({"message": "Hi"});
    let saved = bench.save_settings(&website, new.clone()).await;
    assert_eq!(bench.world.website("w1").await["settings"], new);
    let sent = bench.world.requests("save_settings").await;
    let carried_out: Vec<_> = sent.iter().map(|request| &request["carried_out"]).collect();
    if official == Official::Node10 {
        assert_eq!(saved, Ok(json!({})));
        assert_eq!(carried_out, [true, true]);
    } else {
        saved.expect_err("the answer was lost");
        assert_eq!(carried_out, [true]);
    }
}

async fn an_answer_that_is_not_json_is_no_answer(official: Official) {
    let faults = json!([{"at": "list#1", "garbage": true}, {"at": "list#2", "html": true}]);
    let Some((mut bench, _)) = bench_with(official, faults).await else {
        return;
    };
    for what in ["garbage", "a page for people"] {
        if official == Official::Python {
            let answer = bench.call("list_all_connect_websites", json!([1, 0])).await;
            assert_eq!(answer, Err(json!({"thrown": "JSONDecodeError"})), "{what}");
        } else {
            let refusal = bench.page(1, false).await.expect_err(what);
            assert!(refusal.is(500, "internal_error"), "{what}: {refusal:?}");
            assert_eq!(refusal.namespace, "request");
        }
    }
    assert_eq!(bench.page(1, false).await.map(|page| page.len()), Ok(1));
}

async fn an_error_under_a_200_goes_unseen(official: Official) {
    let faults =
        json!([{"at": "list#1", "error_envelope": true}, {"at": "list#2", "null_data": true}]);
    let Some((mut bench, _)) = bench_with(official, faults).await else {
        return;
    };
    let (name, args) = match official {
        Official::Python => ("list_all_connect_websites", json!([1, 0])),
        Official::Node10 | Official::Node11 => ("listAllConnectWebsites", json!([1, false, false])),
    };
    // A list that is none: an object, or nothing. A loop over it fails later, in the caller.
    assert_eq!(bench.call(name, args.clone()).await, Ok(json!({})));
    let nothing = if official == Official::Python { json!(null) } else { json!({}) };
    assert_eq!(bench.call(name, args).await, Ok(nothing));
}

#[tokio::test]
async fn version_10_waits_for_as_long_as_it_is_asked_to() {
    let fault = json!({"at": "list#1", "throttle": 429, "retry_after": "2s"});
    let Some((mut bench, _)) = bench_with(Official::Node10, fault).await else {
        return;
    };
    assert_eq!(bench.page(1, false).await.map(|page| page.len()), Ok(1));
    let asked = bench.world.requests("list").await;
    let arrived = |index: usize| asked[index]["elapsed_ms"].as_u64().expect("a time");
    assert_eq!(asked.len(), 2);
    // By itself it would have asked again after one second.
    assert!(arrived(1) - arrived(0) >= 2000, "{asked:?}");
}
