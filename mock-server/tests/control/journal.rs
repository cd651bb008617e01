use std::sync::Arc;

use crisp_mock_server::options::WorldOptions;
use serde_json::{Value, json};

use crate::talk::{control, emulator, plugin};

#[tokio::test]
async fn requests_can_be_filtered_and_counted() {
    let emulator = emulator(WorldOptions::default());
    for path in
        ["plugin/connect/account", "plugin/connect/websites/all/1", "plugin/connect/websites/all/2"]
    {
        plugin(&emulator, emulator.info(), &format!("GET {path}"), Value::Null).await;
    }
    for (query, seqs) in [
        ("", vec![1, 2, 3]),
        ("?operation=list", vec![2, 3]),
        ("?operation=list&since_seq=2", vec![3]),
        ("?limit=1", vec![3]),
        ("?status=200", vec![1]),
        ("?path=all/2", vec![3]),
        ("?method=put", vec![]),
    ] {
        let (status, body) =
            control(&emulator, &format!("GET /_mock/requests{query}"), Value::Null).await;
        assert_eq!(status, 200);
        let found: Vec<_> = body["requests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["seq"].as_u64().unwrap())
            .collect();
        assert_eq!(found, seqs, "{query}");
        assert_eq!(body["counts"]["list"]["206"], 2);
        assert_eq!(body["dropped"], 0);
    }
    for query in ["?operation=lst", "?statuss=200", "?wait=soon", "?website=nobody", "?limit=-1"] {
        let (status, body) =
            control(&emulator, &format!("GET /_mock/requests{query}"), Value::Null).await;
        assert_eq!(status, 400, "{query}: {body}");
    }
}

#[tokio::test]
async fn a_waiting_call_is_answered_by_the_request_it_waits_for() {
    let emulator = Arc::new(emulator(WorldOptions::default()));
    let waiting = {
        let emulator = Arc::clone(&emulator);
        tokio::spawn(async move {
            control(&emulator, "GET /_mock/requests?operation=account&wait=60s", Value::Null).await
        })
    };
    tokio::task::yield_now().await; // the call is waiting now: the runtime has one thread
    plugin(&emulator, emulator.info(), "GET plugin/connect/endpoints", Value::Null).await;
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished(), "another operation does not end the wait");
    plugin(&emulator, emulator.info(), "GET plugin/connect/account", Value::Null).await;
    let (_, body) = waiting.await.unwrap();
    assert_eq!(body["requests"][0]["operation"], "account");
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_nothing_ends_with_an_empty_answer() {
    let emulator = emulator(WorldOptions::default());
    let (status, body) =
        control(&emulator, "GET /_mock/requests?operation=account&wait=5s", Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(body["requests"], json!([]));
}

#[tokio::test]
async fn what_a_client_sent_and_nothing_read_shows_up() {
    let emulator = emulator(WorldOptions::default());
    let misspelt = "GET plugin/connect/websites/all/1?filter_configurd=1&include_plan=1";
    plugin(&emulator, emulator.info(), misspelt, Value::Null).await;
    let (_, body) = control(&emulator, "GET /_mock/requests", Value::Null).await;
    assert_eq!(body["requests"][0]["unread"], json!({"query": ["filter_configurd"]}));
}

#[tokio::test]
async fn emptying_the_journal_keeps_the_numbers_going() {
    let emulator = emulator(WorldOptions::default());
    plugin(&emulator, emulator.info(), "GET plugin/connect/account", Value::Null).await;
    let (_, body) = control(&emulator, "DELETE /_mock/requests", Value::Null).await;
    assert_eq!(body, json!({"removed": 1}));
    plugin(&emulator, emulator.info(), "GET plugin/connect/account", Value::Null).await;
    let (_, body) = control(&emulator, "GET /_mock/requests", Value::Null).await;
    assert_eq!((&body["total"], &body["requests"][0]["seq"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn only_the_calls_that_ask_for_a_request_are_woken_by_it() {
    let emulator = Arc::new(emulator(WorldOptions::default()));
    let wait = |operation: &str| {
        let emulator = Arc::clone(&emulator);
        let call = format!("GET /_mock/requests?operation={operation}&wait=5m");
        tokio::spawn(async move { control(&emulator, &call, Value::Null).await })
    };
    let (account, list) = (wait("account"), wait("list"));
    while emulator.spaces().default_space().waiting_calls() < 2 {
        tokio::task::yield_now().await;
    }
    let info = emulator.info();
    plugin(&emulator, info, "GET plugin/connect/account", Value::Null).await;
    let (_, found) = account.await.unwrap();
    assert_eq!(found["count"], 1);
    assert!(!list.is_finished());
    assert_eq!(emulator.spaces().default_space().waiting_calls(), 1);
    plugin(&emulator, info, "GET plugin/connect/websites/all/1", Value::Null).await;
    assert_eq!(list.await.unwrap().1["requests"][0]["operation"], "list");
    assert_eq!(emulator.spaces().default_space().waiting_calls(), 0);
}
