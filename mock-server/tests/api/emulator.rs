//! A space without a socket, driven by plain calls: what every test here speaks through.
//!
//! Time is a manual clock that starts at [`START`]; websites installed 30 days before. Each answer
//! is checked on its way: the envelope has exactly its three members, a HEAD has no body.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use crisp_mock_server::api::{Account, Match, Tier, route};
use crisp_mock_server::clock::{Mode, Moment, Stamp};
use crisp_mock_server::engine::{Installation, Plan, Website, Writer};
use crisp_mock_server::fault::Outcome;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::journal::{Entry, Filter};
use crisp_mock_server::options::{Blueprint, WorldOptions};
use crisp_mock_server::quirks::Settings;
use crisp_mock_server::space::{Outside, Space};
use http::{HeaderMap, Request};
use serde_json::{Value, json};

/// What the wall shows at the start.
pub const START: &str = "2026-01-01T00:00:00Z";

thread_local! {
    /// The routes that answered something else than a refusal on this thread, as `GET pattern`.
    static ANSWERED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Runs something and returns the routes that answered meanwhile.
pub fn answered_during(act: impl FnOnce()) -> Vec<String> {
    ANSWERED.with_borrow_mut(Vec::clear);
    act();
    ANSWERED.with_borrow_mut(std::mem::take)
}

/// A space, and shorthands to ask it and to act in it.
pub struct Emulator {
    pub space: Space,
}

/// An answer, its envelope taken apart.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// All of these are those of the envelope; empty and null for a HEAD.
    pub error: bool,
    pub reason: String,
    pub data: Value,
}

/// Options as most tests want them: three websites, a manual clock.
pub fn options() -> WorldOptions {
    WorldOptions {
        websites: Some(3),
        clock: Some(Mode::Manual),
        now: Some(START.parse().expect("a timestamp")),
        ..Default::default()
    }
}

/// Quirks as options have them.
pub fn quirks(pairs: &[(&str, &str)]) -> Option<Settings> {
    let owned = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Some(Settings(owned.collect()))
}

impl Emulator {
    /// Three websites, every quirk at its default.
    pub fn new() -> Self {
        Self::with(options())
    }

    /// The same with some quirks.
    pub fn quirky(pairs: &[(&str, &str)]) -> Self {
        Self::with(WorldOptions { quirks: quirks(pairs), ..options() })
    }

    /// The same with a schema.
    pub fn schema(schema: Value) -> Self {
        Self::with(WorldOptions { schema: Some(schema), ..options() })
    }

    pub fn with(options: WorldOptions) -> Self {
        let blueprint = Blueprint::new(options).expect("options of a test");
        let outside = Outside { elapsed: Duration::ZERO, wall: Stamp(0) };
        let url = "http://127.0.0.1:8420";
        Self { space: Space::start("default", Arc::new(blueprint), url, outside) }
    }

    // Asking.

    /// A request of a tier, ready to be changed.
    pub fn request(&self, tier: Tier, method: &str, path: &str) -> http::request::Builder {
        let accounts = self.space.accounts();
        let account = if tier == Tier::User { &accounts.user } else { &accounts.plugin };
        Request::builder()
            .method(method)
            .uri(format!("/v1/{path}"))
            .header("authorization", basic(account))
            .header("x-crisp-tier", tier.name())
    }

    /// GET with the plugin's development token.
    pub fn develop(&mut self, path: &str) -> Reply {
        let token = basic(&self.space.accounts().development);
        let request = Request::get(format!("/v1/{path}"));
        let request = request.header("authorization", token).header("x-crisp-tier", "plugin");
        self.raw(&request.body(Bytes::new()).expect("a request of a test"))
    }

    /// Asks whatever is given.
    pub fn raw(&mut self, request: &Request<Bytes>) -> Reply {
        let handled = self.space.handle(Duration::ZERO, request);
        let Outcome::Answer(response) = handled.delivery.outcome else {
            panic!("no answer at all: {:?}", handled.delivery.outcome)
        };
        let seq = response.headers()["x-mock-request"].to_str().expect("digits");
        assert_eq!(seq, handled.seq.to_string());
        assert_eq!(response.headers()["content-type"], "application/json; charset=utf-8");
        let bare = request.method() == http::Method::HEAD || response.status() == 304;
        let reply = Reply::of(response, bare);
        note(request, reply.status);
        reply
    }

    /// Asks with a JSON body, or none.
    pub fn ask(&mut self, tier: Tier, method: &str, path: &str, body: Option<Value>) -> Reply {
        let mut request = self.request(tier, method, path);
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = request.body(body).expect("a request of a test");
        self.raw(&request)
    }

    /// GET as the plugin.
    pub fn get(&mut self, path: &str) -> Reply {
        self.ask(Tier::Plugin, "GET", path, None)
    }

    /// GET as the user.
    pub fn user_get(&mut self, path: &str) -> Reply {
        self.ask(Tier::User, "GET", path, None)
    }

    /// The first page of the list.
    pub fn list(&mut self) -> Reply {
        self.get("plugin/connect/websites/all/1")
    }

    /// The differential since a date, with further query.
    pub fn since_with(&mut self, date: &str, more: &str) -> Reply {
        let date: String = form_urlencoded::byte_serialize(date.as_bytes()).collect();
        self.get(&format!("plugin/connect/websites/since?date_since={date}{more}"))
    }

    /// The differential since a date, as `added w1`, `updated w2`.
    pub fn since(&mut self, date: &str) -> String {
        differences(&self.since_with(date, "").data)
    }

    /// Path of a route about one website and the plugin.
    pub fn of(&self, website: &str, rest: &str) -> String {
        let plugin = self.space.plugin().id;
        format!("plugins/subscription/{}/{plugin}{rest}", id(website))
    }

    /// A save or patch as the plugin.
    pub fn write(&mut self, method: &str, website: &str, body: Value) -> Reply {
        let path = self.of(website, "/settings");
        self.ask(Tier::Plugin, method, &path, Some(body))
    }

    /// The settings as the API tells them.
    pub fn settings(&mut self, website: &str) -> Value {
        let path = self.of(website, "/settings");
        self.get(&path).data["settings"].clone()
    }

    // Acting at the dashboard.

    pub fn install(&mut self, website: &str) {
        let (now, how) = (self.moment(), Installation::default());
        self.space.world.install(now, id(website), how).expect("a website without the plugin");
        self.space.written_from_outside();
    }

    pub fn uninstall(&mut self, website: &str) {
        let now = self.moment();
        self.space.world.uninstall(now, id(website)).expect("a website with the plugin");
        self.space.written_from_outside();
    }

    pub fn save(&mut self, website: &str, settings: Value) {
        let now = self.moment();
        let saved = self.space.world.save(now, id(website), settings, Writer::Operator);
        saved.expect("settings that fit");
        self.space.written_from_outside();
    }

    pub fn set_plan(&mut self, website: &str, plan: Option<&str>, price: Option<u16>) {
        let now = self.moment();
        let plan = plan.map(|name| Plan { id: name.into(), name: name.into(), trialing: false });
        let plan = if plan.as_ref().is_some_and(Plan::is_free) { Some(Plan::free()) } else { plan };
        self.space.world.set_plan(now, id(website), plan, price).expect("a website");
        self.space.written_from_outside();
    }

    // Time.

    pub fn advance(&mut self, by: Duration) {
        self.space.clock.advance(by);
    }

    pub fn seconds(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    pub fn millis(&mut self, millis: u64) {
        self.advance(Duration::from_millis(millis));
    }

    pub fn moment(&self) -> Moment {
        self.space.now(Duration::ZERO)
    }

    /// What the server's wall shows, as the wire writes it.
    pub fn now(&self) -> String {
        self.moment().wall.to_string()
    }

    // The truth.

    pub fn website(&self, website: &str) -> Option<Arc<Website>> {
        self.space.world.website(id(website)).cloned()
    }

    /// The newest entry of the journal.
    pub fn journal(&self) -> Entry {
        let all = Filter::default();
        self.space.journal.entries(&all).next_back().cloned().expect("an entry")
    }

    /// Why the last request was refused.
    pub fn explanation(&self) -> String {
        self.journal().explanation.expect("an explanation")
    }
}

impl Reply {
    fn of(response: http::Response<Bytes>, head: bool) -> Self {
        let (parts, body) = response.into_parts();
        let mut reply = Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
            error: false,
            reason: String::new(),
            data: Value::Null,
        };
        if head {
            assert!(reply.body.is_empty(), "a HEAD has no body");
            return reply;
        }
        let text = std::str::from_utf8(&reply.body).expect("UTF-8");
        let envelope: Value = serde_json::from_str(text).expect("JSON");
        let members: Vec<_> = envelope.as_object().expect("an object").keys().cloned().collect();
        let mut sorted = members.clone();
        sorted.sort();
        assert_eq!(sorted, ["data", "error", "reason"], "{text}");
        reply.error = envelope["error"].as_bool().expect("a boolean");
        reply.reason = envelope["reason"].as_str().expect("a text").to_owned();
        reply.data = envelope["data"].clone();
        assert_eq!(reply.error, reply.status >= 400, "{text}");
        assert!(reply.data.is_object() || reply.data.is_array(), "{text}");
        reply
    }

    /// Status and reason, the way tests compare them.
    pub fn outcome(&self) -> String {
        format!("{} {}", self.status, self.reason).trim().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }

    /// The websites of a list, as `w1 w2`.
    pub fn names(&self) -> String {
        let items = self.data.as_array().expect("an array");
        let names = items.iter().map(|item| short(&item["website_id"]));
        names.collect::<Vec<_>>().join(" ")
    }
}

fn note(request: &Request<Bytes>, status: u16) {
    let below = request.uri().path().strip_prefix("/v1/");
    if status < 300
        && let Some(below) = below
        && let Match::Route(route, _) = route(request.method(), below)
        && route.method == *request.method()
    {
        let name = format!("{} {}", route.method, route.pattern);
        ANSWERED.with_borrow_mut(|answered| answered.push(name));
    }
}

/// An `Authorization` header.
pub fn basic(account: &Account) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", account.identifier, account.key)))
}

pub fn id(website: &str) -> WebsiteId {
    website.parse().expect("a website's name")
}

fn short(website_id: &Value) -> String {
    let text = website_id.as_str().expect("a website id");
    text.parse::<WebsiteId>().expect("a UUID").short()
}

/// A differential as `added w1, updated w2`.
pub fn differences(data: &Value) -> String {
    let items = data.as_array().expect("an array").iter();
    let items = items.map(|item| {
        let tag = item["difference"].as_str().expect("a difference");
        format!("{tag} {}", short(&item["website_id"]))
    });
    items.collect::<Vec<_>>().join(", ")
}

/// Settings of the sample schema.
pub fn message(text: &str) -> Value {
    json!({"message": text})
}
