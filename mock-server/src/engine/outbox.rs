//! The events of a world, in the order in which they happened (docs/wire.md#events-and-channels).
//!
//! Everything that tells a plugin of events reads them here: web hooks, sockets, `GET /_mock/events`.
//! A reader keeps the number of the last event it has read and asks [`Outbox::events_after`] for the
//! rest, whenever the space announces a change. Kept are the newest [`MOST`] events, and no more than
//! [`MOST_BYTES`] of them; a reader that falls further behind sees a gap in the numbers.

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

/// One event, as a web hook or a socket would carry it (docs/wire.md#web-hooks), and its number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PluginEvent {
    /// Its number in its space: from 1, without gaps, never used again, not even after a reset.
    pub seq: u64,
    /// The website it speaks of. It goes to the plugin of that website and to no other.
    pub website_id: WebsiteId,
    /// Its name, such as `plugin:settings:saved`.
    pub event: String,
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
    /// The number of the newest event that there ever was.
    last_seq: u64,
}

impl Outbox {
    /// An empty outbox whose numbers go on after those of another: what a world that takes the place
    /// of an earlier one in the same space begins with.
    #[must_use]
    pub fn following(earlier: &Self) -> Self {
        Self { last_seq: earlier.last_seq, ..Self::default() }
    }

    /// The events that are kept, oldest first.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &PluginEvent> {
        self.events_after(0)
    }

    /// The events with a number over `seq` that are kept, oldest first. Some were lost where the first
    /// of them is not `seq + 1`.
    pub fn events_after(&self, seq: u64) -> impl DoubleEndedIterator<Item = &PluginEvent> {
        let first = self.events.front().map_or(0, |(_, event)| event.seq);
        let read = seq.saturating_add(1).saturating_sub(first);
        let read = usize::try_from(read).unwrap_or(usize::MAX).min(self.events.len());
        self.events.range(read..).map(|(_, event)| event)
    }

    /// The number of the newest event; 0 before the first. It stays when the event itself is gone.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// A website installed (`bound`) or uninstalled the plugin; `target` is a quirk.
    pub fn bound(
        &mut self,
        at: Stamp,
        website: WebsiteId,
        plugin: Uuid,
        bound: bool,
        target: &str,
    ) {
        let data = json!({
            "website_id": website, "plugin_id": plugin, "bound": bound, "target": target
        });
        self.emit(at, website, "plugin:subscription:updated", data);
    }

    /// A website's plan changed.
    pub fn planned(&mut self, at: Stamp, website: WebsiteId, plan: &Plan) {
        let data = json!({"website_id": website, "plan": plan});
        self.emit(at, website, "plan:subscription:updated", data);
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
        self.emit(at, website, "plugin:settings:saved", data);
    }

    /// Any event: takes its name and its whole payload, returns its number.
    pub fn emit(
        &mut self,
        at: Stamp,
        website_id: WebsiteId,
        event: impl Into<String>,
        data: Value,
    ) -> u64 {
        let bytes = length(&data);
        self.bytes += bytes;
        self.last_seq += 1;
        let seq = self.last_seq;
        let event = PluginEvent { seq, website_id, event: event.into(), data, timestamp: at.0 };
        self.events.push_back((bytes, event));
        while self.events.len() > MOST || (self.bytes > MOST_BYTES && self.events.len() > 1) {
            self.bytes -= self.events.pop_front().map_or(0, |(bytes, _)| bytes);
        }
        seq
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_when_events_are_dropped_and_when_a_world_follows_another() {
        let mut outbox = Outbox::default();
        let emit = |outbox: &mut Outbox, times| {
            for _ in 0..times {
                outbox.emit(Stamp(1), WebsiteId::numbered(1), "message:send", json!({}));
            }
        };
        let after = |outbox: &Outbox, seq| {
            let events: Vec<_> = outbox.events_after(seq).map(|event| event.seq).collect();
            (events.first().copied(), events.last().copied(), events.len())
        };
        assert_eq!(after(&outbox, 0), (None, None, 0));
        emit(&mut outbox, 1_005);
        assert_eq!(outbox.last_seq(), 1_005);
        assert_eq!(after(&outbox, 0), (Some(6), Some(1_005), 1_000));
        assert_eq!(after(&outbox, 5), (Some(6), Some(1_005), 1_000));
        assert_eq!(after(&outbox, 1_003), (Some(1_004), Some(1_005), 2));
        for read in [1_005, 1_006, u64::MAX] {
            assert_eq!(after(&outbox, read), (None, None, 0), "{read}");
        }
        let mut next = Outbox::following(&outbox);
        assert_eq!((next.last_seq(), next.events().count()), (1_005, 0));
        emit(&mut next, 1);
        assert_eq!(after(&next, 1_005), (Some(1_006), Some(1_006), 1));
    }
}
