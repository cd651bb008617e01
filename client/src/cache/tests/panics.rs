//! A bug in the machine: the cache serves on, and the API does not suffer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Server, change_of};
use crate::Cache;
use crate::machine::Event;

/// Whether the event is the answer to a poll that tells of a change.
fn tells_of_a_change(event: &Event) -> bool {
    let Event::Answer { response, .. } = event else { return false };
    String::from_utf8_lossy(response.body()).contains("\"updated\"")
}

#[tokio::test]
async fn a_machine_that_panics_begins_anew_and_readers_notice_nothing() {
    let server = Server::start(3).await;
    let panicked = Arc::new(AtomicBool::new(false));
    let flag = panicked.clone();
    let cache = Cache::<Value>::builder(server.config())
        .bug(move |event| {
            if tells_of_a_change(event) && !flag.swap(true, Ordering::Relaxed) {
                panic!("a bug");
            }
        })
        .start()
        .unwrap();
    cache.ready().await.unwrap();
    let mut changes = cache.changes().from_now_on();
    server.operator(1, json!({"n": "new"}));
    change_of(&mut changes, 1).await;
    assert!(panicked.load(Ordering::Relaxed));
    assert_eq!(cache.view().len(), 3);
    server.operator(2, json!({"n": "newer"}));
    change_of(&mut changes, 2).await;
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[tokio::test]
async fn a_machine_that_panics_at_every_answer_is_no_hot_loop() {
    let server = Server::start(1).await;
    let mut config = server.config();
    config.retry.base = Duration::from_millis(100);
    let panics = Arc::new(Mutex::new(Vec::new()));
    let noted = panics.clone();
    let cache = Cache::<Value>::builder(config)
        .bug(move |event| {
            if matches!(event, Event::Answer { .. }) {
                locked(&noted).push(Instant::now());
                panic!("a bug");
            }
        })
        .start()
        .unwrap();
    while locked(&panics).len() < 3 {
        tokio::task::yield_now().await;
    }
    let at = locked(&panics).clone();
    assert!(at[1] - at[0] >= Duration::from_millis(100));
    assert!(at[2] - at[1] >= Duration::from_millis(200));
    cache.stop().await;
}
