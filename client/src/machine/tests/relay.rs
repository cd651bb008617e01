//! A tiny model of the RTM API, for these tests only: one socket, and events on their way to it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::server::Server;
use super::sim::secs;
use crate::WebsiteId;
use crate::machine::{SocketAction, SocketEvent, SocketId};

/// What goes wrong with events on their way, one after the other; the last for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Arrives,
    Lost,
    Late(Duration),
    Twice,
}

/// The relay, and what it does differently.
#[derive(Debug)]
pub struct Relay {
    /// Nothing can be opened.
    pub is_down: bool,
    /// So many authentications are refused.
    pub refuses: u32,
    /// It opens and says nothing.
    pub is_mute: bool,
    /// No pings are sent from this time on.
    pub mutes_pings: Option<Duration>,
    /// Installs are not told to a socket that is not bound to the website.
    pub withholds: bool,
    pub ways: Vec<Way>,
    pub opened: Vec<Duration>,
    pub said: Vec<(Duration, String)>,
    socket: Option<SocketId>,
    bound: Option<BTreeSet<WebsiteId>>,
    mail: Vec<(Duration, SocketId, SocketEvent)>,
    told: usize,
    sent: usize,
}

impl Default for Relay {
    fn default() -> Self {
        Self {
            is_down: false,
            refuses: 0,
            is_mute: false,
            mutes_pings: None,
            withholds: false,
            ways: vec![Way::Arrives],
            opened: Vec::new(),
            said: Vec::new(),
            socket: None,
            bound: None,
            mail: Vec::new(),
            told: 0,
            sent: 0,
        }
    }
}

impl Relay {
    /// When something arrives next.
    pub fn next(&self) -> Option<Duration> {
        self.mail.iter().map(|mail| mail.0).min()
    }

    /// What arrives now.
    pub fn take(&mut self, now: Duration) -> Option<(SocketId, SocketEvent)> {
        let first = self.mail.iter().enumerate().min_by_key(|(place, mail)| (mail.0, *place))?.0;
        if self.mail[first].0 > now {
            return None;
        }
        let (at, id, event) = self.mail.remove(first);
        let is_ping = event == SocketEvent::Text("2".to_owned());
        if is_ping && self.socket == Some(id) {
            self.say(at + secs(25), "2");
        }
        Some((id, event))
    }

    fn mail(&mut self, at: Duration, event: SocketEvent) {
        let Some(id) = self.socket else { return };
        self.mail.push((at, id, event));
    }

    fn say(&mut self, at: Duration, text: &str) {
        if text != "2" || self.mutes_pings.is_none_or(|from| at < from) {
            self.mail(at, SocketEvent::Text(text.to_owned()));
        }
    }

    /// Ends the socket.
    pub fn kick(&mut self, now: Duration, why: &str) {
        self.mail.clear();
        self.mail(now, SocketEvent::Closed(why.to_owned()));
        (self.socket, self.bound) = (None, None);
    }

    /// Does what the machine ordered; answers arrive at `at`.
    pub fn act(&mut self, at: Duration, id: SocketId, action: SocketAction, server: &Server) {
        match action {
            SocketAction::Open { url } => {
                assert_eq!(url, "ws://relay.test/p/68/?EIO=4&transport=websocket");
                assert_eq!(self.socket, None, "never more than one");
                self.opened.push(at);
                self.socket = Some(id);
                if self.is_down {
                    return self.kick(at, "connection refused");
                }
                self.mail(at, SocketEvent::Opened);
                if !self.is_mute {
                    self.say(at, r#"0{"pingInterval":25000,"pingTimeout":20000}"#);
                }
            }
            SocketAction::Text(text) => {
                assert_eq!(self.socket, Some(id), "nothing is said to a socket that has ended");
                self.hear(at, &text, server);
                self.said.push((at, text));
            }
            SocketAction::Close => {
                self.mail.clear();
                (self.socket, self.bound) = (None, None);
            }
        }
    }

    fn hear(&mut self, at: Duration, text: &str, server: &Server) {
        let here = || server.truth().into_keys().collect();
        match text {
            "40" => self.say(at, "40{\"sid\":\"s\"}"),
            "3" => {}
            "42[\"socket:bind\",{}]" => self.bound = Some(here()),
            _ if self.refuses > 0 => {
                self.refuses -= 1;
                self.say(at, "42[\"unauthorized\",{\"message\":\"no such key\"}]");
            }
            text => {
                assert!(text.starts_with("42[\"authentication\","), "{text}");
                self.bound = Some(here());
                self.say(at, "42[\"authenticated\",true]");
                self.say(at + secs(25), "2");
            }
        }
    }

    /// Raises the events of what has happened at the server since the last call.
    pub fn tell(&mut self, at: Duration, server: &Server) {
        for (id, came) in
            server.happened_since(std::mem::replace(&mut self.told, server.happened()))
        {
            let Some(bound) = &mut self.bound else { continue };
            let is_bound = bound.contains(&id);
            if came == Some(true) {
                // One that comes back has to be bound anew.
                bound.remove(&id);
            }
            let installed = came == Some(true) && !self.withholds;
            if !is_bound && !installed {
                continue;
            }
            let text = match came {
                None => {
                    let settings = server.truth().get(&id).map(|site| site.settings.clone());
                    let data = json!({"website_id": id, "settings": settings});
                    json!(["plugin:settings:saved", data])
                }
                Some(bound) => {
                    json!(["plugin:subscription:updated", {"website_id": id, "bound": bound}])
                }
            };
            let text = format!("42{text}");
            let way = self.ways[self.sent.min(self.ways.len() - 1)];
            self.sent += 1;
            match way {
                Way::Lost => {}
                Way::Arrives => self.say(at, &text),
                Way::Late(delay) => self.say(at + delay, &text),
                Way::Twice => {
                    self.say(at, &text);
                    self.say(at + secs(3), &text);
                }
            }
        }
    }
}
