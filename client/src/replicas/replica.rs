//! One replica: what it holds, what can be read off it, one step for each event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::clock::LogClock;
use super::followed::Followed;
use super::queue::Queue;
use super::standing::{Contact, Standing};
use super::words::{LogAction, LogEvent, Output};
use super::{Options, entry::Link};
use crate::machine::{
    Action, Counters, Event, Freshness, Machine, Moment, RequestId, Snapshot, State, Status,
    Ticket, WarmStart,
};
use crate::{Change, Config, Websites};

/// Whose request it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Of the log's machine that began as this one in a row.
    Log(u64),
    /// Of the machine of its own that began as this one in a row.
    Alone(u64),
}

/// What is known of the log.
#[derive(Debug)]
pub(super) enum Log {
    /// Nothing yet.
    Unread,
    /// It has no entry.
    Empty,
    /// It is one of other replicas, whose version or options differ. Its end, and when it last grew.
    Foreign { place: super::Place, heard: Duration },
    /// It is followed.
    Followed(Box<Followed>),
}

/// An entry that the store was asked to append and has not said anything of. There is one at a time, so that what the
/// store says is about this one.
#[derive(Debug)]
pub(super) struct Appending {
    pub(super) link: Link,
    pub(super) after: Option<super::Place>,
    pub(super) entry: bytes::Bytes,
    pub(super) since: Duration,
    /// Whether that would still say something: it was not read, and the log is the one that it was written for.
    pub(super) open: bool,
}

/// One replica of a cache: a machine that follows the log, or one of its own while there is none. See the
/// [module page](super).
#[derive(Debug)]
pub struct Replica {
    pub(super) config: Config,
    pub(super) options: Options,
    pub(super) kind: u64,
    pub(super) now: Moment,

    // The log.
    pub(super) log: Log,
    pub(super) clock: LogClock,
    /// Whether everything that stands in the log was read, as far as is known.
    pub(super) caught_up: bool,
    pub(super) contact: Contact,
    pub(super) queue: Queue,
    pub(super) appending: Option<Appending>,
    pub(super) publishing: bool,
    /// The highest sequence number that was met or given.
    pub(super) highest: u64,
    /// Entries of this replica up to this count were written before the log was lost.
    pub(super) said_before_loss: u64,

    // What is shown.
    pub(super) standing: Standing,
    pub(super) shown: Arc<Snapshot>,
    pub(super) ready: bool,

    // Requests and saves.
    /// The last machine in a row that followed the log, and the last one on its own.
    pub(super) epochs: (u64, u64),
    pub(super) requests: BTreeMap<RequestId, (Whose, RequestId)>,
    pub(super) last_request: u64,
    /// Requests of the log's machine that are this replica's to send, until it has caught up.
    pub(super) to_send: Vec<Action>,
    /// Saves of this replica that the log has or is to have.
    pub(super) saves: BTreeMap<Ticket, Ticket>,
    pub(super) last_save: u32,
    /// Ends of saves that the set which is shown does not show yet.
    pub(super) ended: Vec<Action>,
    pub(super) outputs: Vec<Output>,
    /// Stands for a machine where there is none.
    idle: Machine,
}

impl Replica {
    /// A replica that knows nothing of the log yet, with what an earlier process left.
    ///
    /// Replicas have to have the same configuration, but for the seed: one that differs goes its own
    /// way. They do not listen to the RTM API.
    pub fn new(
        mut config: Config,
        options: Options,
        now: Moment,
        start: Option<WarmStart>,
    ) -> Self {
        config.listening = None;
        let idle = Machine::new(config.clone(), now);
        let websites = start.as_ref().map(|start| start.websites.clone()).unwrap_or_default();
        let standing = match start {
            Some(start) => Standing::holding(Some(start)),
            None => Standing::Following,
        };
        Self {
            kind: super::kind(&config),
            config,
            options,
            now,
            log: Log::Unread,
            clock: LogClock::default(),
            caught_up: false,
            contact: Contact::new(now.elapsed),
            queue: Queue::default(),
            appending: None,
            publishing: false,
            highest: 0,
            said_before_loss: 0,
            standing,
            shown: Arc::new(Snapshot { websites, generation: 1 }),
            ready: false,
            epochs: (0, 0),
            requests: BTreeMap::new(),
            last_request: 0,
            to_send: Vec::new(),
            saves: BTreeMap::new(),
            last_save: 0,
            ended: Vec::new(),
            outputs: Vec::new(),
            idle,
        }
    }

    /// Takes an event of the world in, as [`Machine::handle`] does.
    pub fn handle(&mut self, now: Moment, event: Event) -> Vec<Output> {
        self.advance(now);
        match event {
            Event::Tick | Event::Socket { .. } => {}
            Event::Answer { id, response } => {
                self.landed(id, |id| Event::Answer { id, response });
            }
            Event::Failed { id, failure } => {
                self.landed(id, |id| Event::Failed { id, failure });
            }
            Event::Save { ticket, website, settings, how } => {
                self.order(ticket, |ticket| Event::Save { ticket, website, settings, how });
            }
            Event::PollNow => self.poll_now(),
        }
        self.finish()
    }

    /// Takes in what the store says of the log.
    pub fn hear(&mut self, now: Moment, event: LogEvent) -> Vec<Output> {
        self.advance(now);
        if !matches!(event, LogEvent::Failed | LogEvent::Unpublished) {
            self.contact.heard(self.now.elapsed);
        }
        match event {
            LogEvent::Read { entries, age, end } => self.read(entries, age, end),
            LogEvent::Appended(sequence) => self.appended(sequence),
            LogEvent::Refused => self.refused(),
            LogEvent::Failed => self.append_failed(),
            LogEvent::Lost => self.lost(),
            LogEvent::Published(sequence) => self.published(Some(sequence)),
            LogEvent::Unpublished => self.published(None),
        }
        self.finish()
    }

    fn advance(&mut self, now: Moment) {
        let gap = now.elapsed.saturating_sub(self.now.elapsed);
        if gap > self.options.patience / 2 {
            self.contact.excuse(gap);
        }
        self.now = Moment { elapsed: now.elapsed.max(self.now.elapsed), wall: now.wall };
    }

    fn finish(&mut self) -> Vec<Output> {
        self.stand();
        self.say_what_is_due();
        self.publish();
        std::mem::take(&mut self.outputs)
    }

    /// When [`Event::Tick`] is wanted next, on the scale of the own clock.
    pub fn next_wake(&self) -> Option<Duration> {
        let alone = match &self.standing {
            Standing::Alone { machine, .. } => machine.next_wake(),
            _ => None,
        };
        let wakes = [alone, self.stands_until(), self.says_at()];
        wakes.into_iter().flatten().min().map(|wake| wake.max(self.now.elapsed))
    }

    /// The set that is shown.
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.shown
    }

    /// Whether a complete set is shown.
    pub fn is_ready(&self) -> bool {
        self.ready
    }

    /// Whether it follows the log: it shows the log's set, and sends a request only if it wrote the
    /// entry that asks for it.
    pub fn is_following(&self) -> bool {
        matches!(self.standing, Standing::Following)
    }

    /// Whether it has read the log to its end, as far as it knows.
    pub fn has_caught_up(&self) -> bool {
        self.caught_up
    }

    /// Where it is in the log; `None` while it has not read any.
    pub fn place(&self) -> Option<super::Place> {
        match &self.log {
            Log::Followed(followed) => Some(followed.place),
            _ => None,
        }
    }

    /// The set of the log's machine.
    #[cfg(test)]
    pub(super) fn log_set(&self) -> Option<&Websites> {
        match &self.log {
            Log::Followed(followed) => Some(&followed.snapshot().websites),
            _ => None,
        }
    }

    /// Its name in the log.
    pub fn name(&self) -> u64 {
        self.options.id
    }

    /// The machine that says how things are.
    fn speaker(&self) -> (&Machine, Moment) {
        match (&self.standing, &self.log) {
            (Standing::Alone { machine, .. }, _) => (machine, self.now),
            (_, Log::Followed(followed)) => {
                let elapsed = self.clock.at(self.now.elapsed);
                (&followed.machine, Moment { elapsed, wall: self.now.wall })
            }
            _ => (&self.idle, self.now),
        }
    }

    /// Where the machine is that the shown set comes from.
    pub fn state(&self) -> State {
        self.speaker().0.state()
    }

    /// Counts of that machine.
    pub fn counters(&self) -> Counters {
        *self.speaker().0.counters()
    }

    /// All that an operator wants to know. Requests are counted for all replicas together.
    pub fn status(&self, now: Moment) -> Status {
        let (machine, mut at) = self.speaker();
        at.elapsed += now.elapsed.saturating_sub(self.now.elapsed);
        let mut status = machine.status(at);
        status.ready = self.ready;
        status.generation = self.shown.generation;
        status.websites = self.shown.websites.len();
        status.saves_open = status.saves_open.max(self.saves.len());
        match &self.standing {
            // The log's machine may know more than was shown yet: nothing.
            Standing::Following if !self.ready => status.freshness = Freshness::Loading,
            Standing::Holding(held) => {
                status.freshness = match held.good {
                    Some(at) => Freshness::Stale { age: Some(now.elapsed.saturating_sub(at)) },
                    // The set that is shown is not the log's, however fresh that is.
                    None if self.ready || held.start.is_some() => Freshness::Stale { age: None },
                    None => Freshness::Loading,
                };
            }
            Standing::Following | Standing::Alone { .. } => {}
        }
        status
    }

    /// What a later process can go on from: the set that is shown, with its cursor.
    pub fn warm_start(&self) -> Option<WarmStart> {
        match (&self.standing, &self.log) {
            (Standing::Alone { machine, .. }, _) => machine.warm_start(),
            (Standing::Holding(held), _) => held.start.clone(),
            (Standing::Following, Log::Followed(followed)) => followed.machine.warm_start(),
            (Standing::Following, _) => None,
        }
    }

    pub(super) fn act(&mut self, action: Action) {
        self.outputs.push(Output::Action(action));
    }

    pub(super) fn ask(&mut self, action: LogAction) {
        self.outputs.push(Output::Log(action));
    }

    /// Shows this set, and tells how it differs from the one before.
    pub(super) fn show(&mut self, websites: &Websites) {
        let old = &self.shown.websites;
        if old.same_snapshot(websites) {
            return;
        }
        let differing = old.differing(websites).into_iter();
        let changes = differing.filter_map(|id| Change::between(old.get(&id), websites.get(&id)));
        let changes: Vec<_> = changes.collect();
        if !changes.is_empty() {
            self.show_changed(websites, changes);
        }
    }

    /// Shows this set, which these changes lead to.
    pub(super) fn show_changed(&mut self, websites: &Websites, changes: Vec<Change>) {
        let generation = self.shown.generation + 1;
        self.shown = Arc::new(Snapshot { websites: websites.clone(), generation });
        self.act(Action::Changed(changes));
    }

    pub(super) fn say_ready(&mut self) {
        if !self.ready {
            self.ready = true;
            self.act(Action::Ready);
        }
    }
}
