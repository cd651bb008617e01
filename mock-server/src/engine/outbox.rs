//! The events that the plugin would have received (specification §5.6).
//!
//! Web hooks and the RTM API are not emulated yet; what they would have carried is kept here, the
//! newest [`MOST`], for tests to read.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::clock::Stamp;
use crate::id::WebsiteId;

/// How many events are kept.
const MOST: usize = 1_000;

/// One event, as a web hook would carry it (specification §5.3).
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
    events: VecDeque<PluginEvent>,
}

impl Outbox {
    /// The events that are kept, oldest first.
    pub fn events(&self) -> impl Iterator<Item = &PluginEvent> {
        self.events.iter()
    }

    /// A website installed (`bound`) or uninstalled the plugin.
    pub fn bound(&mut self, at: Stamp, website: WebsiteId, plugin: Uuid, bound: bool) {
        let data = json!({
            "website_id": website, "plugin_id": plugin, "bound": bound, "target": "website"
        });
        self.push(at, website, "plugin:subscription:updated", data);
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
        if self.events.len() == MOST {
            self.events.pop_front();
        }
        self.events.push_back(PluginEvent {
            website_id,
            event,
            data,
            timestamp: at.0,
        });
    }
}
