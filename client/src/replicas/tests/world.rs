//! Replicas, a store and the model of the API in virtual time: the next event is the earliest one.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use serde_json::json;

use crate::machine::tests::server::{Quirks, START, Server};
use crate::machine::{Action, Event, How, Moment, RequestId, SaveOutcome, Ticket};
use crate::replicas::{LogAction, LogEvent, MemoryStore, Options, Output, Place, Replica};
use crate::{Config, Credentials, Settings, WebsiteId, Websites};

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub fn w(number: u128) -> WebsiteId {
    WebsiteId::from_number(number)
}

/// Often, so that every run has a renewal.
const RENEW_EVERY: u32 = 12;

/// Something that arrives.
#[derive(Debug)]
enum Mail {
    /// A request, at the API.
    Request { id: RequestId, request: Request<Bytes> },
    /// An order, at the store.
    Order(LogAction),
    /// Something, at the replica.
    Event(Event),
    /// What the store says, at the replica, if the two are not cut off by then.
    Log(LogEvent),
    /// The replica's reader asks the store.
    Read,
    /// The process starts again.
    Restart,
}

/// A process with one replica.
pub struct Node {
    pub replica: Option<Replica>,
    life: u64,
    paused_until: Duration,
    cut_until: Duration,
    pub skew: i64,
    /// The next look at the store that was ordered, so that one is under way at a time.
    reads_at: Duration,
    /// Where in the log it was compared with the others last.
    compared: Option<Place>,
    /// What it showed last of each website: where in its history that is.
    pub(super) seen: BTreeMap<WebsiteId, usize>,
    /// What all changes add up to that it told of.
    pub(super) told: Websites,
}

/// What may go wrong, or happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Pause(usize, u64),
    Kill(usize),
    Cut(usize, u64),
    StoreAway(u64),
    StoreEmptied,
    StoreSetBack(usize),
    WallMoved(usize, i64),
    StoreClock(u64),
    Operator(u128),
    Uninstall(u128),
    Save(usize, u128),
}

pub struct World {
    pub now: Duration,
    pub server: Server,
    pub store: MemoryStore,
    pub nodes: Vec<Node>,
    mail: Vec<(Duration, u64, usize, Mail)>,
    posted: u64,
    /// What a replica at a place of the log has, whichever it is.
    pub(super) sets: BTreeMap<(u64, u64, u64), String>,
    pub ended: Vec<SaveOutcome>,
    /// Saves whose callers wait, and at which replica.
    pub open: BTreeMap<u64, usize>,
    /// What a reader of the store saw last of each website, and its version.
    pub(super) readers: BTreeMap<WebsiteId, (usize, u64)>,
    values: u64,
    tickets: u64,
    pub steps: usize,
    /// The store lost entries that it had acknowledged.
    pub(super) forgot: bool,
}

pub fn config() -> Config {
    let mut config = Config::new(Credentials::new("id", "key"));
    config.base = crate::BaseUrl::new("http://crisp.test/v1/").unwrap();
    config.plugin_id = Some(crate::PluginId::from_number(255));
    config.quota = crate::Quota::Unlimited;
    config.seed = 7;
    config
}

impl World {
    /// So many replicas, and two websites.
    pub fn new(count: usize, quirks: Quirks) -> Self {
        let mut server = Server::new(quirks);
        for number in 1..=2 {
            server.installed_before(w(number), json!({"v": 0}));
        }
        let mut world = Self {
            now: Duration::ZERO,
            server,
            store: MemoryStore::default(),
            nodes: Vec::new(),
            mail: Vec::new(),
            posted: 0,
            sets: BTreeMap::new(),
            ended: Vec::new(),
            open: BTreeMap::new(),
            readers: BTreeMap::new(),
            values: 0,
            tickets: 0,
            steps: 0,
            forgot: false,
        };
        for node in 0..count {
            world.nodes.push(Node {
                replica: None,
                life: 0,
                paused_until: Duration::ZERO,
                cut_until: Duration::ZERO,
                skew: 0,
                reads_at: Duration::MAX,
                compared: None,
                seen: BTreeMap::new(),
                told: Websites::default(),
            });
            world.start(node);
        }
        world
    }

    fn start(&mut self, node: usize) {
        self.start_with(node, |_| {});
    }

    /// Starts this replica, or starts it again, with a configuration of its own.
    pub fn start_with(&mut self, node: usize, change: impl FnOnce(&mut Config)) {
        let mut config = config();
        change(&mut config);
        let moment = self.moment(node);
        let it = &mut self.nodes[node];
        it.life += 1;
        let mut options = Options::new(it.life * 100 + node as u64);
        options.renew_every = RENEW_EVERY;
        it.replica = Some(Replica::new(config, options, moment, None));
        (it.seen, it.told) = (BTreeMap::new(), Websites::default());
        self.event(node, Event::Tick);
        self.read_at(node, self.now + ms(1));
    }

    fn moment(&self, node: usize) -> Moment {
        let millis = START + self.now.as_millis() as i64 + self.nodes[node].skew;
        Moment { elapsed: self.now, wall: Timestamp::from_millisecond(millis).unwrap() }
    }

    fn post(&mut self, at: Duration, node: usize, mail: Mail) {
        self.posted += 1;
        self.mail.push((at, self.posted, node, mail));
    }

    fn read_at(&mut self, node: usize, at: Duration) {
        if at < self.nodes[node].reads_at {
            self.nodes[node].reads_at = at;
            self.post(at, node, Mail::Read);
        }
    }

    /// When something at this process happens that was to happen at this time.
    fn at(&self, node: usize, at: Duration) -> Duration {
        at.max(self.nodes[node].paused_until)
    }

    /// When this mail takes effect.
    fn due(&self, (at, _, node, mail): &(Duration, u64, usize, Mail)) -> Duration {
        match mail {
            Mail::Request { .. } | Mail::Order(_) | Mail::Restart => *at,
            Mail::Event(_) | Mail::Log(_) | Mail::Read => self.at(*node, *at),
        }
    }

    /// Lets one event happen, if one does until then.
    pub fn step(&mut self, until: Duration) -> bool {
        let mail =
            (0..self.mail.len()).map(|at| (self.due(&self.mail[at]), self.mail[at].1, at)).min();
        let wake = (0..self.nodes.len())
            .filter_map(|node| {
                let wake = self.nodes[node].replica.as_ref()?.next_wake()?;
                Some((self.at(node, wake), node))
            })
            .min();
        let (mail_at, wake_at) = (mail.map(|mail| mail.0), wake.map(|wake| wake.0));
        let Some(next) = mail_at.into_iter().chain(wake_at).min().filter(|next| *next <= until)
        else {
            self.now = until;
            return false;
        };
        self.store.clock += next.saturating_sub(self.now);
        self.now = self.now.max(next);
        self.steps += 1;
        match (mail, wake) {
            (Some((due, _, at)), _) if due <= next => {
                let (_, _, node, mail) = self.mail.remove(at);
                self.take(node, mail);
            }
            (_, Some((_, node))) => self.event(node, Event::Tick),
            _ => {}
        }
        true
    }

    pub fn run(&mut self, until: Duration) {
        let most = self.steps + 200_000;
        while self.step(until) {
            assert!(self.steps < most, "the replicas spin");
        }
    }

    fn is_cut(&self, node: usize) -> bool {
        self.nodes[node].cut_until > self.now
    }

    fn take(&mut self, node: usize, mail: Mail) {
        match mail {
            Mail::Request { id, request } => {
                let response = self.server.answer(self.now, &request);
                let answer = Event::Answer { id, response };
                self.post(self.now + ms(5), node, Mail::Event(answer));
            }
            Mail::Order(action) if self.is_cut(node) => {
                let said = match action {
                    LogAction::Publish(_) => LogEvent::Unpublished,
                    LogAction::Append { .. } | LogAction::Trim(_) => LogEvent::Failed,
                };
                self.post(self.now + secs(2), node, Mail::Log(said));
            }
            Mail::Order(action) => {
                let publishes = matches!(action, LogAction::Publish(_));
                if let Some(said) = self.store.act(action) {
                    // What is read in the log may come before what is said of it.
                    let takes = ms(1 + self.posted % 3);
                    self.post(self.now + takes, node, Mail::Log(said));
                }
                if publishes {
                    self.look_at_published();
                }
                for reader in 0..self.nodes.len() {
                    self.read_at(reader, self.now + ms(1));
                }
            }
            Mail::Event(event) => self.event(node, event),
            Mail::Log(said) => {
                let lost = self.is_cut(node);
                let said = match said {
                    LogEvent::Published(_) | LogEvent::Unpublished if lost => LogEvent::Unpublished,
                    _ if lost => LogEvent::Failed,
                    said => said,
                };
                self.hear(node, said);
            }
            Mail::Read => {
                if self.nodes[node].reads_at > self.now {
                    return;
                }
                self.nodes[node].reads_at = Duration::MAX;
                let replica = self.nodes[node].replica.as_ref();
                if let Some(replica) = replica.filter(|_| !self.is_cut(node)) {
                    let read = self.store.read(replica.end_of_log());
                    self.hear(node, read);
                }
                self.read_at(node, self.now + secs(3));
            }
            Mail::Restart => self.start(node),
        }
    }

    fn event(&mut self, node: usize, event: Event) {
        let moment = self.moment(node);
        let Some(replica) = &mut self.nodes[node].replica else { return };
        let outputs = replica.handle(moment, event);
        self.carry_out(node, outputs);
    }

    fn hear(&mut self, node: usize, said: LogEvent) {
        let moment = self.moment(node);
        let Some(replica) = &mut self.nodes[node].replica else { return };
        let outputs = replica.hear(moment, said);
        self.carry_out(node, outputs);
    }

    fn carry_out(&mut self, node: usize, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Action(Action::Send { id, request, .. }) => {
                    self.post(self.now + ms(5), node, Mail::Request { id, request });
                }
                Output::Action(Action::Changed(changes)) => self.look_at(node, &changes),
                Output::Action(Action::SaveEnded { ticket, outcome }) => {
                    self.open.remove(&ticket.0);
                    self.ended.push(outcome);
                }
                Output::Action(_) => {}
                Output::Log(action) => self.post(self.now + ms(1), node, Mail::Order(action)),
            }
        }
        self.compare_with_told(node);
        let place = self.nodes[node].replica.as_ref().and_then(Replica::place);
        if place != self.nodes[node].compared {
            self.nodes[node].compared = place;
            self.compare_at_place(node);
        }
    }

    pub fn act(&mut self, deed: Deed) {
        let now = self.now;
        match deed {
            Deed::Pause(node, seconds) => {
                self.nodes[node].paused_until = now + secs(seconds);
            }
            Deed::Kill(node) => {
                self.nodes[node].replica = None;
                self.open.retain(|_, at| *at != node);
                self.mail.retain(|(_, _, of, mail)| {
                    *of != node || matches!(mail, Mail::Request { .. } | Mail::Order(_))
                });
                self.nodes[node].reads_at = Duration::MAX;
                self.post(now + secs(5), node, Mail::Restart);
            }
            Deed::Cut(node, seconds) => self.nodes[node].cut_until = now + secs(seconds),
            Deed::StoreAway(seconds) => {
                for node in &mut self.nodes {
                    node.cut_until = now + secs(seconds);
                }
            }
            Deed::StoreEmptied => {
                self.store = MemoryStore { clock: self.store.clock, ..MemoryStore::default() };
                self.readers.values_mut().for_each(|seen| seen.0 = 0);
            }
            Deed::StoreSetBack(entries) => {
                self.forgot = true;
                let left = self.store.log.len().saturating_sub(entries);
                self.store.log.truncate(left);
                // What was published after that is lost, too; which of it, a reader cannot know.
                let end = self.store.end().map_or(0, |end| end.sequence);
                self.store.published.retain(|_, (version, _)| *version <= end);
                self.store.version = self.store.version.min(end);
                self.readers.clear();
            }
            Deed::WallMoved(node, hours) => self.nodes[node].skew = hours * 3_600_000,
            Deed::StoreClock(hours) => self.store.clock += secs(hours * 3600),
            Deed::Operator(site) => {
                self.values += 1;
                self.server.save(now, w(site), json!({"v": self.values}));
            }
            Deed::Uninstall(site) => self.server.uninstall(now, w(site)),
            Deed::Save(node, site) => {
                (self.values, self.tickets) = (self.values + 1, self.tickets + 1);
                let settings = Settings::from_value(&json!({"v": self.values})).unwrap();
                let (ticket, website) = (Ticket(self.tickets), w(site));
                if self.nodes[node].replica.is_some() {
                    self.open.insert(self.tickets, node);
                }
                self.event(node, Event::Save { ticket, website, settings, how: How::Put });
            }
        }
    }
}
