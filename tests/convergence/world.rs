//! The client's machine and the emulator's space, joined in virtual time: nothing waits, and
//! everything that happened is kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::clock::Stamp;
use crisp_mock_server::engine::{Installation, Writer};
use crisp_mock_server::fault::{Delivery, Outcome};
use crisp_mock_server::journal::Filter;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::options::Blueprint;
use crisp_mock_server::space::{Outside, Space};
use crisp_sync::machine::{
    Action, Event, Failure, How, Legacy, Machine, Moment, Parts, RequestId, SaveOutcome, Ticket,
};
use crisp_sync::{BaseUrl, Config, Credentials, Settings, WebsiteId};
use http::{Request, Response};
use serde_json::Value;

use crate::case::{Case, Deed, wrong_clock};
use crate::history::{Order, Seen, holds, state, told};
use crate::truth::Truth;

/// 2026-01-01T00:00:00Z, unless a case says otherwise.
pub const START: i64 = 1_767_225_600_000;

/// More events than any run needs: a machine that spins is stopped here.
const MOST_EVENTS: u32 = 300_000;

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The client's id of `w{number}`.
pub fn w(number: u32) -> WebsiteId {
    emulated(number).to_string().parse().unwrap()
}

fn emulated(number: u32) -> crisp_mock_server::id::WebsiteId {
    crisp_mock_server::id::WebsiteId::numbered(number)
}

type Landed = Result<Response<Bytes>, Failure>;

/// What is going to happen.
enum Next {
    Deed(Deed),
    /// A request reaches the server.
    Arrives(u32, RequestId, Request<Bytes>),
    /// An answer, or its loss, reaches the client.
    Lands(u32, RequestId, Landed),
    /// The client's process is there again.
    Begins(Option<Legacy>),
}

/// An answer that waits for the next one of its operation.
struct KeptBack {
    operation: Operation,
    since: Duration,
    at_most: Duration,
    id: RequestId,
    life: u32,
    landed: Landed,
}

pub struct World {
    pub case: Case,
    pub space: Space,
    pub truth: Truth,
    pub config: Config,
    pub machine: Option<Machine>,
    pub now: Duration,
    pub seen: Vec<(Duration, Seen)>,
    pub orders: BTreeMap<Ticket, Order>,
    pub sent: Vec<(Duration, String)>,
    pub log: Vec<String>,
    /// When the last change, fault or restart was over.
    pub disturbed: Duration,
    /// Lists that lied without saying so.
    pub lies: u32,
    /// Whether a fault called a website gone that was there.
    pub called_gone: bool,
    /// Spans in which the server's clock is wrong and no good answer has shown it.
    pub wrong_clocks: Vec<(Duration, Duration)>,
    /// Requests that were sent although the API had asked for silence.
    pub broke_silence: Option<String>,
    pub phases: BTreeMap<(Operation, &'static str, &'static str), u32>,
    silent_until: Duration,
    given_up: Vec<RequestId>,
    life: u32,
    /// How far the client's wall clock is off, in milliseconds.
    client_off: i64,
    queue: BTreeMap<(Duration, u64), Next>,
    kept_back: Vec<KeptBack>,
    count: u64,
}

impl World {
    pub fn of(case: &Case) -> Self {
        let blueprint =
            Blueprint::new(case.options()).unwrap_or_else(|e| panic!("{e:?}\n{case:#?}"));
        let outside = Outside { elapsed: Duration::ZERO, wall: Stamp(START) };
        let space = Space::start("default", Arc::new(blueprint), "http://crisp.test", outside);
        let account = &space.accounts().plugin;
        let credentials = Credentials::new(account.identifier.clone(), account.key.clone());
        let mut config = Config::new(credentials);
        config.base = BaseUrl::new("http://crisp.test/v1/").unwrap();
        case.configure(&mut config);
        let mut world = Self {
            case: case.clone(),
            space,
            truth: Truth::default(),
            config,
            machine: None,
            now: Duration::ZERO,
            seen: Vec::new(),
            orders: BTreeMap::new(),
            sent: Vec::new(),
            log: Vec::new(),
            disturbed: Duration::ZERO,
            lies: 0,
            called_gone: false,
            wrong_clocks: Vec::new(),
            broke_silence: None,
            phases: BTreeMap::new(),
            silent_until: Duration::ZERO,
            given_up: Vec::new(),
            life: 0,
            client_off: case.client_off,
            queue: BTreeMap::new(),
            kept_back: Vec::new(),
            count: 0,
        };
        world.truth.look(&world.space, Duration::ZERO);
        world.put(Duration::ZERO, Next::Begins(None));
        for (at, deed) in &case.deeds {
            world.put(ms(*at), Next::Deed(deed.clone()));
        }
        world.wrong_clocks = case.faults.iter().filter_map(wrong_clock).collect();
        let ends = world.wrong_clocks.iter().map(|(_, until)| *until);
        world.disturbed = ends.max().unwrap_or_default();
        world
    }

    fn put(&mut self, at: Duration, next: Next) {
        self.count += 1;
        self.queue.insert((at, self.count), next);
    }

    pub fn deed(&mut self, deed: Deed) {
        let now = self.now;
        self.put(now, Next::Deed(deed));
    }

    pub fn moment(&self) -> Moment {
        let wall = START + self.client_off + self.now.as_millis() as i64;
        Moment { elapsed: self.now, wall: jiff::Timestamp::from_millisecond(wall).unwrap() }
    }

    /// Lets time pass until then.
    pub fn run(&mut self, until: Duration) {
        for _ in 0..MOST_EVENTS {
            let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
            let wake = self.machine.as_ref().and_then(Machine::next_wake);
            let kept = self.kept_back.iter().map(|kept| kept.at_most).min();
            let next = [queued, wake, kept].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else {
                self.now = self.now.max(until);
                return;
            };
            self.now = self.now.max(next);
            if queued == Some(next) {
                let (_, next) = self.queue.pop_first().unwrap();
                self.happens(next);
            } else if kept == Some(next) {
                let now = self.now;
                self.let_go(|kept| kept.at_most <= now);
            } else {
                self.tell(Event::Tick);
            }
        }
        panic!("it never comes to rest\n{}", self.story());
    }

    fn happens(&mut self, next: Next) {
        match next {
            Next::Deed(deed) => self.does(deed),
            Next::Arrives(life, id, request) => self.arrives(life, id, &request),
            Next::Lands(life, id, landed) if life == self.life => self.lands(id, landed),
            Next::Lands(..) => {}
            Next::Begins(legacy) => self.begins(legacy),
        }
    }

    fn note(&mut self, what: impl std::fmt::Display) {
        self.log.push(format!("{:9.3}  {what}", self.now.as_secs_f64()));
    }

    fn tell(&mut self, event: Event) {
        let moment = self.moment();
        let Some(machine) = &mut self.machine else {
            return;
        };
        for action in machine.handle(moment, event) {
            self.acts(action);
        }
    }

    fn begins(&mut self, legacy: Option<Legacy>) {
        let parts = Parts::reference(&self.config);
        let (config, moment) = (self.config.clone(), self.moment());
        self.note(if legacy.is_some() { "begins, warm" } else { "begins" });
        self.machine = Some(match legacy {
            Some(legacy) => Machine::resume(config, parts, moment, legacy),
            None => Machine::new(config, parts, moment),
        });
        self.tell(Event::Tick);
    }

    fn acts(&mut self, action: Action) {
        match action {
            Action::Send { id, operation, request, .. } => {
                let path = request.uri().to_string();
                let path = path.trim_start_matches("http://crisp.test/v1/");
                self.note(format_args!("-> {} {path}", operation.name()));
                if self.now < self.silent_until {
                    self.broke_silence.get_or_insert(format!("{path} at {:?}", self.now));
                }
                self.sent.push((self.now, path.to_owned()));
                self.put(self.now + self.case.up(), Next::Arrives(self.life, id, request));
            }
            Action::Abandon { id } => {
                self.note(format_args!("gives up {}", id.0));
                self.given_up.push(id);
            }
            Action::Changed(changes) => {
                for change in changes {
                    self.note(format_args!("   {}", told(&change)));
                    self.seen.push((self.now, Seen::Change(change)));
                }
            }
            Action::Ready => {
                self.note("   ready");
                let machine = self.machine.as_ref().unwrap();
                let (snapshot, doubtful) = (machine.snapshot(), machine.counters().drifts >= 3);
                let ids = snapshot.websites.iter().map(|website| website.id).collect();
                self.seen.push((self.now, Seen::Ready(ids, doubtful)));
            }
            Action::SaveEnded { ticket, outcome } => {
                self.note(format_args!("   save {} ended: {outcome:?}", ticket.0));
                let order = self.orders.get_mut(&ticket).unwrap();
                assert!(order.outcome.is_none(), "a save ended twice");
                let snapshot = self.machine.as_ref().unwrap().snapshot();
                let shown = snapshot.websites.get(&order.website);
                let shown = shown.map(|website| website.settings.parse().unwrap());
                let ready = self.machine.as_ref().unwrap().is_ready();
                if outcome == SaveOutcome::Done && ready {
                    self.seen.push((self.now, Seen::Saved(ticket, shown)));
                }
                order.outcome = Some(outcome);
            }
        }
    }

    fn arrives(&mut self, life: u32, id: RequestId, request: &Request<Bytes>) {
        if self.case.is_down(self.now) {
            self.disturbed = self.disturbed.max(self.now);
            self.note(format_args!("no connection for {}", id.0));
            let at = self.now + self.case.down();
            return self.put(at, Next::Lands(life, id, Err(Failure::Connect)));
        }
        let handled = self.space.handle(self.now, request);
        if request.method() != http::Method::GET {
            self.truth.look(&self.space, self.now);
            self.count_save(request);
        }
        self.count_faults(&handled.delivery);
        self.schedule(life, id, handled.operation, handled.delivery);
    }

    /// Which save it was, and what became of it.
    fn count_save(&mut self, request: &Request<Bytes>) {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let order = self.orders.values_mut().find(|order| order.settings == body);
        let order = order.expect("only orders are saved");
        order.arrived += 1;
        let states = self.truth.of.get(&order.website).map_or(&[][..], Vec::as_slice);
        let last = states.last().and_then(|(_, state)| state.as_ref());
        if last.is_some_and(|held| holds(&held.settings, &body)) {
            order.made.get_or_insert(states.len() - 1);
        }
    }

    fn count_faults(&mut self, delivery: &Delivery) {
        let all = Filter::default();
        let entry = self.space.journal.entries(&all).next_back().unwrap();
        let status = delivery.outcome.response().map(|response| response.status());
        let mut over = self.now + delivery.hold + self.case.down();
        for fired in &entry.faults {
            let key = fired.fault.effect.key();
            self.lies += match key {
                "short_page" => 1,
                "empty_page" if entry.operation == Operation::Since => 1,
                // One is looked into; the second is believed, as the quirk `past-the-end` has it.
                "empty_page" => u32::from(self.lied(key) > 1),
                // Three passes that disagree are the most that is read at once.
                "repeat_page" => u32::from(self.lied(key) > 2),
                "status" if entry.operation == Operation::List => {
                    u32::from(status.is_some_and(|s| s == 404) && self.lied(key) > 1)
                }
                _ => 0,
            };
            let state = self.machine.as_ref().map_or("down", |machine| state(machine.state()));
            *self.phases.entry((entry.operation, key, state)).or_default() += 1;
        }
        let refused = status.is_some_and(|status| !status.is_success());
        let read = entry.operation == Operation::GetSettings;
        self.called_gone |= read && status.is_some_and(|status| status == 404);
        let faults: Vec<_> = entry.faults.iter().map(|fired| fired.fault.to_string()).collect();
        let silence = delivery
            .outcome
            .response()
            .filter(|_| refused)
            .and_then(|response| response.headers().get("retry-after"))
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map_or(Duration::ZERO, secs);
        over += silence;
        if faults.is_empty() && !refused && entry.operation == Operation::Since {
            let now = self.now;
            self.wrong_clocks.retain(|(from, until)| !(*from..*until).contains(&now));
        }
        if !faults.is_empty() || status.is_some_and(|s| [420, 429].contains(&s.as_u16())) {
            self.disturbed = self.disturbed.max(over);
        }
        let status = status.map_or("nothing".to_owned(), |status| status.as_u16().to_string());
        self.note(format_args!("   server: {status} {}", faults.join(" ")));
    }

    /// How often faults with this effect have acted.
    fn lied(&self, key: &str) -> u64 {
        let reports = self.space.faults.list();
        let same = reports.iter().filter(|report| report.fault.effect.key() == key);
        same.map(|report| report.fired).sum()
    }

    fn schedule(&mut self, life: u32, id: RequestId, operation: Operation, delivery: Delivery) {
        let Delivery { hold, outcome, after_next } = delivery;
        let at = self.now + hold + self.case.down();
        let (took, landed) = match outcome {
            Outcome::Answer(response) => (Duration::ZERO, Ok(response)),
            Outcome::Drip { response, pace } => {
                (pace.time_for(response.body().len() as u64), Ok(response))
            }
            Outcome::Cut { bytes, pace, .. } => {
                let took = pace.map_or(Duration::ZERO, |pace| pace.time_for(bytes));
                (took, Err(Failure::Broken))
            }
            Outcome::Reset | Outcome::Close => (Duration::ZERO, Err(Failure::Broken)),
            Outcome::Hang => return,
        };
        if let Some(wait) = after_next {
            let at_most = at + wait;
            let since = self.now;
            self.kept_back.push(KeptBack { operation, since, at_most, id, life, landed });
            return;
        }
        self.put(at + took, Next::Lands(life, id, landed));
        let now = self.now;
        self.let_go(|kept| kept.operation == operation && kept.since < now);
    }

    fn let_go(&mut self, which: impl Fn(&KeptBack) -> bool) {
        let (gone, kept) = std::mem::take(&mut self.kept_back).into_iter().partition(|k| which(k));
        self.kept_back = kept;
        let gone: Vec<KeptBack> = gone;
        for KeptBack { id, life, landed, .. } in gone {
            self.put(self.now + ms(1), Next::Lands(life, id, landed));
        }
    }

    fn lands(&mut self, id: RequestId, landed: Landed) {
        let event = match landed {
            Ok(response) => {
                let refused = !response.status().is_success();
                let heard = refused && !self.given_up.contains(&id);
                let asked = response.headers().get("retry-after").filter(|_| heard);
                if let Some(seconds) = asked.and_then(|v| v.to_str().ok()?.parse().ok()) {
                    let until = self.now + secs(seconds).min(self.config.longest_retry_after);
                    self.silent_until = self.silent_until.max(until);
                }
                self.note(format_args!("<- {}", id.0));
                Event::Answer { id, response }
            }
            Err(failure) => {
                self.note(format_args!("<- {} failed: {failure}", id.0));
                Event::Failed { id, failure }
            }
        };
        self.tell(event);
    }

    fn does(&mut self, deed: Deed) {
        self.note(format_args!("** {deed:?}"));
        self.disturbed = self.disturbed.max(self.now);
        let now = self.space.now(self.now);
        let world = &mut self.space.world;
        match deed {
            // A deed that makes no sense at this moment is refused, and nothing happens.
            Deed::Install(number, settings) => {
                let how = Installation { settings, ..Installation::default() };
                let _ = world.install(now, emulated(number), how);
            }
            Deed::Uninstall(number) => {
                let _ = world.uninstall(now, emulated(number));
            }
            Deed::Operator(number, settings) => {
                let _ = world.save(now, emulated(number), settings, Writer::Operator);
            }
            Deed::Price(number, price) => {
                let _ = world.set_plan(now, emulated(number), None, Some(price));
            }
            Deed::Put(number, settings) => return self.orders_save(number, settings, How::Put),
            Deed::Patch(number, settings) => return self.orders_save(number, settings, How::Patch),
            Deed::PollNow => return self.tell(Event::PollNow),
            Deed::ClientClock(by) => self.client_off += by,
            Deed::Restart { warm, down } => return self.restarts(warm, down),
        }
        self.space.written_from_outside();
        self.truth.look(&self.space, self.now);
    }

    fn orders_save(&mut self, number: u32, value: Value, how: How) {
        if self.machine.is_none() {
            return;
        }
        let ticket = Ticket(self.orders.len() as u64 + 1);
        let settings = Settings::from_value(&value).unwrap();
        let order = Order {
            website: w(number),
            settings: value,
            patches: how == How::Patch,
            life: self.life,
            arrived: 0,
            made: None,
            outcome: None,
        };
        self.orders.insert(ticket, order);
        self.tell(Event::Save { ticket, website: w(number), settings, how });
    }

    fn restarts(&mut self, warm: bool, down: u64) {
        let Some(machine) = self.machine.take() else {
            return;
        };
        let legacy = machine.leave().filter(|_| warm);
        let warm = legacy.is_some();
        self.life += 1;
        self.silent_until = Duration::ZERO;
        self.given_up.clear();
        self.seen.push((self.now, Seen::Restart { warm }));
        let at = self.now + secs(down);
        self.disturbed = self.disturbed.max(at);
        self.put(at, Next::Begins(legacy));
    }

    pub fn life(&self) -> u32 {
        self.life
    }

    /// Everything that happened, for a person to read.
    pub fn story(&self) -> String {
        let status = self.machine.as_ref().map(|machine| machine.status(self.moment()).to_string());
        format!("{:#?}\n{}\n{}", self.case, self.log.join("\n"), status.unwrap_or_default())
    }
}
