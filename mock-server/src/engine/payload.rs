//! What an event of a given name typically carries, for events that a test sends itself.

use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::clock::{Moment, Stamp};
use crate::engine::website::Website;
use crate::engine::{Refusal, World, numbers};
use crate::id::{WebsiteId, derive_uuid};

/// The longest name of an event.
const LONGEST_NAME: usize = 100;

/// The name of an event: lower-case words with `:` between them, as `message:send`.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::engine::EventName;
///
/// assert!("session:set_email".parse::<EventName>().is_ok());
/// assert!("message".parse::<EventName>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventName(String);

/// A text that cannot be an event's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of an event")]
pub struct InvalidEventName(String);

impl EventName {
    /// What to write instead of a text that is none.
    pub const HINT: &'static str =
        "write lower-case words with `:` between them, as `message:send`";

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EventName {
    type Err = InvalidEventName;

    fn from_str(text: &str) -> Result<Self, InvalidEventName> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let word = |word: &str| !word.is_empty() && word.chars().all(plain);
        if text.len() <= LONGEST_NAME && text.contains(':') && text.split(':').all(word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidEventName(text.chars().take(LONGEST_NAME).collect()))
        }
    }
}

impl World {
    /// An event of any name about a website: `data` over the payload that events of that name have
    /// (docs/events.md). Returns its number.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotSubscribed`]: Crisp sends a plugin no events of other websites.
    pub fn emit(
        &mut self,
        now: Moment,
        id: WebsiteId,
        event: &EventName,
        data: Map<String, Value>,
    ) -> Result<u64, Refusal> {
        let website = self.subscribed(id)?;
        let mut payload = typical(event.as_str(), website, self, now.wall);
        payload.extend(data);
        let payload = numbers::kept(payload, self.quirks.numbers);
        Ok(self.outbox.emit(now.wall, id, event.as_str(), payload.into()))
    }
}

/// The payload of an event: its website, and what Crisp's events of that name have beside it, with one
/// made-up visitor per website. An unknown name has the website alone.
fn typical(event: &str, website: &Website, world: &World, now: Stamp) -> Map<String, Value> {
    let plugin = world.plugin;
    let name = website.id.to_string();
    let session = format!("session_{}", derive_uuid(&["session", &name]));
    let visitor = json!({ "user_id": session, "nickname": "Visitor" });
    let operator = json!({
        "user_id": derive_uuid(&["operator of", &name]), "nickname": "Operator", "type": "website",
    });
    let message = |from: &str, user: &Value| {
        json!({
            "session_id": session, "type": "text", "content": "Hello", "from": from,
            "origin": "chat", "mentions": [], "fingerprint": now.0, "timestamp": now.0,
            "user": user, "stamped": true,
        })
    };
    let people = || derive_uuid(&["people", &name]);
    let others = match event {
        "message:send" => message("user", &visitor),
        "message:received" => message("operator", &operator),
        "message:updated" => {
            json!({ "session_id": session, "fingerprint": now.0, "content": "Hello again" })
        }
        "message:removed" => json!({ "session_id": session, "fingerprint": now.0 }),
        "message:compose:send" => {
            json!({ "session_id": session, "type": "start", "excerpt": "Hel", "user": visitor })
        }
        "message:compose:receive" => {
            json!({ "session_id": session, "type": "start", "user": operator })
        }
        "session:set_email" => json!({ "session_id": session, "email": "visitor@example.com" }),
        "session:set_phone" => json!({ "session_id": session, "phone": "+33600000000" }),
        "session:set_nickname" => json!({ "session_id": session, "nickname": "Visitor" }),
        "session:set_subject" => json!({ "session_id": session, "subject": "A question" }),
        "session:set_segments" => json!({ "session_id": session, "segments": ["customer"] }),
        "session:set_data" => json!({ "session_id": session, "data": { "key": "value" } }),
        "session:set_state" => json!({ "session_id": session, "state": "resolved" }),
        "session:set_opened" | "session:set_closed" => {
            json!({ "session_id": session, "user": operator })
        }
        "session:set_block" => json!({ "session_id": session, "is_blocked": true }),
        "session:request:initiated" | "session:removed" | "session:sync:capabilities" => {
            json!({ "session_id": session })
        }
        "website:users:available" => {
            json!({ "time_since": now.0, "user_id": operator["user_id"], "type": "available" })
        }
        "website:update_visitors_count" => json!({ "visitors_count": 1 }),
        "people:profile:created" | "people:profile:updated" => {
            json!({ "people_id": people(), "email": "visitor@example.com" })
        }
        "people:profile:removed" => json!({ "people_id": people() }),
        "plugin:settings:saved" => {
            json!({ "plugin_id": plugin, "settings": numbers::parsed(website.settings_or_empty(), world.quirks.numbers) })
        }
        "plugin:subscription:updated" => {
            let target = &world.quirks.subscription_target.0;
            json!({ "plugin_id": plugin, "bound": true, "target": target })
        }
        "plugin:event" => json!({
            "plugin_id": plugin, "urn": "urn:crisp.mock:plugin:0", "name": "order:paid", "data": {},
        }),
        "plugin:channel" => {
            json!({ "plugin_id": plugin, "namespace": "orders", "payload": {} })
        }
        "plan:subscription:updated" => json!({ "plan": *website.plan }),
        _ => json!({}),
    };
    let mut payload = Map::new();
    payload.insert("website_id".to_owned(), json!(website.id));
    if let Value::Object(others) = others {
        payload.extend(others);
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_with_colons_between_them() {
        for name in ["message:send", "plugin:settings:saved", "session:set_email", "a:1"] {
            assert_eq!(name.parse::<EventName>().unwrap().as_str(), name);
        }
        let long = format!("a:{}", "b".repeat(LONGEST_NAME));
        for name in ["", "message", ":", "a:", ":a", "a::b", "Message:send", "a:b c", &long] {
            assert!(name.parse::<EventName>().is_err(), "{name}");
        }
    }
}
