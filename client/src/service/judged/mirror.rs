//! What a listener of `/changes` holds: the events, applied one after another.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt as _, Empty};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::service::Service;
use crate::service::body::Body;

/// So long events of this process may take to come.
const PATIENCE: Duration = Duration::from_secs(5);

/// A listener within the process.
pub(super) struct Mirror {
    held: Arc<Held>,
    task: AbortHandle,
}

#[derive(Default)]
struct Held {
    state: Mutex<State>,
    news: Notify,
}

#[derive(Clone, Default)]
struct State {
    websites: Map<String, Value>,
    /// A set that has not come whole.
    coming: Option<Map<String, Value>>,
    /// The event that was applied last.
    event: String,
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Mirror {
    pub(super) async fn of(service: &Service) -> Result<Self, String> {
        let request = Request::get("/changes").body(Empty::new());
        let response = service.answer(request.map_err(|error| error.to_string())?).await;
        let held = Arc::new(Held::default());
        let task = tokio::spawn(follow(response.into_body(), Arc::clone(&held))).abort_handle();
        Ok(Self { held, task })
    }

    /// What is held once this event was applied.
    pub(super) async fn up_to(&self, event: &Value) -> Result<Map<String, Value>, String> {
        let event = event.as_str().unwrap_or_default();
        let reached = async {
            loop {
                let news = self.held.news.notified();
                let state = self.held.state.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if state.event == event {
                    return state.websites;
                }
                news.await;
            }
        };
        timeout(PATIENCE, reached).await.map_err(|_| format!("/changes never came to {event}"))
    }
}

async fn follow(mut body: Body, held: Arc<Held>) {
    let mut text = String::new();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(piece) = frame.into_data() else { continue };
        text.push_str(&String::from_utf8_lossy(&piece));
        while let Some((event, rest)) = text.split_once("\n\n") {
            held.state.lock().unwrap_or_else(PoisonError::into_inner).apply(event);
            text = rest.to_owned();
        }
        held.news.notify_waiters();
    }
}

impl State {
    fn apply(&mut self, event: &str) {
        let field =
            |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        let data = field("data").and_then(|data| serde_json::from_str::<Value>(data).ok());
        match (field("event"), data) {
            (Some("reset"), _) => self.coming = Some(Map::new()),
            (Some("complete"), _) => self.websites = self.coming.take().unwrap_or_default(),
            (Some("website"), Some(website)) => {
                let into = self.coming.as_mut().unwrap_or(&mut self.websites);
                into.extend(named(website));
            }
            (Some("removed"), Some(website)) => {
                self.websites.remove(website["id"].as_str().unwrap_or_default());
            }
            _ => {}
        }
        if let Some(id) = field("id") {
            id.clone_into(&mut self.event);
        }
    }
}

/// A website as the judge reads it.
pub(super) fn named(website: Value) -> Option<(String, Value)> {
    let id = website["id"].as_str()?.to_owned();
    Some((id, json!({ "settings": website["settings"], "token": website["token"] })))
}
