//! Which events a socket is bound to: by name, by room, and by the websites there were when it bound.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use crate::bounds;
use crate::engine::PluginEvent;
use crate::id::WebsiteId;
use crate::quirks::{Quirks, RtmInstall, RtmInstalled};

/// The event by which websites come and go.
const INSTALLATION: &str = "plugin:subscription:updated";

/// What one socket has asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Binding {
    pub(super) events: BTreeSet<String>,
    /// Only these websites; all when it is empty.
    pub(super) rooms: BTreeSet<WebsiteId>,
    /// Websites installed since it was bound: it is not bound to them.
    installed_since: HashSet<WebsiteId>,
    /// Up to which number websites are trusted, when the token is a development one.
    trusted: Option<u32>,
}

/// More websites were installed since a socket was bound than are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManyInstalls;

impl Binding {
    /// What the payload of `authentication` asks for.
    pub(super) fn new(payload: &Value, trusted: Option<u32>) -> Self {
        let rooms = texts(payload, "rooms");
        Self {
            events: texts(payload, "events").map(str::to_owned).collect(),
            rooms: rooms.filter_map(|room| room.parse().ok()).collect(),
            installed_since: HashSet::new(),
            trusted,
        }
    }

    /// `socket:bind`: binds to the websites that there are now, and to other events if it names some.
    pub(super) fn bind(&mut self, payload: &Value) {
        if payload.get("events").is_some_and(Value::is_array) {
            self.events = texts(payload, "events").map(str::to_owned).collect();
        }
        self.installed_since = HashSet::new();
    }

    /// `socket:bind:push`: more events.
    pub(super) fn push(&mut self, payload: &Value) {
        let names: usize = self.events.iter().map(String::len).sum();
        let mut room = bounds::RTM_FRAME.saturating_sub(names);
        for name in texts(payload, "events") {
            room = room.saturating_sub(name.len());
            if room > 0 {
                self.events.insert(name.to_owned());
            }
        }
    }

    /// `socket:bind:pop`: fewer events.
    pub(super) fn pop(&mut self, payload: &Value) {
        for name in texts(payload, "events") {
            self.events.remove(name);
        }
    }

    /// Whether an event reaches the socket. To be asked of each event since the bind, in their order.
    pub(super) fn takes(
        &mut self,
        event: &PluginEvent,
        quirks: &Quirks,
    ) -> Result<bool, TooManyInstalls> {
        let reaches = self.reaches(event, quirks)?;
        let wanted = self.events.contains(&event.event);
        let in_room = self.rooms.is_empty() || self.rooms.contains(&event.website_id);
        Ok(reaches && wanted && in_room && self.trusts(event.website_id))
    }

    /// Whether it is bound to the website of an event.
    fn reaches(&mut self, event: &PluginEvent, quirks: &Quirks) -> Result<bool, TooManyInstalls> {
        let website = event.website_id;
        if event.event != INSTALLATION || quirks.rtm_install == RtmInstall::AtOnce {
            return Ok(!self.installed_since.contains(&website));
        }
        if event.data.get("bound") == Some(&Value::Bool(true)) {
            if self.installed_since.len() >= bounds::RTM_INSTALLS {
                return Err(TooManyInstalls);
            }
            self.installed_since.insert(website);
            return Ok(quirks.rtm_installed == RtmInstalled::Sent);
        }
        Ok(!self.installed_since.remove(&website))
    }

    fn trusts(&self, website: WebsiteId) -> bool {
        self.trusted.is_none_or(|most| website.number().is_some_and(|number| number <= most))
    }
}

/// The texts in a member of a payload that is a list.
fn texts<'a>(payload: &'a Value, member: &str) -> impl Iterator<Item = &'a str> {
    let list = payload.get(member).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(website: u32, name: &str, data: Value) -> PluginEvent {
        let website_id = WebsiteId::numbered(website);
        PluginEvent { seq: 1, website_id, event: name.into(), data, timestamp: 0 }
    }

    fn installed(website: u32, bound: bool) -> PluginEvent {
        event(website, INSTALLATION, json!({ "bound": bound }))
    }

    fn saved(website: u32) -> PluginEvent {
        event(website, "plugin:settings:saved", json!({}))
    }

    fn listening() -> Binding {
        Binding::new(&json!({"events": ["plugin:settings:saved", INSTALLATION]}), None)
    }

    #[test]
    fn a_website_installed_after_the_bind_is_heard_after_the_next() {
        let (mut binding, quirks) = (listening(), Quirks::default());
        assert_eq!(binding.takes(&saved(1), &quirks), Ok(true));
        assert_eq!(binding.takes(&installed(9, true), &quirks), Ok(true), "the install itself");
        assert_eq!(binding.takes(&saved(9), &quirks), Ok(false));
        binding.bind(&json!({}));
        assert_eq!(binding.takes(&saved(9), &quirks), Ok(true));
        assert_eq!(binding.takes(&installed(9, false), &quirks), Ok(true));
    }

    #[test]
    fn quirks_let_installs_reach_a_socket_at_once_or_not_at_all() {
        let mut quirks = Quirks::default();
        quirks.set("rtm-installed", "withheld").unwrap();
        let mut binding = listening();
        assert_eq!(binding.takes(&installed(9, true), &quirks), Ok(false));
        assert_eq!(binding.takes(&installed(9, false), &quirks), Ok(false), "it was never bound");
        quirks.set("rtm-install", "at-once").unwrap();
        assert_eq!(binding.takes(&installed(9, true), &quirks), Ok(true));
        assert_eq!(binding.takes(&saved(9), &quirks), Ok(true));
    }

    #[test]
    fn names_rooms_and_trust_narrow_what_is_heard() {
        let quirks = Quirks::default();
        let room = WebsiteId::numbered(2).to_string();
        let payload = json!({"events": ["plugin:settings:saved"], "rooms": [room, "nonsense"]});
        let mut binding = Binding::new(&payload, None);
        assert_eq!(binding.takes(&saved(1), &quirks), Ok(false));
        assert_eq!(binding.takes(&saved(2), &quirks), Ok(true));
        binding.pop(&payload);
        assert_eq!(binding.takes(&saved(2), &quirks), Ok(false));
        binding.push(&payload);
        assert_eq!(binding.takes(&saved(2), &quirks), Ok(true));
        binding.bind(&json!({"events": ["message:send"]}));
        assert_eq!(binding.takes(&saved(2), &quirks), Ok(false));
        let mut trusting = Binding::new(&json!({"events": ["plugin:settings:saved"]}), Some(2));
        assert_eq!(trusting.takes(&saved(2), &quirks), Ok(true));
        assert_eq!(trusting.takes(&saved(3), &quirks), Ok(false));
    }

    #[test]
    fn what_a_binding_remembers_is_bounded() {
        let (mut binding, quirks) = (listening(), Quirks::default());
        let most = u32::try_from(bounds::RTM_INSTALLS).unwrap();
        for website in 1..=most {
            assert!(binding.takes(&installed(website, true), &quirks).is_ok());
        }
        assert_eq!(binding.takes(&installed(most + 1, true), &quirks), Err(TooManyInstalls));
        for number in 0..20 {
            binding.push(&json!({"events": [format!("{number}{}", "x".repeat(10_000))]}));
        }
        let names: usize = binding.events.iter().map(String::len).sum();
        assert!(names <= bounds::RTM_FRAME, "{names}");
    }
}
