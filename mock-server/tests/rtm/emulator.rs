//! A space without a socket, and sockets of it as values.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::clock::{Mode, Stamp};
use crisp_mock_server::engine::{Installation, Writer};
use crisp_mock_server::fault::Outcome;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::journal::Filter;
use crisp_mock_server::options::{Blueprint, WorldOptions};
use crisp_mock_server::quirks::Settings;
use crisp_mock_server::rtm::Step;
use crisp_mock_server::space::{Outside, Space};
use http::Request;
use serde_json::{Value, json};

pub const SECOND: Duration = Duration::from_secs(1);

/// The events that a plugin listens to in most tests.
pub const EVENTS: [&str; 3] =
    ["plugin:settings:saved", "plugin:subscription:updated", "message:send"];

/// A space with a manual clock and three websites, and the time outside.
pub struct Emulator {
    pub space: Space,
    pub outside: Duration,
}

/// The query of a client of Engine.IO 3 or 4.
pub fn query(engine: u8) -> String {
    format!("EIO={engine}&transport=websocket")
}

impl Emulator {
    pub fn new(quirks: &[(&str, &str)], faults: Value) -> Self {
        let owned = quirks.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let options = WorldOptions {
            websites: Some(3),
            clock: Some(Mode::Manual),
            quirks: Some(Settings(owned.collect())),
            faults: (!faults.is_null()).then_some(faults),
            ..WorldOptions::default()
        };
        let blueprint = Arc::new(Blueprint::new(options).unwrap());
        let outside = Outside { elapsed: Duration::ZERO, wall: Stamp(1_700_000_000_000) };
        let space = Space::start("default", blueprint, "http://127.0.0.1:8420", outside);
        Self { space, outside: Duration::ZERO }
    }

    /// Asks for a socket; its name, or the status and the body of the refusal.
    pub fn handshake(&mut self, path_and_query: &str) -> Result<String, (u16, String)> {
        let request = Request::get(path_and_query)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")
            .body(Bytes::new())
            .unwrap();
        let handled = self.space.handle(self.outside, &request);
        match (handled.socket, handled.delivery.outcome) {
            (Some(sid), Outcome::Answer(response)) => {
                assert_eq!(response.status(), 101);
                Ok(sid)
            }
            (None, outcome) => {
                let response = outcome.response();
                let body = response.map(|response| response.body().to_vec());
                let body = String::from_utf8(body.unwrap_or_default()).unwrap();
                Err((response.map_or(0, |response| response.status().as_u16()), body))
            }
            other => panic!("{other:?}"),
        }
    }

    /// What a socket does at a frame, or by itself.
    pub fn step(&mut self, sid: &str, frame: Option<&str>) -> Step {
        self.space.socket(self.outside, sid, frame).expect("the socket is open")
    }

    /// The frames that it sends at a frame of its client.
    pub fn says(&mut self, sid: &str, frame: &str) -> Vec<String> {
        self.step(sid, Some(frame)).frames
    }

    /// The frames that it sends by itself.
    pub fn frames(&mut self, sid: &str) -> Vec<String> {
        self.step(sid, None).frames
    }

    /// The names of the events that it sends by itself, with the websites they are about.
    pub fn heard(&mut self, sid: &str) -> Vec<String> {
        self.frames(sid).iter().map(|frame| heard(frame)).collect()
    }

    /// Why it ends, if it does.
    pub fn end(&mut self, sid: &str) -> Option<String> {
        self.step(sid, None).end.map(|end| end.why)
    }

    /// A socket of Engine.IO 4 that is in the namespace and silent.
    pub fn silent(&mut self) -> String {
        let sid = self.handshake(&format!("/p/68/?{}", query(4))).unwrap();
        self.frames(&sid);
        assert_eq!(self.says(&sid, "40"), [format!("40{{\"sid\":\"{sid}\"}}")]);
        sid
    }

    /// A socket that is authenticated as the plugin.
    pub fn live(&mut self, events: &[&str]) -> String {
        let sid = self.silent();
        let payload = self.credentials(events);
        let said = self.says(&sid, &format!("42{}", json!(["authentication", payload])));
        assert_eq!(said, ["42[\"authenticated\",true]"]);
        sid
    }

    /// The payload of `authentication` with the plugin's own token.
    pub fn credentials(&self, events: &[&str]) -> Value {
        let account = &self.space.accounts().plugin;
        json!({
            "username": account.identifier, "password": account.key, "tier": "plugin",
            "events": events,
        })
    }

    pub fn save(&mut self, website: u32) {
        let now = self.space.now(self.outside);
        let settings = json!({"message": format!("saved by {website}")});
        let id = WebsiteId::numbered(website);
        self.space.world.save(now, id, settings, Writer::Operator).unwrap();
    }

    pub fn install(&mut self, website: u32) {
        let now = self.space.now(self.outside);
        let id = WebsiteId::numbered(website);
        self.space.world.install(now, id, Installation::default()).unwrap();
    }

    pub fn uninstall(&mut self, website: u32) {
        let now = self.space.now(self.outside);
        self.space.world.uninstall(now, WebsiteId::numbered(website)).unwrap();
    }

    /// What the journal says of the newest handshake.
    pub fn explanation(&self) -> String {
        let filter = Filter::default();
        let entry = self.space.journal.entries(&filter).next_back().unwrap();
        entry.explanation.clone().unwrap_or_default()
    }
}

/// An event frame in few words: `saved w1`, `installed w9`.
pub fn heard(frame: &str) -> String {
    let Some(event) = frame.strip_prefix("42") else { return frame.to_owned() };
    let event: Value = serde_json::from_str(event).unwrap();
    let (name, data) = (event[0].as_str().unwrap(), &event[1]);
    let website: Option<WebsiteId> = data["website_id"].as_str().and_then(|text| text.parse().ok());
    let website = website.map(WebsiteId::short).unwrap_or_default();
    let what = match name {
        "plugin:settings:saved" => "saved",
        "plugin:subscription:updated" if data["bound"] == true => "installed",
        "plugin:subscription:updated" => "uninstalled",
        other => other,
    };
    format!("{what} {website}").trim_end().to_owned()
}
