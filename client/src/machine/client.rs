//! The machine: what it is made of, what can be read off it, one step for each event.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::budget::{Budget, Ledger};
#[cfg(feature = "replicas")]
use super::budget::{QuotaSource, Spending};
#[cfg(feature = "replicas")]
use super::event::RequestId;
use super::event::{Action, Event, Moment};
use super::flight::Flight;
use super::listening::Listener;
use super::lists::Lists;
use super::parts::cursor::later;
use super::parts::{Bounds, Cursor, OwnWrites, Pacing};
use super::pass::Pass;
use super::phase::Phase;
use super::polls::Polls;
use super::requests::Requests;
use super::saves::Saves;
use super::state::{Counters, Freshness, Snapshot, State, Status, WarmStart};
use super::waits::Waits;
use super::words::{Lane, Save};
use crate::mistake::Mistake;
use crate::{Change, Config, PluginId};

/// The sync machine of one plugin. See the [module page](super) for how to drive it.
#[derive(Debug)]
pub struct Machine {
    pub(super) config: Config,
    pub(super) requests: Requests,
    pub(super) plugin_id: Option<PluginId>,

    // The cache, and what has to be known to change it.
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) ready: bool,
    pub(super) phase: Phase,
    pub(super) lists: Lists,
    pub(super) cursor: Cursor,
    pub(super) polls: Polls,
    pub(super) saves: Saves,
    pub(super) own_writes: OwnWrites,
    pub(super) bounds: Bounds,
    pub(super) listener: Listener,

    // Requests, waits, the day's budget.
    pub(super) flight: Flight,
    pub(super) waits: Waits,
    pub(super) pacing: Pacing,
    pub(super) ledger: Ledger,
    pub(super) server_clock: Option<(Timestamp, Duration)>,
    pub(super) now: Moment,

    // What is told.
    pub(super) counters: Counters,
    pub(super) last_error: Option<String>,
    /// Why the last list was not used, until one is.
    pub(super) list_error: Option<String>,
    pub(super) actions: Vec<Action>,

    /// What a mistake remembers.
    #[cfg(feature = "mistakes")]
    pub(super) memory: super::mistaken::Memory,
}

impl Machine {
    /// A machine that knows nothing yet. Nothing happens before the first event.
    pub fn new(config: Config, now: Moment) -> Self {
        let config = config.within_reach();
        let ready = config.mistakes.has(Mistake::ReadyBeforeLoad);
        let actions = if ready { vec![Action::Ready] } else { Vec::new() };
        Self {
            requests: Requests::new(&config),
            plugin_id: config.plugin_id,
            snapshot: Arc::default(),
            ready,
            phase: Phase::Loading(Pass::start()),
            lists: Lists::new(config.overlap, config.mistakes, now.elapsed),
            cursor: Cursor::new(&config),
            polls: Polls::new(now.elapsed),
            saves: Saves::new(&config),
            own_writes: OwnWrites::new(&config),
            bounds: Bounds::new(&config),
            listener: Listener::new(&config, now.elapsed),
            flight: Flight::new(config.mistakes),
            waits: Waits::new(&config),
            pacing: Pacing::new(&config),
            ledger: Ledger::new(config.quota),
            server_clock: None,
            now,
            counters: Counters::default(),
            last_error: None,
            list_error: None,
            actions,
            #[cfg(feature = "mistakes")]
            memory: super::mistaken::Memory::default(),
            config,
        }
    }

    /// A machine that goes on from an earlier one's set and cursor. The old set is in the cache at once
    /// (not *ready*: the API has not confirmed it). If it was beyond doubt and the cursor is younger
    /// than `longest_gap`, one poll brings it up to date; otherwise everything is listed again, and
    /// what was removed meanwhile is told as removed (hazard F6).
    pub fn resume(config: Config, now: Moment, start: WarmStart) -> Self {
        let mut machine = Self::new(config, now);
        machine.snapshot = Arc::new(Snapshot { websites: start.websites, generation: 1 });
        machine.cursor.resume(start.cursor, now);
        // A date that is refused may have become too old while no client asked.
        machine.polls.since_load = true;
        for website in start.learnt {
            // When it was is told by a clock that has ended: as if it were now.
            machine.own_writes.learnt(website, now);
        }
        machine.phase = match machine.cursor.ask() {
            Some(_) if start.verified => Phase::Following,
            _ => Phase::Recovering(Pass::start()),
        };
        machine
    }

    /// What a later process can go on from; `None` before the first complete load.
    pub fn warm_start(&self) -> Option<WarmStart> {
        let cursor = self.cursor.ask().filter(|_| self.phase.is_loaded())?;
        // What a list, polls and reads of single websites were still to clear up is not stored.
        let verified = matches!(self.phase, Phase::Following)
            && self.lists.is_verified()
            && self.saves.names() == 0;
        let learnt = self.own_writes.websites();
        Some(WarmStart { websites: self.snapshot.websites.clone(), cursor, verified, learnt })
    }

    /// Sends nothing for so long, as if a `Retry-After` had asked for it.
    #[cfg(feature = "driver")]
    pub(crate) fn rest(&mut self, wait: Duration) {
        let until = self.now.elapsed.saturating_add(wait);
        self.waits.be_silent_until(until);
    }

    /// Takes one event in and says what is to be done. Never fails: an event that makes no sense
    /// (an answer to an unknown request) does nothing.
    pub fn handle(&mut self, now: Moment, event: Event) -> Vec<Action> {
        self.now = Moment { elapsed: now.elapsed.max(self.now.elapsed), wall: now.wall };
        match event {
            Event::Tick => {}
            Event::Answer { id, response } => self.answered(id, response),
            Event::Failed { id, failure } => self.failed(id, failure),
            Event::Save { ticket, website, settings, how } => {
                let ordered = self.now.elapsed;
                let save = Save { ticket, website, settings, how, ordered };
                #[cfg(feature = "mistakes")]
                let save = super::mistaken::ordered(self.config.mistakes, &self.snapshot, save);
                self.saves.order(save);
            }
            Event::PollNow => self.polls.ask(self.now.elapsed, self.flight.last()),
            Event::Socket { id, event } => self.hear(id, &event),
        }
        self.expire();
        self.listen();
        self.say_ready_when_whole();
        #[cfg(feature = "mistakes")]
        self.forget_websites();
        self.send_what_is_due();
        std::mem::take(&mut self.actions)
    }

    /// The cache. Cloning the `Arc` gives a reader one whole set that never changes under it.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// Whether the first complete set is in the cache.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Where the machine is.
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Loading(pass) if pass.is_verifying() => State::Verifying,
            Phase::Loading(_) => State::Loading,
            Phase::Following if self.waits.failures(Lane::Poll) > 0 => State::Retrying,
            Phase::Following => State::Steady,
            Phase::Relisting(_) => State::Relisting,
            Phase::Recovering(_) => State::Recovering,
        }
    }

    /// How current the cache is at this moment.
    pub fn freshness(&self, now: Moment) -> Freshness {
        let age = self.polls.good.map(|sent| now.elapsed.saturating_sub(sent));
        match age {
            _ if self.config.mistakes.has(Mistake::AlwaysFresh) => {
                Freshness::Fresh { age: Duration::ZERO }
            }
            _ if !self.phase.is_loaded() => Freshness::Loading,
            Some(age) if self.is_current(age) => Freshness::Fresh { age },
            age => Freshness::Stale { age },
        }
    }

    pub(super) fn is_current(&self, age: Duration) -> bool {
        let interval = self.interval(&self.ledger.clone().at(self.server_now()));
        !self.phase.is_recovering()
            && self.waits.failures(Lane::Poll) == 0
            && age <= interval + self.config.request_timeout
    }

    /// All that an operator wants to know at this moment.
    pub fn status(&self, now: Moment) -> Status {
        let mut ledger = self.ledger.clone();
        let budget = ledger.at(self.server_now());
        let poll_interval = self.interval(&budget);
        Status {
            state: self.state(),
            ready: self.ready,
            freshness: self.freshness(now),
            stale_after: poll_interval + self.config.request_timeout,
            verified: self.phase.is_loaded() && self.lists.is_verified(),
            generation: self.snapshot.generation,
            websites: self.snapshot.websites.len(),
            failures: [Lane::Poll, Lane::Load, Lane::List]
                .into_iter()
                .map(|lane| self.waits.failures(lane))
                .fold(0, u32::max),
            last_error: self.last_error.clone(),
            saves_open: self.saves.open(&self.flight),
            socket: self.listener.state(now.elapsed),
            socket_error: self.listener.error().map(str::to_owned),
            poll_interval,
            relist_interval: self.pacing.relist_interval(&budget),
            budget,
            counters: self.counters,
        }
    }

    /// Counts since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// What this machine was made with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// When the last good poll was sent, on the scale of [`Moment::elapsed`](crate::machine::Moment::elapsed).
    #[cfg(feature = "replicas")]
    pub(crate) fn last_good_poll(&self) -> Option<Duration> {
        self.polls.good
    }

    /// Whether what polls said is in the set, with no website that is still to be read alone.
    #[cfg(feature = "replicas")]
    pub(crate) fn is_settled(&self) -> bool {
        self.saves.names() == 0
    }

    /// Whether this request is under way.
    #[cfg(feature = "replicas")]
    pub(crate) fn waits_for(&self, id: RequestId) -> bool {
        self.flight.has(id)
    }

    /// Which plugin this is, as far as that is known.
    #[cfg(feature = "replicas")]
    pub(crate) fn plugin_id(&self) -> Option<PluginId> {
        self.plugin_id
    }

    /// What a machine that goes on from this one has to know of the requests so far.
    #[cfg(feature = "replicas")]
    pub(crate) fn spending(&self) -> Spending {
        let Budget { spent, list_cost, limit, source, .. } =
            self.ledger.clone().at(self.server_now());
        let learnt = limit.filter(|_| source == QuotaSource::Learnt);
        Spending { spent, list_cost, learnt, listed: self.lists.last() }
    }

    /// Goes on from what another machine spent, on the same scale of time: today's requests count, and the
    /// next list is due when it would have been.
    #[cfg(feature = "replicas")]
    pub(crate) fn go_on_from(&mut self, spending: &Spending) {
        self.ledger.go_on_from(spending);
        self.lists.go_on_from(spending.listed);
    }

    /// How many requests are under way.
    pub fn in_flight(&self) -> usize {
        self.flight.len()
    }

    /// The server's clock as far as it is known, else the local one.
    pub(super) fn server_now(&self) -> Timestamp {
        match self.server_clock {
            Some((date, at)) => later(date, self.now.elapsed.saturating_sub(at)),
            None => self.now.wall,
        }
    }

    pub(super) fn budget(&mut self) -> Budget {
        let server = self.server_now();
        self.ledger.at(server)
    }

    pub(super) fn tell(&mut self, changes: Vec<Change>) {
        self.counters.changes += changes.len() as u64;
        self.actions.push(Action::Changed(changes));
    }
}

#[cfg(test)]
impl Machine {
    /// Lets a test do the arithmetic of a list with many pages.
    pub(super) fn pretend_list_cost(&mut self, cost: u32) {
        self.ledger.listed(cost);
    }
}
