//! The events that the plugin would have received (docs/wire.md#events-and-channels).
//!
//! Web hooks and the RTM API are not emulated yet; what they would have carried is kept here for
//! tests to read: the newest [`MOST`] events, and no more than [`MOST_BYTES`] of them.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::clock::Stamp;
use crate::engine::website::Plan;
use crate::id::WebsiteId;

/// How many events are kept.
const MOST: usize = 1_000;

/// How many bytes the payloads may have together, as JSON; the newest event always stays.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// One event, as a web hook would carry it (docs/wire.md#web-hooks).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PluginEvent {
    /// The website it speaks of.
    pub website_id: WebsiteId,
    /// Its name, such as `plugin:settings:saved`.
    pub event: &'static str,
    /// Its payload.
    pub data: Value,
    /// When it happened, in milliseconds since 1970.
    pub timestamp: i64,
}

/// The newest events, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    /// Each with the bytes of its payload.
    events: VecDeque<(usize, PluginEvent)>,
    bytes: usize,
}

impl Outbox {
    /// The events that are kept, oldest first.
    pub fn events(&self) -> impl Iterator<Item = &PluginEvent> {
        self.events.iter().map(|(_, event)| event)
    }

    /// A website installed (`bound`) or uninstalled the plugin.
    pub fn bound(&mut self, at: Stamp, website: WebsiteId, plugin: Uuid, bound: bool) {
        let data = json!({
            "website_id": website, "plugin_id": plugin, "bound": bound, "target": "website"
        });
        self.push(at, website, "plugin:subscription:updated", data);
    }

    /// A website's plan changed.
    pub fn planned(&mut self, at: Stamp, website: WebsiteId, plan: &Plan) {
        let data = json!({"website_id": website, "plan": plan});
        self.push(at, website, "plan:subscription:updated", data);
    }

    /// Settings were saved.
    pub fn saved(
        &mut self,
        at: Stamp,
        website: WebsiteId,
        plugin: Uuid,
        settings: Map<String, Value>,
    ) {
        let data = json!({"website_id": website, "plugin_id": plugin, "settings": settings});
        self.push(at, website, "plugin:settings:saved", data);
    }

    /// The plugin dispatched an event, or forwarded a message over its channel.
    pub fn dispatched(&mut self, at: Stamp, website: WebsiteId, event: &'static str, data: Value) {
        self.push(at, website, event, data);
    }

    fn push(&mut self, at: Stamp, website_id: WebsiteId, event: &'static str, data: Value) {
        let bytes = length(&data);
        self.bytes += bytes;
        let event = PluginEvent { website_id, event, data, timestamp: at.0 };
        self.events.push_back((bytes, event));
        while self.events.len() > MOST || (self.bytes > MOST_BYTES && self.events.len() > 1) {
            self.bytes -= self.events.pop_front().map_or(0, |(bytes, _)| bytes);
        }
    }
}

/// How long a value is as JSON, without writing it down.
fn length(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail, and a value is always JSON.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
