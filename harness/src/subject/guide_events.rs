//! The second way of Crisp's settings guide: load, listen to `plugin:settings:saved`, poll rarely.
//!
//! The load and the polls are the guide's loop, whose ticks are ten minutes apart ("every 10 minutes",
//! for clean-up). The listener opens its socket when the load is over, authenticates, and stores what
//! each event carries. It reconnects as Crisp's clients do: after 5 s, and after 45 s without a
//! heartbeat. Nothing is asked after a reconnection, and no `socket:bind` is ever sent: both are what
//! a plugin forgets that takes events for data.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::guide::{self, Loop};
use super::{
    Abilities, About, Action, Client, Event, Held, Moment, ReportedStatus, Setup, SocketAction,
    SocketEvent, Subject,
};
use crate::scenario;

/// From one poll to the next.
const TICK: Duration = Duration::from_secs(600);
/// From the end of a socket to the next try.
const RECONNECT: Duration = Duration::from_secs(5);
/// A socket that does not open within this time is given up.
const CONNECT: Duration = Duration::from_secs(10);
/// A socket on which nothing came for so long is given up: interval and time-out of heartbeats, as the
/// first frame announces them.
const SILENCE: Duration = Duration::from_secs(45);
/// Where clients without discovery open their sockets.
const TARGET: &str = "/socket.io/?EIO=4&transport=websocket";
const SAVED: &str = "plugin:settings:saved";

/// The guide's loop that listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct GuideEvents;

impl Client for GuideEvents {
    fn about(&self, options: &scenario::Client) -> About {
        About {
            name: "guide-events".to_owned(),
            version: guide::VERSION.to_owned(),
            abilities: Abilities { listens: true, ..Abilities::default() },
            declared: guide::declared(options, TICK),
        }
    }

    fn start(&self, setup: &Setup, _now: Moment) -> Box<dyn Subject> {
        let authentication = json!([
            "authentication",
            {
                "username": setup.identifier,
                "password": setup.key,
                "tier": "plugin",
                "events": [SAVED],
            }
        ]);
        Box::new(Listening {
            polls: Loop::new(setup, TICK),
            authentication: format!("42{authentication}"),
            socket: Socket::None,
        })
    }
}

/// What the listener is waiting for.
#[derive(Debug, Clone, Copy)]
enum Socket {
    /// The end of the load.
    None,
    /// The time of the next try.
    Resting(Duration),
    /// A socket that opens by then.
    Opening(Duration),
    /// A frame until then.
    Open(Duration),
}

struct Listening {
    polls: Loop,
    authentication: String,
    socket: Socket,
}

impl Subject for Listening {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Socket(event) => self.heard(now, event, actions),
            other => {
                if matches!(other, Event::Tick) {
                    self.ticked(now, actions);
                }
                self.polls.handle(now, other, actions);
            }
        }
        let loaded = actions.iter().any(|action| matches!(action, Action::Ready));
        if loaded && matches!(self.socket, Socket::None) {
            self.open(now, actions);
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        let socket = match self.socket {
            Socket::None => None,
            Socket::Resting(at) | Socket::Opening(at) | Socket::Open(at) => Some(at),
        };
        self.polls.next_wake().into_iter().chain(socket).min()
    }

    fn status(&self, _now: Moment) -> Option<ReportedStatus> {
        None
    }
}

impl Listening {
    fn open(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.socket = Socket::Opening(now.elapsed + CONNECT);
        actions.push(Action::Socket(SocketAction::Open(TARGET.to_owned())));
    }

    fn ticked(&mut self, now: Moment, actions: &mut Vec<Action>) {
        match self.socket {
            Socket::Resting(at) if now.elapsed >= at => self.open(now, actions),
            Socket::Opening(until) | Socket::Open(until) if now.elapsed >= until => {
                actions.push(Action::Socket(SocketAction::Close));
                self.socket = Socket::Resting(now.elapsed + RECONNECT);
            }
            _ => {}
        }
    }

    fn heard(&mut self, now: Moment, event: SocketEvent, actions: &mut Vec<Action>) {
        match event {
            SocketEvent::Opened => self.socket = Socket::Open(now.elapsed + SILENCE),
            SocketEvent::Refused | SocketEvent::Closed { .. } => {
                self.socket = Socket::Resting(now.elapsed + RECONNECT);
            }
            SocketEvent::Text(frame) => {
                self.socket = Socket::Open(now.elapsed + SILENCE);
                self.read(&frame, actions);
            }
        }
    }

    /// Answers a frame, or stores what it carries.
    fn read(&self, frame: &str, actions: &mut Vec<Action>) {
        let mut send = |frame: &str| {
            actions.push(Action::Socket(SocketAction::Text(frame.to_owned())));
        };
        if let Some(event) = frame.strip_prefix("42") {
            actions.extend(stored(event));
        } else if frame.starts_with("40") {
            send(&self.authentication);
        } else if frame.starts_with('0') {
            send("40");
        } else if frame.starts_with('2') {
            send("3");
        }
    }
}

#[derive(Deserialize)]
struct Saved {
    website_id: String,
    settings: Box<RawValue>,
}

/// `settings[event.website_id] = event.settings`, whatever is known of the website.
fn stored(event: &str) -> Option<Action> {
    let (name, payload): (String, Box<RawValue>) = serde_json::from_str(event).ok()?;
    let saved: Saved = serde_json::from_str(payload.get()).ok().filter(|_| name == SAVED)?;
    let website: WebsiteId = saved.website_id.parse().ok()?;
    let settings = saved.settings.get().to_owned();
    Some(Action::Shows(website, Some(Held { settings, token: None })))
}
