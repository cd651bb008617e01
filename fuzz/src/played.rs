//! A world that is played with, a line at a time:
//!
//! ```text
//! > CREDENTIALS <tab> METHOD <tab> TARGET <tab> NAME: VALUE|NAME: VALUE <tab> BODY
//! < FRAME
//! + MILLISECONDS
//! ! ACT JSON
//! ```
//!
//! In targets `{p}` stands for the plugin's id and `{3}` for the website w3; in frames `{identifier}`
//! and `{key}` for the plugin's credentials. A frame is one of the socket that was opened last.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crisp_mock_server::bounds;
use crisp_mock_server::clock::{Mode, Stamp};
use crisp_mock_server::engine::{Installation, Plan, Writer};
use crisp_mock_server::fault::{FaultPlan, Outcome};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::options::{Blueprint, WorldOptions};
use crisp_mock_server::rtm::In;
use crisp_mock_server::schema::SettingsSchema;
use crisp_mock_server::space::{Handled, Outside, Space};
use crisp_mock_server::state::State;
use http::{Method, Request, StatusCode};
use serde_json::Value;

/// More lines than these only take time.
const MOST_LINES: usize = 64;

/// More steps than 64 lines give a socket frames for.
const MOST_STEPS: usize = 4_096;

static BLUEPRINT: LazyLock<Arc<Blueprint>> = LazyLock::new(|| {
    let options = WorldOptions {
        websites: Some(5),
        unconfigured: Some(1),
        page_size: Some(2),
        clock: Some(Mode::Manual),
        stub: vec!["POST website/*/conversation/*/message=202".parse().expect("a stub")],
        ..WorldOptions::default()
    };
    Arc::new(Blueprint::new(options).expect("the options fit"))
});

/// A world, what was asked of it and the socket that was opened last.
pub struct Played {
    space: Space,
    outside: Outside,
    socket: Option<String>,
}

impl Played {
    fn new() -> Self {
        let outside = Outside { elapsed: Duration::ZERO, wall: Stamp(1_767_225_600_000) };
        let blueprint = Arc::clone(&BLUEPRINT);
        let space = Space::start("default", blueprint, "http://localhost", outside);
        Self { space, outside, socket: None }
    }

    /// Plays the lines, and takes the world down.
    ///
    /// # Panics
    ///
    /// When something is not as it always has to be.
    pub fn play(lines: &[u8]) {
        let mut world = Self::new();
        for line in lines.split(|byte| *byte == b'\n').take(MOST_LINES) {
            match line {
                [b'>', request @ ..] => world.ask(request),
                [b'<', frame @ ..] => world.say(frame),
                [b'+', millis @ ..] => world.wait(millis),
                [b'!', act @ ..] => world.act(act),
                _ => continue,
            }
            world.hear();
        }
        world.comes_back_from_its_dump();
    }

    /// Time of the world and of its sockets.
    fn wait(&mut self, millis: &[u8]) {
        let millis = text(millis).and_then(|text| text.trim().parse().ok()).unwrap_or(1);
        let by = Duration::from_millis(millis);
        self.space.clock.advance(by);
        self.outside.elapsed = self.outside.elapsed.saturating_add(by);
    }

    fn say(&mut self, frame: &[u8]) {
        let Some(frame) = text(frame) else { return };
        let plugin = &self.space.accounts().plugin;
        let frame = frame.trim_start().replace("{identifier}", &plugin.identifier);
        let frame = frame.replace("{key}", &plugin.key);
        self.drive(Some(&frame));
    }

    /// What is due at the socket now: a bounded number of steps takes it all.
    fn hear(&mut self) {
        for _ in 0..MOST_STEPS {
            if !self.drive(None) {
                return;
            }
        }
        panic!("after {MOST_STEPS} steps of the socket there are still frames");
    }

    /// One step of the socket; whether it sent anything. Each frame is one that is read again.
    fn drive(&mut self, frame: Option<&str>) -> bool {
        let Some(sid) = self.socket.clone() else { return false };
        let Some(step) = self.space.socket(self.outside.elapsed, &sid, frame) else {
            self.socket = None;
            return false;
        };
        let bytes: usize = step.frames.iter().map(String::len).sum();
        let most = bounds::SETTINGS_OF_A_WEBSITE * 2;
        assert!(bytes <= most, "a step of a socket writes {bytes} bytes");
        for sent in &step.frames {
            let opens = sent.starts_with("0{");
            assert!(opens || In::parse(sent).is_ok(), "a frame that is none: {sent}");
        }
        if let Some(end) = step.end {
            self.space.close_socket(&sid, &end.why);
            self.socket = None;
        }
        !step.frames.is_empty()
    }

    fn ask(&mut self, line: &[u8]) {
        let Some(request) = self.request(line) else { return };
        let asked = self.space.journal.next_seq();
        let handled = self.space.handle(self.outside.elapsed, &request);
        assert_eq!(handled.seq, asked, "requests are numbered in their order");
        assert_eq!(self.space.journal.last().map(|entry| entry.seq), Some(asked));
        if let Some(sid) = handled.socket {
            if let Some(before) = self.socket.replace(sid.clone()) {
                self.space.close_socket(&before, "another one is looked at");
            }
            self.space.begin_socket(self.outside.elapsed, &sid);
            return;
        }
        if self.space.faults.is_empty() {
            is_an_envelope(&request, &handled);
        }
    }

    fn request(&self, line: &[u8]) -> Option<Request<Bytes>> {
        let mut fields = line.splitn(5, |byte| *byte == b'\t');
        let mut field = || fields.next().unwrap_or_default();
        let (who, method, target, headers, body) = (field(), field(), field(), field(), field());
        let mut target = text(target)?.replace("{p}", &self.space.plugin().id.to_string());
        for number in 1..=7 {
            let id = WebsiteId::numbered(number).to_string();
            target = target.replace(&format!("{{{number}}}"), &id);
        }
        let mut request = Request::builder().method(Method::from_bytes(method).ok()?).uri(target);
        let accounts = self.space.accounts();
        let account = match who.trim_ascii().first() {
            Some(b'p') => Some(&accounts.plugin),
            Some(b'u') => Some(&accounts.user),
            Some(b'd') => Some(&accounts.development),
            _ => None,
        };
        if let Some(account) = account {
            let pair = STANDARD.encode(format!("{}:{}", account.identifier, account.key));
            request = request.header("authorization", format!("Basic {pair}"));
            request = request.header("x-crisp-tier", account.tier.name());
        }
        for header in headers.split(|byte| *byte == b'|') {
            let colon = header.iter().position(|byte| *byte == b':');
            if let Some((name, value)) = colon.map(|colon| header.split_at(colon)) {
                request = request.header(name, value[1..].trim_ascii());
            }
        }
        request.body(Bytes::copy_from_slice(body)).ok()
    }

    /// What an operator or a test does; what does not fit is refused and changes nothing.
    fn act(&mut self, line: &[u8]) {
        let Some(line) = text(line) else { return };
        let (name, body) = line.trim_start().split_once(' ').unwrap_or((line, ""));
        let value: Value = serde_json::from_str(body).unwrap_or_default();
        let website = || value.get("website").and_then(Value::as_str)?.parse().ok();
        let website = website().unwrap_or_else(|| WebsiteId::numbered(1));
        let now = self.space.now(self.outside.elapsed);
        let space = &mut self.space;
        let settings = value.get("settings").cloned();
        match name {
            "install" => {
                let how = Installation { settings, ..Installation::default() };
                let _ = space.world.install(now, website, how);
            }
            "uninstall" => drop(space.world.uninstall(now, website)),
            "save" => {
                let _ =
                    space.world.save(now, website, settings.unwrap_or_default(), Writer::Operator);
            }
            "plan" => drop(space.world.set_plan(now, website, Some(Plan::free()), Some(7))),
            "faults" => {
                if let Ok(plan) = FaultPlan::parse_for_server(&value) {
                    space.faults.add(plan, now.elapsed);
                }
            }
            "clear" => space.faults.clear(),
            "quirk" => self.set_quirk(body),
            "schema" => {
                let rules = space.world.quirks.schema_rules();
                if let Ok(schema) = SettingsSchema::from_value(value, rules) {
                    space.world.set_schema(schema);
                }
            }
            "quota" => {
                space.world.quota.limit = value.get("limit").and_then(Value::as_u64);
                let used = value.get("used").and_then(Value::as_u64).unwrap_or(0);
                let reset = space.world.quirks.quota_reset;
                space.world.quota.set_used(used, now.wall, reset);
            }
            "skew" => space.clock.skew(value.as_i64().unwrap_or(-60_000)),
            "set" => {
                let to = value.as_i64().unwrap_or(0);
                space.clock.set(Stamp(to), self.outside.elapsed);
            }
            "reset" => space.reset(self.outside),
            _ => {}
        }
        self.space.written_from_outside();
    }

    fn set_quirk(&mut self, text: &str) {
        let Some((name, value)) = text.split_once('=') else { return };
        let mut quirks = self.space.world.quirks.clone();
        if quirks.set(name.trim(), value.trim()).is_err() {
            return;
        }
        if quirks.schema_rules() != self.space.world.quirks.schema_rules() {
            let raw = self.space.world.schema().raw().clone();
            match SettingsSchema::from_value(raw, quirks.schema_rules()) {
                Ok(schema) => self.space.world.set_schema(schema),
                Err(_) => return,
            }
        }
        self.space.world.set_quirks(quirks);
    }

    /// Whatever was done to a world: its dump is accepted, and gives the same world.
    fn comes_back_from_its_dump(mut self) {
        let dump = self.space.state(self.outside);
        let state = State::parse(&dump);
        let state = state.unwrap_or_else(|why| panic!("its dump is refused: {why:?}\n{dump}"));
        let mut other = Self::new();
        other.space.restore(&state, other.outside);
        let again = other.space.state(other.outside);
        for part in ["websites", "schema", "quirks", "seed", "changes"] {
            assert_eq!(again[part], dump[part], "`{part}` does not come back");
        }
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// Without a fault each answer is whole, and its body is the API's envelope or empty.
fn is_an_envelope(request: &Request<Bytes>, handled: &Handled) {
    let Outcome::Answer(response) = &handled.delivery.outcome else {
        panic!("no fault is armed, and the answer is withheld");
    };
    let (status, body) = (response.status(), response.body());
    if request.method() == Method::HEAD || status == StatusCode::NOT_MODIFIED {
        assert!(body.is_empty(), "{status} has a body");
        return;
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_else(|why| panic!("{status}: {why}"));
    let failed = status.is_client_error() || status.is_server_error();
    assert_eq!(body["error"], failed, "{status}: {body}");
    assert!(body["reason"].is_string() && body.get("data").is_some(), "{status}: {body}");
}
