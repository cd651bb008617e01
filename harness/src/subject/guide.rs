//! The loop of Crisp's settings guide, as it is printed there.
//!
//! `LoadWebsitesOnStart`, then `TickMaintainWebsites` every 20 s. The page number is raised before
//! each call, so the first page is 1, and the results are counted: one copy of the guide has lost
//! these two lines, another and Crisp's own Go example have them. `configured` is false, which the guide allows, and the cache keeps
//! settings alone. Everything else is the guide's: the cursor is the local time *after* each poll,
//! an error ends the load as an empty page does, and nothing is ever listed again.

use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use crisp_mock_server::id::WebsiteId;
use http::{Request, Response};
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Abilities, About, Action, Client, DeclaredTiming, Event, Held, Moment, ReportedStatus,
    RequestId, Setup, Subject,
};
use crate::scenario;

/// What the guide sleeps between two polls.
const TICK: Duration = Duration::from_secs(20);
/// The time-out of the official Go client.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The date of the guide.
pub(super) const VERSION: &str = "2021-09-21";

/// The guide's loop.
#[derive(Debug, Clone, Copy, Default)]
pub struct Guide;

/// What a client promises that sleeps so long between two polls, whatever came of the last.
pub(super) fn declared(options: &scenario::Client, tick: Duration) -> DeclaredTiming {
    let tick = options.poll_every.unwrap_or(tick);
    DeclaredTiming {
        poll_every: tick,
        longest_poll: tick,
        request_timeout: options.request_timeout.unwrap_or(TIMEOUT),
        first_retry: tick,
        retry_cap: tick,
        refused_cap: tick,
        throttled_cap: tick,
        ..DeclaredTiming::default()
    }
}

impl Client for Guide {
    fn about(&self, options: &scenario::Client) -> About {
        About {
            name: "guide".to_owned(),
            version: VERSION.to_owned(),
            abilities: Abilities::default(),
            declared: declared(options, TICK),
        }
    }

    fn start(&self, setup: &Setup, _now: Moment) -> Box<dyn Subject> {
        Box::new(Loop::new(setup, TICK))
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    Unstarted,
    /// The page that was asked for.
    Loading(u32),
    /// Until when it sleeps.
    Sleeping(Duration),
    Polling,
}

/// One running loop.
pub(super) struct Loop {
    base: String,
    authorization: String,
    tick: Duration,
    timeout: Duration,
    state: State,
    /// The request that is awaited, and until when.
    flight: Option<(RequestId, Duration)>,
    requests: u64,
    last_check: Timestamp,
}

impl Subject for Loop {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Answer(id, response) if self.awaits(id) => {
                self.answered(now, &response, actions)
            }
            Event::Failed(id) if self.awaits(id) => self.failed(now, actions),
            Event::Tick => self.ticked(now, actions),
            Event::Answer(..) | Event::Failed(_) | Event::Save { .. } | Event::Socket(_) => {}
        }
    }

    fn next_wake(&self) -> Option<Duration> {
        match (self.state, self.flight) {
            (_, Some((_, deadline))) => Some(deadline),
            (State::Sleeping(until), None) => Some(until),
            (State::Unstarted, None) => Some(Duration::ZERO),
            (State::Loading(_) | State::Polling, None) => None,
        }
    }

    fn status(&self, _now: Moment) -> Option<ReportedStatus> {
        None
    }
}

impl Loop {
    /// One that sleeps so long between two polls, unless the scenario says otherwise.
    pub(super) fn new(setup: &Setup, tick: Duration) -> Self {
        let pair = format!("{}:{}", setup.identifier, setup.key);
        let pair = base64::engine::general_purpose::STANDARD.encode(pair);
        Self {
            base: setup.base.clone(),
            authorization: format!("Basic {pair}"),
            tick: setup.client.poll_every.unwrap_or(tick),
            timeout: setup.client.request_timeout.unwrap_or(TIMEOUT),
            state: State::Unstarted,
            flight: None,
            requests: 0,
            last_check: Timestamp::UNIX_EPOCH,
        }
    }

    fn awaits(&mut self, id: RequestId) -> bool {
        let awaited = self.flight.is_some_and(|(awaited, _)| awaited == id);
        if awaited {
            self.flight = None;
        }
        awaited
    }

    fn ticked(&mut self, now: Moment, actions: &mut Vec<Action>) {
        if let Some((id, deadline)) = self.flight {
            if now.elapsed >= deadline {
                self.flight = None;
                actions.push(Action::Abandon(id));
                self.failed(now, actions);
            }
            return;
        }
        match self.state {
            State::Unstarted => self.list(1, now, actions),
            State::Sleeping(until) if now.elapsed >= until => self.poll(now, actions),
            _ => {}
        }
    }

    fn list(&mut self, page: u32, now: Moment, actions: &mut Vec<Action>) {
        self.state = State::Loading(page);
        let route = format!("plugin/connect/websites/all/{page}?filter_configured=0");
        self.send(&route, now, actions);
    }

    fn poll(&mut self, now: Moment, actions: &mut Vec<Action>) {
        const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
        self.state = State::Polling;
        let since = PRINTER.timestamp_to_string(&self.last_check).replace(':', "%3A");
        let route = format!("plugin/connect/websites/since?date_since={since}&filter_configured=0");
        self.send(&route, now, actions);
    }

    fn send(&mut self, route: &str, now: Moment, actions: &mut Vec<Action>) {
        let request = Request::get(format!("{}{route}", self.base))
            .header("authorization", &self.authorization)
            .header("x-crisp-tier", "plugin")
            .body(Bytes::new());
        let Ok(request) = request else { return };
        self.requests += 1;
        let id = RequestId(self.requests);
        self.flight = Some((id, now.elapsed + self.timeout));
        actions.push(Action::Send(id, request));
    }

    fn answered(&mut self, now: Moment, response: &Response<Bytes>, actions: &mut Vec<Action>) {
        let items = response.status().is_success().then(|| items(response.body())).flatten();
        let Some(items) = items else {
            return self.failed(now, actions);
        };
        match self.state {
            State::Loading(page) => {
                let results = items.len();
                for item in items {
                    actions.push(item.stored());
                }
                if results == 0 {
                    self.schedule(now, actions);
                } else {
                    self.list(page + 1, now, actions);
                }
            }
            _ => {
                for item in items {
                    actions.extend(item.maintained());
                }
                self.last_check = now.wall;
                self.state = State::Sleeping(now.elapsed + self.tick);
            }
        }
    }

    /// An error is printed. In the load it leaves the counter at 0, which is the end condition.
    fn failed(&mut self, now: Moment, actions: &mut Vec<Action>) {
        match self.state {
            State::Loading(_) => self.schedule(now, actions),
            _ => self.state = State::Sleeping(now.elapsed + self.tick),
        }
    }

    /// The load is over, whatever it brought: the background task starts.
    fn schedule(&mut self, now: Moment, actions: &mut Vec<Action>) {
        actions.push(Action::Ready);
        self.last_check = now.wall;
        self.state = State::Sleeping(now.elapsed + self.tick);
    }
}

#[derive(Deserialize)]
struct Envelope {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    website_id: String,
    #[serde(default)]
    settings: Option<Box<RawValue>>,
    #[serde(default)]
    difference: Option<String>,
}

fn items(body: &[u8]) -> Option<Vec<Item>> {
    serde_json::from_slice::<Envelope>(body).ok().map(|envelope| envelope.data)
}

impl Item {
    fn website(&self) -> WebsiteId {
        // An id that is none would be a map key like any other.
        self.website_id.parse().unwrap_or_else(|_| WebsiteId::numbered(u32::MAX))
    }

    fn stored(self) -> Action {
        let website = self.website();
        let settings = self.settings.map_or_else(|| "{}".to_owned(), |raw| raw.get().to_owned());
        let settings = if settings == "null" { "{}".to_owned() } else { settings };
        Action::Shows(website, Some(Held { settings, token: None }))
    }

    fn maintained(self) -> Option<Action> {
        match self.difference.as_deref() {
            Some("added" | "updated") => Some(self.stored()),
            Some("removed") => Some(Action::Shows(self.website(), None)),
            _ => None,
        }
    }
}
