//! Three replicas of `crisp-sync` as one client, with a log in memory and faults between them.
//!
//! Saves and reads go to one of them; when that one dies, to another. The faults are those that cost no request and little
//! time: between two requests a replica is paused, cut off from the store for less than its patience, or killed and started again. Which
//! one, and when, follows from what the scenario says of its client. The wall clock of one is half an hour behind: one that is ahead is wrong in any client where the API tells no date.

use std::collections::BTreeMap;
use std::time::Duration;

use crisp_sync::Config;
use crisp_sync::machine;
use crisp_sync::replicas::{Disturbance, LogEvent, MemoryStore, Options, Output, Replica};

use super::sync::{Sync, event_of, freshness_of, held, moment, ours, translate};
use super::{
    Abilities, About, Action, Client, Event, Moment, ReportedStatus, RequestId, Setup, Subject,
};
use crate::scenario;

const COUNT: usize = 3;
/// A replica takes the store to be away after so long, and looks four times in that: weeks of virtual time are short.
const PATIENCE: Duration = Duration::from_secs(600);

/// Three replicas of `crisp-sync` as one client.
#[derive(Debug, Clone, Copy)]
pub struct SyncReplicas;

impl Client for SyncReplicas {
    fn about(&self, options: &scenario::Client) -> About {
        let about = Sync::reference().about(options);
        let mut declared = about.declared;
        // Another replica waits for two seconds before it goes on.
        declared.request_timeout += Disturbance::LONGEST_PAUSE;
        declared.leeway = true;
        let abilities = Abilities { waits: false, ..about.abilities };
        About { name: "crisp-sync, three replicas".to_owned(), abilities, declared, ..about }
    }

    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject> {
        let config = Sync::reference().config_for(setup);
        let seed =
            u64::from(config.poll_every.subsec_nanos()) ^ config.seed ^ config.poll_every.as_secs();
        Box::new(Replicas::start(config, MemoryStore::default(), seed, now))
    }
}

/// What happens to one replica.
#[derive(Debug)]
struct Node {
    replica: Replica,
    paused_until: Duration,
    cut_until: Duration,
    /// What came while it was paused.
    waiting: Vec<Mail>,
}

#[derive(Debug)]
enum Mail {
    Event(machine::Event),
    Log(LogEvent),
}

struct Replicas {
    config: Config,
    nodes: Vec<Node>,
    store: MemoryStore,
    /// The replica that is read.
    read: usize,
    lives: u64,
    requests: BTreeMap<u64, (usize, machine::RequestId)>,
    last_request: u64,
    answers: u64,
    seed: u64,
    now: Duration,
    open: Vec<machine::Ticket>,
    ready: bool,
    /// After a restart of all three, what the log knew is taken as confirmed when there were more polls than these.
    unconfirmed: Option<u64>,
}

impl Replicas {
    fn start(config: Config, store: MemoryStore, seed: u64, now: Moment) -> Self {
        let mut replicas = Self {
            config,
            nodes: Vec::new(),
            store,
            read: 0,
            lives: seed << 8,
            requests: BTreeMap::new(),
            last_request: 0,
            answers: 0,
            seed,
            now: now.elapsed,
            open: Vec::new(),
            ready: false,
            unconfirmed: None,
        };
        for number in 0..COUNT {
            let node = replicas.node(number, now);
            replicas.nodes.push(node);
        }
        replicas
    }

    fn node(&mut self, number: usize, now: Moment) -> Node {
        self.lives += 1;
        let mut options = Options::new(self.lives);
        options.patience = PATIENCE;
        let replica = Replica::new(self.config.clone(), options, self.moment(number, now), None);
        let never = Duration::ZERO;
        Node { replica, paused_until: never, cut_until: never, waiting: Vec::new() }
    }

    fn moment(&self, number: usize, now: Moment) -> machine::Moment {
        let now = moment(now);
        let wall = if number + 1 == COUNT { now.wall + Disturbance::WALL } else { now.wall };
        machine::Moment { wall, ..now }
    }

    /// Hands a replica something, and carries out what it wants done, until nothing is left to do.
    fn tell(&mut self, number: usize, now: Moment, mail: Mail, actions: &mut Vec<Action>) {
        let mut todo = vec![(number, mail)];
        while let Some((number, mail)) = todo.pop() {
            let at = self.moment(number, now);
            let Some(node) = self.nodes.get_mut(number) else { return };
            if node.paused_until > now.elapsed {
                node.waiting.push(mail);
                continue;
            }
            let outputs = match mail {
                Mail::Event(event) => node.replica.handle(at, event),
                Mail::Log(said) => node.replica.hear(at, said),
            };
            for output in outputs {
                match output {
                    Output::Action(action) => self.act(number, action, actions),
                    Output::Log(action) => {
                        let said = self.order(number, now, action);
                        todo.extend(said.map(|said| (number, Mail::Log(said))));
                        todo.extend(self.news(number, now));
                    }
                }
            }
        }
    }

    /// The store does what this replica asked for, if the two are not cut off.
    fn order(
        &mut self,
        number: usize,
        now: Moment,
        action: crisp_sync::replicas::LogAction,
    ) -> Option<LogEvent> {
        use crisp_sync::replicas::LogAction;
        let cut = self.nodes.get(number).is_none_or(|node| node.cut_until > now.elapsed);
        match action {
            LogAction::Append { .. } if cut => Some(LogEvent::Failed),
            LogAction::Publish(_) if cut => Some(LogEvent::Unpublished),
            LogAction::Trim(_) if cut => None,
            action => self.store.act(action),
        }
    }

    /// What the other replicas now read in the log.
    fn news(&self, but: usize, now: Moment) -> Vec<(usize, Mail)> {
        let others = self.nodes.iter().enumerate().filter(|(number, _)| *number != but);
        let reading = others.filter(|(_, node)| node.cut_until <= now.elapsed);
        let end = self.store.end();
        reading
            .filter(|(_, node)| node.replica.end_of_log() != end)
            .map(|(number, node)| (number, self.read_by(node)))
            .collect()
    }

    fn read_by(&self, node: &Node) -> Mail {
        Mail::Log(self.store.read(node.replica.end_of_log()))
    }

    fn act(&mut self, number: usize, action: machine::Action, actions: &mut Vec<Action>) {
        let read = number == self.read;
        match action {
            machine::Action::Send { id, operation, request, timeout } => {
                self.last_request += 1;
                let outer = machine::RequestId(self.last_request);
                self.requests.insert(outer.0, (number, id));
                let send = machine::Action::Send { id: outer, operation, request, timeout };
                translate(send, false, actions);
            }
            machine::Action::Abandon { id } => {
                let found = self.requests.iter().find(|(_, of)| **of == (number, id));
                if let Some(outer) = found.map(|(outer, _)| *outer) {
                    self.requests.remove(&outer);
                    actions.push(Action::Abandon(RequestId(outer)));
                }
            }
            machine::Action::SaveEnded { ticket, .. } => {
                if let Some(at) = self.open.iter().position(|open| *open == ticket) {
                    self.open.remove(at);
                    translate(action, false, actions);
                }
            }
            machine::Action::Changed(_) if read => translate(action, false, actions),
            _ => {}
        }
    }

    /// Everything that is due now: what waited for a pause, a look at the log, what time demands.
    fn look(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.store.clock = now.elapsed;
        for number in 0..self.nodes.len() {
            let Some(node) = self.nodes.get_mut(number) else { return };
            if node.paused_until > now.elapsed {
                continue;
            }
            let waiting = std::mem::take(&mut node.waiting);
            let cut = node.cut_until > now.elapsed;
            for mail in waiting {
                self.tell(number, now, mail, actions);
            }
            if !cut && let Some(node) = self.nodes.get(number) {
                let read = self.read_by(node);
                self.tell(number, now, read, actions);
            }
            self.tell(number, now, Mail::Event(machine::Event::Tick), actions);
        }
    }

    /// Says once that the set is complete.
    fn say_ready(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let Some(node) = self.nodes.get(self.read).filter(|node| node.replica.is_ready()) else {
            return;
        };
        // While it lists again, the doubt that it lists for is not said any more.
        let verified = node.replica.status(self.moment(self.read, now)).verified
            && node.replica.state() == machine::State::Steady;
        if self.is_unconfirmed() || (self.unconfirmed.is_some() && !verified) {
            return;
        }
        self.unconfirmed = None;
        if !self.ready {
            self.ready = true;
            actions.push(Action::Ready);
        }
    }

    /// Whether all three were restarted, and the log's machine has not polled since.
    fn is_unconfirmed(&self) -> bool {
        let polls = self.nodes.get(self.read).map_or(0, |node| node.replica.counters().polls);
        self.unconfirmed.is_some_and(|known| polls <= known)
    }

    /// One fault between the replicas, now and then.
    fn disturb(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.answers += 1;
        // Between requests: a fault in one costs its time-out, which no scenario knows of.
        let idle = self.requests.is_empty() && self.open.is_empty();
        let happens = Disturbance::after(self.answers, self.seed, COUNT).filter(|_| idle);
        let Some((number, disturbance)) = happens else { return };
        if disturbance == Disturbance::Killed {
            return self.kill(number, now, actions);
        }
        let Some(node) = self.nodes.get_mut(number).filter(|_| number != self.read) else { return };
        match disturbance {
            Disturbance::Killed => {}
            Disturbance::Paused(pause) => node.paused_until = now.elapsed + pause,
            Disturbance::CutOff(cut) => node.cut_until = now.elapsed + cut,
        }
    }

    /// A replica dies with its connections, and starts again knowing nothing. Another one is read.
    fn kill(&mut self, number: usize, now: Moment, actions: &mut Vec<Action>) {
        if number == self.read {
            let other = (number + 1) % COUNT;
            let is_as_new = |number: usize| {
                self.nodes.get(number).is_some_and(|node| {
                    node.paused_until <= now.elapsed
                        && node.replica.end_of_log() == self.store.end()
                        && node.replica.is_following()
                })
            };
            // Readers would see an older set: this one is spared.
            if !is_as_new(other) || !is_as_new(number) {
                return;
            }
            self.read = other;
            for ticket in std::mem::take(&mut self.open) {
                let problem = "the replica died".to_owned();
                let outcome = machine::SaveOutcome::Unknown { problem, holds: None };
                translate(machine::Action::SaveEnded { ticket, outcome }, false, actions);
            }
        }
        let of_it: Vec<_> = self.requests.iter().filter(|(_, of)| of.0 == number).collect();
        let of_it: Vec<u64> = of_it.into_iter().map(|(outer, _)| *outer).collect();
        for outer in of_it {
            self.requests.remove(&outer);
            actions.push(Action::Abandon(RequestId(outer)));
        }
        let node = self.node(number, now);
        if let Some(place) = self.nodes.get_mut(number) {
            *place = node;
        }
    }
}

impl Subject for Replicas {
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>) {
        self.now = now.elapsed;
        let answered = matches!(event, Event::Answer(..));
        match event {
            Event::Tick => {}
            Event::Answer(RequestId(outer), response) => {
                if let Some((number, id)) = self.requests.remove(&outer) {
                    let event = machine::Event::Answer { id, response };
                    self.tell(number, now, Mail::Event(event), actions);
                }
            }
            Event::Failed(RequestId(outer)) => {
                if let Some((number, id)) = self.requests.remove(&outer) {
                    let failure = machine::Failure::Broken;
                    let event = machine::Event::Failed { id, failure };
                    self.tell(number, now, Mail::Event(event), actions);
                }
            }
            event => {
                if let Event::Save { ticket, .. } = &event {
                    self.open.push(machine::Ticket(*ticket));
                }
                if let Some(event) = event_of(event) {
                    self.tell(self.read, now, Mail::Event(event), actions);
                }
            }
        }
        self.look(now, actions);
        self.say_ready(now, actions);
        if answered {
            self.disturb(now, actions);
            self.look(now, actions);
        }
    }

    fn resumed(&self, now: Moment, actions: &mut Vec<Action>) -> Option<Box<dyn Subject>> {
        let store = self.store.clone();
        let mut next = Self::start(self.config.clone(), store, self.seed + 1, now);
        next.lives = self.lives + 1000;
        let mut done = Vec::new();
        next.look(now, &mut done);
        next.unconfirmed = next.nodes.first().map(|node| node.replica.counters().polls);
        // What is shown at once; what is asked for is asked for when it is ticked.
        let shown = next.nodes.first()?.replica.snapshot().websites.clone();
        actions.extend(shown.iter().map(|site| Action::Shows(ours(site.id), Some(held(site)))));
        let others = |action: &Action| !matches!(action, Action::Shows(..));
        actions.extend(done.into_iter().filter(others));
        Some(Box::new(next))
    }

    fn next_wake(&self) -> Option<Duration> {
        let wakes = self.nodes.iter().filter_map(|node| {
            let wake = node.replica.next_wake()?;
            let until = node.paused_until;
            Some(if until > self.now { until.max(wake) } else { wake })
        });
        // One that was paused or cut off is looked at when that ends.
        let ends = self.nodes.iter().flat_map(|node| [node.paused_until, node.cut_until]);
        wakes.chain(ends.filter(|end| *end > self.now)).min()
    }

    fn status(&self, now: Moment) -> Option<ReportedStatus> {
        let node = self.nodes.get(self.read)?;
        let status = node.replica.status(self.moment(self.read, now));
        if self.is_unconfirmed() {
            return Some(freshness_of(machine::Freshness::Stale { age: None }));
        }
        Some(freshness_of(status.freshness))
    }
}
