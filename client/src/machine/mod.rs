//! The sync machine: `(state, now, event) → actions`, without sockets, clocks or chance.
//!
//! # Driving it
//!
//! A driver owns a [`Machine`] and a clock, and does four things:
//!
//! 1. It calls [`Machine::handle`] with the present [`Moment`] and an [`Event`]; the first event
//!    is [`Event::Tick`].
//! 2. It carries out the [`Action`]s that come back, in order: [`Action::Send`] means sending the
//!    `http::Request` and handing the whole answer (or the failure) back as
//!    [`Event::Answer`] or [`Event::Failed`] under the same [`RequestId`].
//! 3. When [`Machine::next_wake`] is reached before anything else happens, it sends
//!    [`Event::Tick`]. `None` means that only an answer or a save can bring anything.
//! 4. Readers are given [`Machine::snapshot`], an `Arc` to one whole set, after each call.
//!
//! Time-outs are the machine's: at `next_wake` it gives a request up ([`Action::Abandon`]) and
//! ignores an answer that comes later, so in virtual time a request that hangs needs no event at
//! all. `Moment::elapsed` must never go back. Answers may be handed in in any order. The same
//! configuration, events and moments give the same actions, on any machine.
//!
//! ```
//! use bytes::Bytes;
//! use crisp_sync::machine::{Action, Event, Machine, Moment};
//! use crisp_sync::{Config, Credentials};
//! use std::time::Duration;
//!
//! /// A server with nothing in it: each of its lists is empty.
//! fn server(_request: http::Request<Bytes>) -> http::Response<Bytes> {
//!     let body = r#"{"error":false,"reason":"listed","data":[]}"#;
//!     let date = "Thu, 01 Jan 2026 00:00:00 GMT";
//!     http::Response::builder().header("date", date).body(Bytes::from(body)).unwrap()
//! }
//!
//! let config = Config::new(Credentials::new("identifier", "key"));
//! let mut now = Moment { elapsed: Duration::ZERO, wall: "2026-01-01T00:00:00Z".parse().unwrap() };
//! let mut machine = Machine::new(config, now);
//! let mut actions = machine.handle(now, Event::Tick);
//! while !machine.is_ready() {
//!     for action in std::mem::take(&mut actions) {
//!         if let Action::Send { id, request, .. } = action {
//!             let response = server(request);
//!             actions.extend(machine.handle(now, Event::Answer { id, response }));
//!         }
//!     }
//! }
//! assert!(machine.snapshot().websites.is_empty());
//!
//! // The next thing to happen is the poll, 60 s after the last differential.
//! now.elapsed = machine.next_wake().unwrap();
//! assert_eq!(now.elapsed, Duration::from_secs(60));
//! assert!(matches!(machine.handle(now, Event::Tick)[..], [Action::Send { .. }]));
//! ```
//!
//! For a simulation: set [`Config::plugin_id`], or the first save asks for it;
//! [`Quota::Unlimited`](crate::Quota::Unlimited) makes [`Config::poll_every`] stand as it is (the
//! default quota stretches anything below 43 s); [`Config::seed`] decides the jitter;
//! [`Machine::state`], [`Machine::status`] and [`Machine::counters`] may be read at any time, and
//! [`Config::convergence_bound`] is the promise to hold it to.
//!
//! # States
//!
//! ```text
//!            ┌──── page failed: wait, same page ────┐
//!            ▼                                      │
//!  start ► Loading ── empty page, twice ──► Verifying ── drift: next pass ──► Loading
//!                                               │ differential agrees
//!                                               ▼ swap in one step, ready
//!            ┌──────── good poll ──────────► Steady ◄──────────────────────┐
//!            │                                  │                          │
//!        Retrying ◄── failure: cursor stays ────┤                          │
//!            │                                  │ net (hourly), drift seen │
//!            │                                  │ later, clock jumped      │ swap,
//!            │                                  ▼                          │ changes
//!            │                             Relisting (polls go on) ────────┤ told
//!            │                                                             │
//!            └── gap too long, date refused ─► Recovering (no polls) ──────┘
//! ```
//!
//! Saves, and reads of single websites, happen between the other requests in every state.
//! The cache only ever changes in four places, each in one step: the swap after a load, a whole
//! good poll, a confirmed save, a read-back.
//!
//! # Rules
//!
//! | Rule | Where |
//! |---|---|
//! | 1 load aside, to an empty page; cursor from the first page | `loading.rs`, `parts/load.rs` |
//! | 2 verify by a differential over the load's window | `loading.rs` |
//! | 3 verify again while polls reach back into it | `polling.rs` |
//! | 4 apply to a copy, swap, then move the cursor | `polling.rs`, `parts/difference.rs` |
//! | 5 the server's time | `parts/cursor.rs` |
//! | 6 backoff, slow regime, `Retry-After` for everything | `answers.rs`, `parts/backoff.rs` |
//! | 7 too old or refused: list again, replace | `schedule.rs`, `loading.rs` |
//! | 8 a save is done, refused or unknown | `saving.rs` |
//! | 9, 10 own writes against late and lagging answers | `parts/own_writes.rs` |
//! | 11 list again as a net | `schedule.rs`, `parts/pacing.rs` |

mod answers;
mod budget;
mod chance;
mod event;
mod loading;
#[cfg(feature = "mistakes")]
mod mistaken;
mod parts;
mod polling;
mod publish;
mod requests;
mod saving;
mod schedule;
mod state;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use budget::{Budget, QuotaSource};
pub use event::{
    Action, Event, Failure, How, Moment, Operation, Refusal, RequestId, SaveOutcome, Ticket,
};
pub use state::{Counters, Freshness, Snapshot, State, Status, WarmStart};

pub(crate) use requests::Requests;

use crate::mistake::Mistake;
use crate::{Change, Config, PluginId, WebsiteId};
use chance::Chance;
use loading::{LoadRun, Watch};
use parts::{Backoff, Cursor, OwnWrites, Pacing};
use saving::{Read, Save};
use schedule::{InFlight, Lanes};

/// The sync machine of one plugin. See the [module page](self) for how to drive it.
#[derive(Debug)]
pub struct Machine {
    config: Config,
    cursor: Cursor,
    own_writes: OwnWrites,
    backoff: Backoff,
    pacing: Pacing,
    requests: Requests,
    chance: Chance,
    plugin_id: Option<PluginId>,

    // What readers see.
    snapshot: Arc<Snapshot>,
    ready: bool,
    /// Whether a complete set is in the cache, however old.
    loaded: bool,

    // Requests and waits.
    in_flight: Vec<InFlight>,
    last_id: u64,
    newest_applied: u64,
    lanes: Lanes,
    silent_until: Duration,

    // Loading.
    run: Option<LoadRun>,
    watch: Option<Watch>,
    recovering: bool,
    /// Something is wrong with the set, list again as soon as it can be afforded.
    suspect: bool,
    passes_in_doubt: u32,
    /// Lists in a row that came after the passes were used up.
    late_lists: u32,
    /// Websites whose coming, or coming back, was seen before this pass, with their token then.
    explained: polling::Ids<Option<Box<str>>>,
    last_end: Option<u32>,
    relist_from: Duration,

    // Polling.
    poll_due: Duration,
    good_poll: Option<Duration>,
    polled_since_load: bool,
    cached_asks: u32,

    // Saving.
    saves: VecDeque<Save>,
    reads: BTreeMap<WebsiteId, Read>,

    // Telling.
    ledger: budget::Ledger,
    server_clock: Option<(Timestamp, Duration)>,
    now: Moment,
    counters: Counters,
    last_error: Option<String>,
    actions: Vec<Action>,
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
            in_flight: Vec::new(),
            last_id: 0,
            newest_applied: 0,
            lanes: Lanes::default(),
            silent_until: Duration::ZERO,
            run: Some(LoadRun::start()),
            watch: None,
            recovering: false,
            suspect: false,
            passes_in_doubt: 0,
            late_lists: 0,
            explained: polling::Ids::default(),
            last_end: None,
            relist_from: now.elapsed,
            poll_due: now.elapsed,
            good_poll: None,
            polled_since_load: false,
            cached_asks: 0,
            saves: VecDeque::new(),
            reads: BTreeMap::new(),
            ledger: budget::Ledger::new(config.quota),
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
                self.saves.push_back(Save::new(ticket, website, settings, how, self.now));
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

    fn is_current(&self, age: Duration) -> bool {
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

    /// What this machine was told.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How many requests are under way.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// The server's clock as far as it is known, else the local one.
    fn server_now(&self) -> Timestamp {
        match self.server_clock {
            Some((date, at)) => parts::cursor::later(date, self.now.elapsed.saturating_sub(at)),
            None => self.now.wall,
        }
    }

    fn budget(&mut self) -> Budget {
        let server = self.server_now();
        self.ledger.at(server)
    }

    fn tell(&mut self, changes: Vec<Change>) {
        self.counters.changes += changes.len() as u64;
        self.actions.push(Action::Changed(changes));
    }
}

#[cfg(test)]
impl Machine {
    /// Lets a test do the arithmetic of a list with many pages.
    fn pretend_list_cost(&mut self, cost: u32) {
        self.ledger.listed(cost);
    }
}
