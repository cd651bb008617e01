//! The machine: what it is made of, what can be read off it, one step for each event.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::budget::{Budget, Ledger};
use super::chance::Chance;
use super::event::{Action, Event, Moment};
use super::flight::Flight;
use super::lanes::Lanes;
use super::parts::cursor::later;
use super::parts::{Backoff, Cursor, OwnWrites, Pacing};
use super::pass::{LoadRun, Watch};
use super::requests::Requests;
use super::state::{Counters, Freshness, Snapshot, State, Status, WarmStart};
use super::words::{Ids, Read, Save};
use crate::mistake::Mistake;
use crate::{Change, Config, PluginId, WebsiteId};

/// The sync machine of one plugin. See the [module page](super) for how to drive it.
#[derive(Debug)]
pub struct Machine {
    pub(super) config: Config,
    pub(super) cursor: Cursor,
    pub(super) own_writes: OwnWrites,
    pub(super) backoff: Backoff,
    pub(super) pacing: Pacing,
    pub(super) requests: Requests,
    pub(super) chance: Chance,
    pub(super) plugin_id: Option<PluginId>,

    // What readers see.
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) ready: bool,
    /// Whether a complete set is in the cache, however old.
    pub(super) loaded: bool,

    // Requests and waits.
    pub(super) flight: Flight,
    pub(super) lanes: Lanes,
    pub(super) silent_until: Duration,

    // Loading.
    pub(super) run: Option<LoadRun>,
    pub(super) watch: Option<Watch>,
    pub(super) recovering: bool,
    /// Something is wrong with the set, list again as soon as it can be afforded.
    pub(super) suspect: bool,
    pub(super) passes_in_doubt: u32,
    /// Lists in a row that came after the passes were used up.
    pub(super) late_lists: u32,
    /// Websites whose coming, or coming back, was seen before this pass, with their token then.
    pub(super) explained: Ids<Option<Box<str>>>,
    pub(super) last_end: Option<u32>,
    pub(super) relist_from: Duration,

    // Polling.
    pub(super) poll_due: Duration,
    pub(super) good_poll: Option<Duration>,
    pub(super) polled_since_load: bool,
    pub(super) cached_asks: u32,

    // Saving.
    pub(super) saves: VecDeque<Save>,
    pub(super) reads: BTreeMap<WebsiteId, Read>,

    // Telling.
    pub(super) ledger: Ledger,
    pub(super) server_clock: Option<(Timestamp, Duration)>,
    pub(super) now: Moment,
    pub(super) counters: Counters,
    pub(super) last_error: Option<String>,
    pub(super) actions: Vec<Action>,
}

impl Machine {
    /// A machine that knows nothing yet. Nothing happens before the first event.
    pub fn new(config: Config, now: Moment) -> Self {
        let ready = config.mistakes.has(Mistake::ReadyBeforeLoad);
        let actions = if ready { vec![Action::Ready] } else { Vec::new() };
        Self {
            cursor: Cursor::new(&config),
            own_writes: OwnWrites::new(&config),
            backoff: Backoff::new(&config),
            pacing: Pacing::new(&config),
            requests: Requests::new(&config),
            chance: Chance::new(config.seed),
            plugin_id: config.plugin_id,
            snapshot: Arc::default(),
            ready,
            loaded: false,
            flight: Flight::new(config.mistakes),
            lanes: Lanes::default(),
            silent_until: Duration::ZERO,
            run: Some(LoadRun::start()),
            watch: None,
            recovering: false,
            suspect: false,
            passes_in_doubt: 0,
            late_lists: 0,
            explained: Ids::default(),
            last_end: None,
            relist_from: now.elapsed,
            poll_due: now.elapsed,
            good_poll: None,
            polled_since_load: false,
            cached_asks: 0,
            saves: VecDeque::new(),
            reads: BTreeMap::new(),
            ledger: Ledger::new(config.quota),
            server_clock: None,
            now,
            counters: Counters::default(),
            last_error: None,
            actions,
            config,
        }
    }

    /// A machine that goes on from an earlier one's set and cursor. The old set is in the cache at once
    /// (not *ready*: the API has not confirmed it). If the cursor is younger than `longest_gap`, one
    /// poll brings it up to date; otherwise everything is listed again, and what was removed
    /// meanwhile is told as removed (hazard F6).
    pub fn resume(config: Config, now: Moment, start: WarmStart) -> Self {
        let mut machine = Self::new(config, now);
        machine.snapshot = Arc::new(Snapshot { websites: start.websites, generation: 1 });
        machine.loaded = true;
        machine.cursor.resume(start.cursor, now);
        if machine.cursor.ask().is_some() {
            machine.run = None;
        } else {
            machine.recovering = true;
        }
        machine
    }

    /// What a later process can go on from; `None` before the first complete load.
    pub fn warm_start(&self) -> Option<WarmStart> {
        let cursor = self.cursor.ask().filter(|_| self.loaded)?;
        Some(WarmStart { websites: self.snapshot.websites.clone(), cursor })
    }

    /// Sends nothing for so long, as if a `Retry-After` had asked for it.
    #[cfg(feature = "driver")]
    pub(crate) fn rest(&mut self, wait: Duration) {
        let until = self.now.elapsed.saturating_add(wait);
        self.silent_until = self.silent_until.max(until);
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
                self.saves.push_back(Save { ticket, website, settings, how, ordered });
            }
            Event::PollNow => self.poll_due = self.poll_due.min(self.now.elapsed),
        }
        self.expire();
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
        match (&self.run, self.loaded) {
            (Some(run), false) if run.is_verifying() => State::Verifying,
            (_, false) => State::Loading,
            (_, true) if self.recovering => State::Recovering,
            (Some(_), true) => State::Relisting,
            (None, true) if self.lanes.poll.failures > 0 => State::Retrying,
            (None, true) => State::Steady,
        }
    }

    /// How current the cache is at this moment.
    pub fn freshness(&self, now: Moment) -> Freshness {
        let age = self.good_poll.map(|sent| now.elapsed.saturating_sub(sent));
        match age {
            _ if self.config.mistakes.has(Mistake::AlwaysFresh) => {
                Freshness::Fresh { age: Duration::ZERO }
            }
            _ if !self.loaded => Freshness::Loading,
            Some(age) if self.is_current(age) => Freshness::Fresh { age },
            age => Freshness::Stale { age },
        }
    }

    pub(super) fn is_current(&self, age: Duration) -> bool {
        let interval = self.pacing.poll_interval(&self.ledger.clone().at(self.server_now()));
        !self.recovering
            && self.lanes.poll.failures == 0
            && age <= interval + self.config.request_timeout
    }

    /// All that an operator wants to know at this moment.
    pub fn status(&self, now: Moment) -> Status {
        let mut ledger = self.ledger.clone();
        let budget = ledger.at(self.server_now());
        let poll_interval = self.pacing.poll_interval(&budget);
        Status {
            state: self.state(),
            ready: self.ready,
            freshness: self.freshness(now),
            stale_after: poll_interval + self.config.request_timeout,
            verified: self.loaded && !self.suspect && self.watch.is_none(),
            generation: self.snapshot.generation,
            websites: self.snapshot.websites.len(),
            failures: self.lanes.poll.failures.max(self.lanes.load.failures),
            last_error: self.last_error.clone(),
            saves_open: self.open_saves(),
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
