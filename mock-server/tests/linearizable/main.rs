//! One website's settings under sixteen clients at once, with faults: there is an order in which all
//! that was answered makes sense. Where the server is made to lie, there is none.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

mod checker;
mod clients;

use std::sync::Arc;

use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::server::MockServer;
use serde_json::{Value, json};

use checker::{Deed, Done, check};
use clients::{BEFORE, Clients, Lie};

/// Requests of each client in the crowd.
const EACH: u32 = 24;
/// The same where no order is to be found: all have to be tried.
const EACH_OF_A_LIE: u32 = 10;

/// What goes wrong: answers late and in another order, requests and answers that are lost, bodies
/// that are cut, refusals.
fn faults() -> Value {
    let mut faults = vec![
        json!({"delay": {"uniform": ["1ms", "12ms"]}, "chance": 0.3, "seed": 1, "at": "get_settings"}),
    ];
    for (place, at) in ["save_settings", "update_settings"].into_iter().enumerate() {
        let seed = 10 * (place + 1);
        faults.extend([
            json!({"at": at, "lose_answer": true, "chance": 0.08, "seed": seed}),
            json!({"at": at, "lose_request": true, "chance": 0.05, "seed": seed + 1}),
            json!({"at": at, "reset": true, "chance": 0.04, "seed": seed + 2}),
            json!({"at": at, "cut_body": 10, "chance": 0.04, "seed": seed + 3}),
            json!({"at": at, "status": 503, "chance": 0.04, "seed": seed + 4}),
            json!({"at": at, "delay": {"uniform": ["1ms", "12ms"]}, "chance": 0.3, "seed": seed + 5}),
        ]);
    }
    faults.into()
}

async fn server(faults: Value) -> MockServer {
    let options =
        WorldOptions { websites: Some(1), faults: Some(faults), ..WorldOptions::default() };
    MockServer::start(options.into()).await.unwrap()
}

/// What sixteen clients did and saw.
async fn crowd(server: &MockServer, each: u32, lie: Lie) -> Vec<Done> {
    let clients = Arc::new(Clients::of(server.info(), lie));
    clients.begin().await;
    clients.all_at_once(each).await;
    clients.one_write_then_all_read().await;
    Arc::try_unwrap(clients).ok().unwrap().history()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_under_sixteen_clients_and_faults_are_linearizable() {
    let server = server(faults()).await;
    let history = crowd(&server, EACH, Lie::None).await;
    let count = |wanted: fn(&Done) -> bool| history.iter().filter(|done| wanted(done)).count();
    let overlapping = |done: &Done| {
        let other = |other: &Done| other.called > done.called && Some(other.called) < done.answered;
        history.iter().any(other)
    };
    let beside = history.iter().filter(|done| overlapping(done)).count();
    assert!(beside > 100, "{beside} operations of {} had others beside them", history.len());
    assert!(count(|done| done.answered.is_none()) > 15, "too few outcomes were unknown");
    assert!(count(|done| matches!(done.deed, Deed::Saw(_))) > 100, "too few reads");
    if let Err(violation) = check(BEFORE, &history) {
        panic!("no order of {} operations: {violation:#?}", history.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stale_read_among_them_is_found() {
    let mut faults = faults();
    faults.as_array_mut().unwrap().push(json!({"at": "get_settings#30", "stale": "60s"}));
    let server = server(faults).await;
    let history = crowd(&server, EACH_OF_A_LIE, Lie::None).await;
    check(BEFORE, &history).expect_err("an answer from before the first write fits nowhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_write_that_is_acknowledged_and_lost_is_found() {
    let server = server(faults()).await;
    let history = crowd(&server, EACH_OF_A_LIE, Lie::LoseAWrite).await;
    let violation = check(BEFORE, &history).expect_err("what was acknowledged was never seen");
    assert!(violation.placed.len() > history.len() / 2, "found where it was told");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_patch_that_replaces_everything_is_found() {
    let server = server(faults()).await;
    let history = crowd(&server, EACH_OF_A_LIE, Lie::PatchAsPut).await;
    check(BEFORE, &history).expect_err("members that no write removed are gone");
}
