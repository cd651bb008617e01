//! What faults a space meets depends on no other space: eight busy ones beside each other, again and again.

use crisp_mock_server::server::MockServer;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::server;
use crate::wire::{Keys, control, receive, send_as};

const RUNS: usize = 100;
const SPACES: usize = 8;
const REQUESTS: usize = 12;

fn plan() -> Value {
    json!([
        { "at": "since", "reset": true, "chance": 0.3, "seed": 7 },
        { "at": "since#every:3", "status": 503 },
        { "at": "list/2", "cut_body": 40, "chance": 0.5, "seed": 8 },
        { "at": "account", "close": true, "chance": 0.5, "seed": 9, "times": 2 },
    ])
}

/// One client: three operations in turn.
async fn poll(address: std::net::SocketAddr, keys: Keys) {
    const PATHS: [&str; 3] = [
        "/v1/plugin/connect/websites/since?date_since=2026-01-01T00:00:00.000Z",
        "/v1/plugin/connect/websites/all/2",
        "/v1/plugin/connect/account",
    ];
    for i in 0..REQUESTS {
        let stream = send_as(address, &keys, "GET", PATHS[i % PATHS.len()], "").await;
        receive(stream, Vec::new(), false).await;
    }
}

/// Makes the spaces, and says how to be a client of each.
async fn spaces(server: &MockServer) -> Vec<Keys> {
    let mut all = Vec::new();
    for i in 0..SPACES {
        let options = json!({
            "name": format!("space-{i}"), "clock": "manual", "now": "2026-01-01T00:00:00Z",
            "websites": 3, "page_size": 2, "faults": plan(),
        });
        let info = control(server, "POST", "/spaces", &options.to_string()).await;
        let text = |key: &str| info[key].as_str().unwrap().to_owned();
        all.push(Keys { identifier: text("identifier"), key: text("key") });
    }
    all
}

/// The journals of all spaces after all have been busy at the same time, without durations. Then
/// they are reset.
async fn journals(server: &MockServer, spaces: &[Keys]) -> Vec<Value> {
    let mut clients = JoinSet::new();
    for keys in spaces {
        clients.spawn(poll(server.addresses()[0], keys.clone()));
    }
    clients.join_all().await;
    let mut journals = Vec::new();
    for i in 0..SPACES {
        let space = format!("/spaces/space-{i}");
        let mut journal = control(server, "GET", &format!("{space}/requests"), "").await;
        for request in journal["requests"].as_array_mut().unwrap() {
            request.as_object_mut().unwrap().remove("duration_ms");
        }
        journals.push(journal);
        control(server, "POST", &format!("{space}/reset"), "").await;
    }
    journals
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_and_plan_give_the_same_journals_in_a_hundred_runs_of_eight_spaces() {
    let one = server(None).await;
    let clients = spaces(&one).await;
    let first = journals(&one, &clients).await;
    let met = first.iter().map(|journal| {
        let requests = journal["requests"].as_array().unwrap();
        assert_eq!(requests.len(), REQUESTS);
        requests.iter().map(|request| request["faults"].clone()).collect::<Vec<_>>()
    });
    let mut met: Vec<_> = met.collect();
    met.dedup();
    assert!(met.len() > 1, "spaces with the same plan meet faults of their own");
    for run in 1..RUNS - 1 {
        assert_eq!(journals(&one, &clients).await, first, "run {run}");
    }
    let other = server(None).await;
    let clients = spaces(&other).await;
    assert_eq!(journals(&other, &clients).await, first, "another server");
}
