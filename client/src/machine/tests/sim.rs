//! A machine and the model server, joined in virtual time.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use serde_json::Value;

use super::relay::Relay;
use super::server::{Quirks, START, Server, refuse};
use crate::machine::{
    Action, Event, Failure, How, Machine, Moment, Operation, RequestId, SaveOutcome, Ticket,
};
use crate::{Change, Config, Credentials, Settings, WebsiteId};

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn w(number: u128) -> WebsiteId {
    WebsiteId::from_number(number)
}

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    Status(u16),
    Throttle(u16, Option<u32>),
    Delay(Duration),
    Hang,
    LoseRequest,
    LoseAnswer,
    Connect,
    Body(&'static str),
    /// 304 without a body, made up by a cache in front: the API does not hear of the request.
    NotModified,
    Stale(Duration),
}

/// Which requests meet it: an operation's name, and which occurrences (from 1).
#[derive(Clone, Debug)]
pub struct Aim {
    pub name: &'static str,
    pub from: u32,
    pub to: u32,
    pub window: Option<(Duration, Duration)>,
    pub fault: Fault,
}

pub fn at(name: &'static str, occurrence: u32, fault: Fault) -> Aim {
    Aim { name, from: occurrence, to: occurrence, window: None, fault }
}

pub fn during(name: &'static str, from: u64, to: u64, fault: Fault) -> Aim {
    Aim { name, from: 1, to: u32::MAX, window: Some((secs(from), secs(to))), fault }
}

/// Something that happens to the world at a time.
#[derive(Clone, Debug)]
pub enum Deed {
    Install(u128, Value),
    Uninstall(u128),
    Operator(u128, Value),
    Put(u128, Value),
    Patch(u128, Value),
    SkewServer(i64),
    SkewClient(i64),
    PollNow,
    Kick,
}

pub struct Sim {
    pub machine: Machine,
    pub server: Server,
    pub now: Duration,
    pub client_skew: i64,
    pub faults: Vec<Aim>,
    pub counts: BTreeMap<&'static str, u32>,
    pub changes: Vec<(Duration, Change)>,
    pub outcomes: Vec<(Duration, Ticket, SaveOutcome)>,
    pub sent: Vec<(Duration, Operation)>,
    pub ready_at: Option<Duration>,
    pub latency: Duration,
    pub relay: Relay,
    arrivals: Vec<(Duration, RequestId, Result<Response<Bytes>, Failure>)>,
    deeds: Vec<(Duration, Deed)>,
    after: Vec<(&'static str, u32, Deed)>,
    pub orders: BTreeMap<Ticket, (WebsiteId, How, Value)>,
    tickets: u64,
}

pub fn config() -> Config {
    let mut config = Config::new(Credentials::new("id", "key"));
    config.base = crate::BaseUrl::new("http://crisp.test/v1/").unwrap();
    config.plugin_id = Some(crate::PluginId::from_number(255));
    config
}

impl Sim {
    pub fn new(config: Config, quirks: Quirks) -> Self {
        let machine = Machine::new(config, moment(Duration::ZERO, 0));
        Self::with(machine, Server::new(quirks))
    }

    pub fn with(machine: Machine, server: Server) -> Self {
        Self {
            machine,
            server,
            now: Duration::ZERO,
            client_skew: 0,
            faults: Vec::new(),
            counts: BTreeMap::new(),
            changes: Vec::new(),
            outcomes: Vec::new(),
            sent: Vec::new(),
            ready_at: None,
            latency: ms(10),
            relay: Relay::default(),
            arrivals: Vec::new(),
            deeds: Vec::new(),
            after: Vec::new(),
            orders: BTreeMap::new(),
            tickets: 0,
        }
    }

    /// Three websites, polls every 60 s.
    pub fn three(config: Config, quirks: Quirks) -> Self {
        let mut sim = Self::new(config, quirks);
        for number in 1..=3 {
            sim.server.installed_before(w(number), serde_json::json!({"v": "old"}));
        }
        sim
    }

    pub fn fault(&mut self, aim: Aim) -> &mut Self {
        self.faults.push(aim);
        self
    }

    pub fn deed(&mut self, at: Duration, deed: Deed) -> &mut Self {
        self.deeds.push((at, deed));
        self
    }

    /// Done right after the server has computed its answer to this occurrence.
    pub fn after(&mut self, name: &'static str, occurrence: u32, deed: Deed) -> &mut Self {
        self.after.push((name, occurrence, deed));
        self
    }

    /// Lets time pass until then.
    pub fn run(&mut self, until: Duration) {
        let mut budget = 2_000_000_u32;
        if self.now.is_zero() && self.sent.is_empty() {
            self.event(Event::Tick);
        }
        loop {
            budget = budget.checked_sub(1).expect("the machine spins");
            let arrival = self.arrivals.iter().map(|arrival| arrival.0).min();
            let deed = self.deeds.iter().map(|deed| deed.0).min();
            let wake = self.machine.next_wake();
            let mail = self.relay.next();
            let next = [arrival, deed, wake, mail].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else {
                break;
            };
            self.now = self.now.max(next);
            if let Some(position) = self.deeds.iter().position(|deed| deed.0 <= self.now) {
                let (_, deed) = self.deeds.remove(position);
                self.act(deed);
                self.tell_relay();
            } else if let Some((id, event)) = self.relay.take(self.now) {
                self.event(Event::Socket { id, event });
            } else if let Some(position) = self.arrivals.iter().position(|a| a.0 <= self.now) {
                let (_, id, arrival) = self.arrivals.remove(position);
                self.event(match arrival {
                    Ok(response) => Event::Answer { id, response },
                    Err(failure) => Event::Failed { id, failure },
                });
            } else {
                self.event(Event::Tick);
            }
        }
        self.now = until;
    }

    fn act(&mut self, deed: Deed) {
        let now = self.now;
        match deed {
            Deed::Install(id, settings) => self.server.install(now, w(id), settings),
            Deed::Uninstall(id) => self.server.uninstall(now, w(id)),
            Deed::Operator(id, settings) => drop(self.server.save(now, w(id), settings)),
            Deed::Put(id, settings) => self.order(id, &settings, How::Put),
            Deed::Patch(id, settings) => self.order(id, &settings, How::Patch),
            Deed::SkewServer(millis) => self.server.skew_ms = millis,
            Deed::SkewClient(millis) => self.client_skew = millis,
            Deed::PollNow => self.event(Event::PollNow),
            Deed::Kick => self.relay.kick(now, "kicked"),
        }
    }

    /// Raises the events of what has happened at the server.
    fn tell_relay(&mut self) {
        let (now, latency) = (self.now, self.latency);
        self.relay.tell(now + latency, &self.server);
    }

    fn order(&mut self, id: u128, settings: &Value, how: How) {
        self.tickets += 1;
        let (ticket, website) = (Ticket(self.tickets), w(id));
        self.orders.insert(ticket, (website, how, settings.clone()));
        let settings = Settings::from_value(settings).unwrap();
        self.event(Event::Save { ticket, website, settings, how });
    }

    pub fn moment(&self) -> Moment {
        moment(self.now, self.client_skew)
    }

    fn event(&mut self, event: Event) {
        let now = self.moment();
        for action in self.machine.handle(now, event) {
            match action {
                Action::Send { id, operation, request, .. } => self.send(id, operation, &request),
                Action::Changed(changes) => {
                    self.changes.extend(changes.into_iter().map(|change| (self.now, change)));
                }
                Action::Ready => self.ready_at = Some(self.now),
                Action::SaveEnded { ticket, outcome } => {
                    self.outcomes.push((self.now, ticket, outcome));
                }
                Action::Socket { id, action } => {
                    let (now, latency) = (self.now, self.latency);
                    self.relay.act(now + latency, id, action, &self.server);
                }
                Action::Abandon { id } => self.arrivals.retain(|arrival| arrival.1 != id),
            }
        }
    }

    fn send(&mut self, id: RequestId, operation: Operation, request: &http::Request<Bytes>) {
        self.sent.push((self.now, operation));
        let name = operation.name();
        let count = self.counts.entry(name).or_default();
        *count += 1;
        let count = *count;
        let aim = self.faults.iter().find(|aim| {
            let name_fits = aim.name == name || aim.name == "any";
            let window = aim.window.is_none_or(|(from, to)| (from..to).contains(&self.now));
            name_fits && window && (aim.from..=aim.to).contains(&count)
        });
        let fault = aim.map(|aim| aim.fault.clone());
        let (wait, arrival) = self.carry_out(request, fault);
        self.tell_relay();
        if let Some(arrival) = arrival {
            self.arrivals.push((self.now + self.latency + wait, id, arrival));
        }
        while let Some(position) = self.after.iter().position(|a| a.0 == name && a.1 == count) {
            let (_, _, deed) = self.after.remove(position);
            self.deeds.push((self.now, deed));
        }
    }

    fn carry_out(
        &mut self,
        request: &http::Request<Bytes>,
        fault: Option<Fault>,
    ) -> (Duration, Option<Result<Response<Bytes>, Failure>>) {
        let now = self.now;
        let mut wait = Duration::ZERO;
        let arrival = match fault {
            None => Some(Ok(self.server.answer(now, request))),
            Some(Fault::Delay(delay)) => {
                wait = delay;
                Some(Ok(self.server.answer(now, request)))
            }
            Some(Fault::Hang) => None,
            Some(Fault::LoseRequest) => Some(Err(Failure::Broken)),
            Some(Fault::Connect) => Some(Err(Failure::Connect)),
            Some(Fault::LoseAnswer) => {
                self.server.answer(now, request);
                Some(Err(Failure::Broken))
            }
            Some(Fault::Status(status)) => {
                let (status, body) = refuse(status, "injected");
                Some(Ok(Response::builder().status(status).body(body).unwrap()))
            }
            Some(Fault::Throttle(status, after)) => {
                let (status, body) = refuse(status, "too_many_requests");
                let mut response = Response::builder().status(status);
                if let Some(after) = after {
                    response = response.header("retry-after", after);
                }
                Some(Ok(response.body(body).unwrap()))
            }
            Some(Fault::Body(body)) => Some(Ok(Response::new(Bytes::from_static(body.as_bytes())))),
            Some(Fault::NotModified) => {
                let date = Timestamp::from_millisecond(START).unwrap();
                let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                let response = Response::builder().status(304).header("date", date);
                Some(Ok(response.body(Bytes::new()).unwrap()))
            }
            Some(Fault::Stale(age)) => {
                let mut response = self.server.answer(now.saturating_sub(age), request);
                response.headers_mut().insert("bloom-status", "HIT".parse().unwrap());
                Some(Ok(response))
            }
        };
        (wait, arrival)
    }

    /// The first difference between cache and server, in words.
    pub fn difference(&self) -> Option<String> {
        let cache = &self.machine.snapshot().websites;
        let truth = self.server.truth();
        for (id, site) in &truth {
            let Some(website) = cache.get(id) else {
                return Some(format!("{id} is missing"));
            };
            let settings: Value = website.settings.parse().unwrap();
            if settings != site.settings {
                return Some(format!("{id} has {settings} and not {}", site.settings));
            }
            if website.token.as_deref() != Some(&site.token) {
                return Some(format!("{id} has an old token"));
            }
        }
        let alive = cache.iter().find(|website| !truth.contains_key(&website.id));
        alive.map(|website| format!("{} lives on", website.id))
    }

    pub fn assert_converged(&self) {
        let log = || {
            let line = |(at, operation): &(Duration, Operation)| {
                format!("{:8.2} {operation:?}", at.as_secs_f64())
            };
            self.sent.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        if let Some(difference) = self.difference() {
            panic!("{difference}\n{}\n{}", self.machine.status(self.moment()), log());
        }
    }

    pub fn count(&self, name: &'static str) -> u32 {
        self.counts.get(name).copied().unwrap_or(0)
    }
}

pub fn moment(now: Duration, skew_ms: i64) -> Moment {
    let wall = Timestamp::from_millisecond(START + skew_ms + now.as_millis() as i64).unwrap();
    Moment { elapsed: now, wall }
}
