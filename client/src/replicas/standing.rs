//! Whether a replica follows the log, goes its own way, or holds what it shows until the log is as new.
//!
//! ```text
//!                store away for `patience`
//!   Following ─────────────────────────────► Alone: a machine of its own, from what is shown
//!       ▲                                      │ store back, nothing under way: PollNow is appended
//!       │ a poll that was sent                 ▼
//!       └── after that entry is good ─────── Holding: the set stays as it is
//! ```

use std::time::Duration;

use super::entry::Body;
use super::queue::What;
use super::replica::{Log, Replica, Whose};
use crate::machine::{Action, Event, Machine, Moment, SaveOutcome, Ticket, WarmStart};

/// The longest wait between two tries to write into a log that can be read and not written.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// What a replica's set comes from.
#[derive(Debug)]
pub(super) enum Standing {
    /// The log's machine.
    Following,
    /// A machine of its own, on the scale of the own clock.
    Alone { machine: Box<Machine>, rejoin_at: Duration },
    /// What was shown last, until the log's set is as new.
    Holding(Held),
}

/// A set that stays as it is.
#[derive(Debug)]
pub(super) struct Held {
    /// What can be gone on from.
    pub(super) start: Option<WarmStart>,
    /// When the last good poll behind it was sent, by the own clock.
    pub(super) good: Option<Duration>,
    /// The entry that the log's poll has to come after.
    barrier: Option<u64>,
    /// When a poll has to be sent, on the log's scale, to be as new.
    as_new: Option<Duration>,
}

impl Standing {
    pub(super) fn holding(start: Option<WarmStart>) -> Self {
        Self::Holding(Held { start, good: None, barrier: None, as_new: None })
    }
}

/// When the store was last heard of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contact {
    last: Duration,
    /// Since when entries cannot be appended.
    unwritable: Option<Duration>,
    /// How often in a row the replica went alone for that.
    refusals: u32,
}

impl Contact {
    pub(super) fn new(now: Duration) -> Self {
        Self { last: now, unwritable: None, refusals: 0 }
    }

    pub(super) fn heard(&mut self, now: Duration) {
        self.last = now;
    }

    /// This process did not run for so long: what the store would have said then was not heard.
    pub(super) fn excuse(&mut self, paused: Duration) {
        self.last = self.last.saturating_add(paused);
        self.unwritable = self.unwritable.map(|since| since.saturating_add(paused));
    }

    /// An entry was appended, by this replica or another one.
    pub(super) fn grew(&mut self) {
        (self.unwritable, self.refusals) = (None, 0);
    }

    pub(super) fn cannot_write(&mut self, since: Duration) {
        self.unwritable.get_or_insert(since);
    }

    /// When the store counts as away.
    fn ends(&self, patience: Duration) -> Duration {
        self.unwritable.map_or(self.last, |since| since.min(self.last)).saturating_add(patience)
    }
}

impl Replica {
    /// Looks at where it stands, and changes that if it has to.
    pub(super) fn stand(&mut self) {
        let now = self.now;
        if let Standing::Alone { machine, .. } = &mut self.standing {
            if machine.next_wake().is_some_and(|wake| wake <= now.elapsed) {
                let actions = machine.handle(now, Event::Tick);
                self.carry_alone(actions);
            }
            self.join_if_possible();
        } else if self.contact.ends(self.options.patience) <= now.elapsed || self.is_foreign() {
            self.go_alone();
        }
        self.follow_if_as_new();
    }

    fn is_foreign(&self) -> bool {
        self.caught_up && matches!(self.log, Log::Foreign { .. })
    }

    /// When it has to look at where it stands, by the own clock.
    pub(super) fn stands_until(&self) -> Option<Duration> {
        match &self.standing {
            Standing::Alone { rejoin_at, .. } => {
                Some(*rejoin_at).filter(|at| *at > self.now.elapsed)
            }
            // Woken this often, it knows by a longer gap that it was paused.
            _ => {
                let ends = self.contact.ends(self.options.patience);
                Some(ends.min(self.now.elapsed.saturating_add(self.options.patience / 4)))
            }
        }
    }

    /// The store is away: a machine of its own, from what is shown.
    fn go_alone(&mut self) {
        let now = self.now;
        let mut config = self.config.clone();
        if let Log::Followed(followed) = &self.log {
            config.plugin_id = config.plugin_id.or(followed.machine.plugin_id());
        }
        let mut machine = match self.warm_start() {
            Some(start) => Machine::resume(config, now, start),
            None => Machine::new(config, now),
        };
        if let Log::Followed(followed) = &self.log {
            let mut spending = followed.machine.spending();
            spending.listed = self.clock.own(spending.listed);
            machine.go_on_from(&spending);
        }
        let mut rejoin_at = now.elapsed;
        if self.contact.unwritable.take().is_some() {
            self.contact.refusals = self.contact.refusals.saturating_add(1);
            let doubled = 2_u32.saturating_pow(self.contact.refusals.min(10));
            let wait = self.options.patience.saturating_mul(doubled).min(LONGEST_WAIT);
            rejoin_at = now.elapsed.saturating_add(wait);
        }
        self.end_of_append_says_nothing();
        self.epochs.1 += 1;
        let mut actions = machine.handle(now, Event::Tick);
        for (event, ticket, tried) in self.queue.take_saves() {
            // One that may be in the log may be carried out by another replica: it is not sent here.
            if !tried && let Some(ticket) = self.saves.remove(&ticket) {
                actions.extend(machine.handle(now, renamed(event, ticket)));
            }
        }
        self.standing = Standing::Alone { machine: Box::new(machine), rejoin_at };
        self.saves_are_unknown("the store went away while the save was under way");
        self.carry_alone(actions);
    }

    /// What came of saves that the log has cannot be told.
    pub(super) fn saves_are_unknown(&mut self, problem: &str) {
        // Those that have ended are not shown yet, and may not be for a while.
        let ended = std::mem::take(&mut self.ended).into_iter().filter_map(|ended| match ended {
            Action::SaveEnded { ticket, .. } => Some(ticket),
            _ => None,
        });
        let open = std::mem::take(&mut self.saves).into_values();
        for ticket in ended.chain(open).collect::<Vec<_>>() {
            let outcome = SaveOutcome::Unknown { problem: problem.to_owned(), holds: None };
            self.act(Action::SaveEnded { ticket, outcome });
        }
    }

    /// Does what the own machine wants done.
    pub(super) fn carry_alone(&mut self, actions: Vec<Action>) {
        let whose = Whose::Alone(self.epochs.1);
        for action in actions {
            match action {
                Action::Changed(_) => {}
                Action::Ready => self.say_ready(),
                Action::Send { .. } | Action::Abandon { .. } => self.carry(whose, action),
                Action::SaveEnded { .. } | Action::Socket { .. } => {
                    self.show_alone();
                    self.act(action);
                }
            }
        }
        self.show_alone();
    }

    fn show_alone(&mut self) {
        if let Standing::Alone { machine, .. } = &self.standing {
            let websites = machine.snapshot().websites.clone();
            // Until the first list is there, what was shown before stays.
            if !websites.is_empty() || machine.is_ready() {
                self.show(&websites);
            }
        }
    }

    /// The store is back, and the own machine has nothing under way: from here on its set is held,
    /// and the log has to poll after this.
    fn join_if_possible(&mut self) {
        let Standing::Alone { machine, rejoin_at } = &self.standing else { return };
        let open = matches!(self.log, Log::Followed(_) | Log::Empty);
        let away = self.contact.ends(self.options.patience) <= self.now.elapsed;
        let busy = machine.in_flight() > 0 || machine.status(self.now).saves_open > 0;
        if !open || !self.caught_up || away || busy || *rejoin_at > self.now.elapsed {
            return;
        }
        let (start, good) = (machine.warm_start(), machine.last_good_poll());
        self.standing = Standing::Holding(Held { start, good, barrier: None, as_new: None });
    }

    /// The entry of this count of this replica was applied, at this time of the log's scale.
    pub(super) fn passed(&mut self, count: u64, log: Duration) {
        let Standing::Holding(held) = &mut self.standing else { return };
        if held.barrier != Some(count) {
            return;
        }
        // What an own save or a reading of one website brought, a differential may not know yet.
        let learnt = held.start.as_ref().is_some_and(|start| !start.learnt.is_empty());
        let wait = if learnt { self.config.overlap } else { Duration::ZERO };
        held.as_new = Some(log.saturating_add(wait));
    }

    /// The log was lost, or another one begins: the entry has to be said anew.
    pub(super) fn hold(&mut self) {
        match &mut self.standing {
            Standing::Following => {
                let start = self.warm_start();
                let good = match &self.log {
                    Log::Followed(followed) => followed.polled().map(|at| self.clock.own(at)),
                    _ => None,
                };
                let held = Held { start, good, barrier: None, as_new: None };
                self.standing = Standing::Holding(held);
            }
            Standing::Holding(held) => (held.barrier, held.as_new) = (None, None),
            Standing::Alone { .. } => {}
        }
    }

    /// Says what the log's poll has to come after, and shows the log's set when it has.
    fn follow_if_as_new(&mut self) {
        let Standing::Holding(held) = &mut self.standing else { return };
        let Log::Followed(followed) = &self.log else { return };
        if held.barrier.is_none() && self.caught_up {
            held.barrier = Some(self.queue.push(What::Event(Body::Event(Event::PollNow))));
        }
        let (Some(as_new), Some(polled)) = (held.as_new, followed.polled()) else { return };
        let machine = &followed.machine;
        let as_new = polled >= as_new && machine.is_settled();
        if !self.caught_up || !as_new || !machine.is_ready() {
            return;
        }
        let websites = followed.snapshot().websites.clone();
        self.standing = Standing::Following;
        self.show(&websites);
        self.say_ready();
        for ended in std::mem::take(&mut self.ended) {
            self.act(ended);
        }
    }

    /// The present, for what is written into the log.
    pub(super) fn stamp(&self) -> Moment {
        self.clock.stamp(self.now)
    }
}

/// The same order under another name.
fn renamed(event: Event, ticket: Ticket) -> Event {
    match event {
        Event::Save { website, settings, how, .. } => {
            Event::Save { ticket, website, settings, how }
        }
        other => other,
    }
}
