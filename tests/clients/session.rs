//! The session check, a HEAD without a body to read (docs/wire.md#statuses).

use serde_json::json;

use crate::emulator::World;
use crate::official::{Bench, Official, claims_of_every_client};

claims_of_every_client!(
    good_credentials_are_a_valid_session,
    a_wrong_key_is_no_valid_session,
    an_outage_is_told_from_a_refusal,
);

async fn good_credentials_are_a_valid_session(official: Official) {
    let Some(mut bench) = Bench::start(official, json!({"websites": 0})).await else {
        return;
    };
    assert_eq!(bench.session().await, Ok(json!({})));
    let request = bench.world.requests("session").await.remove(0);
    assert_eq!((&request["method"], &request["status"]), (&json!("HEAD"), &json!(200)));
}

async fn a_wrong_key_is_no_valid_session(official: Official) {
    let world = World::start(json!({"websites": 0})).await;
    let wrong = "0".repeat(64);
    let Some(mut bench) = Bench::with_key(official, world, Some(&wrong)).await else {
        return;
    };
    let refusal = bench.session().await.expect_err("the key is wrong");
    // There is no body to take a reason from, so each makes up its own.
    let reason = match official {
        Official::Node10 | Official::Node11 => "route_error",
        Official::Python => "unauthorized",
    };
    assert!(refusal.is(401, reason), "{refusal:?}");
}

async fn an_outage_is_told_from_a_refusal(official: Official) {
    let options = json!({"websites": 0, "faults": [{"at": "session", "status": 503}]});
    let Some(mut bench) = Bench::start(official, options).await else {
        return;
    };
    let refusal = bench.session().await.expect_err("the API is down");
    let reason = match official {
        Official::Node10 | Official::Node11 => "server_error",
        Official::Python => "unsuported_code", // so it spells it
    };
    assert!(refusal.is(503, reason), "{refusal:?}");
}
