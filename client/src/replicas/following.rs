//! What the log says, and what is done about it.

use std::time::Duration;

use bytes::Bytes;

use super::clock::LogClock;
use super::entry::{Entry, Link};
use super::followed::{Followed, Place, Step};
use super::replica::{Appending, Log, Replica, Whose};
use super::standing::Standing;
use super::words::LogAction;
use crate::machine::{Action, RequestId, Ticket};

impl Replica {
    /// Entries came out of the log.
    pub(super) fn read(&mut self, entries: Vec<(u64, Bytes)>, age: Duration, end: bool) {
        if entries.is_empty() && end && matches!(self.log, Log::Unread) {
            self.log = Log::Empty;
        }
        let last = entries.len().saturating_sub(1);
        for (at, (sequence, bytes)) in entries.into_iter().enumerate() {
            let age = if at == last { age } else { Duration::ZERO };
            self.read_one(sequence, &bytes, age);
        }
        self.caught_up = end;
        if end {
            self.send_what_is_mine();
            self.show_followed();
        }
    }

    /// Takes the next entry of the log. One that was read already is left out.
    pub(super) fn read_one(&mut self, sequence: u64, bytes: &Bytes, age: Duration) {
        let known = match &self.log {
            Log::Followed(followed) => followed.read.sequence,
            Log::Foreign { place, .. } => place.sequence,
            Log::Unread | Log::Empty => 0,
        };
        if sequence <= known {
            return;
        }
        self.highest = self.highest.max(sequence);
        let now = self.now.elapsed;
        let Ok(entry) = Entry::decode(bytes) else {
            let link = Entry::link_of(bytes).unwrap_or(Link { author: 0, count: 0 });
            return self.is_of_others(Place { sequence, link });
        };
        let (link, said) = (entry.link, entry.now.elapsed);
        match &mut self.log {
            Log::Followed(followed) => {
                self.clock.heard(said, age, now);
                let renewals = followed.renewals;
                let before = followed.snapshot().clone();
                match followed.apply(&self.config, self.kind, (sequence, bytes.len()), entry) {
                    Step::Applied(actions) => {
                        let renewed = followed.renewals != renewals;
                        let forgets = followed.renewals[0];
                        if renewed {
                            self.machine_began();
                        }
                        if renewed && link.author == self.options.id {
                            self.ask(LogAction::Trim(forgets));
                        }
                        self.applied(link, said, &before, actions);
                    }
                    // It was written by a replica that did not know of the entry before it.
                    Step::Stale => {}
                    Step::Foreign => self.is_of_others(Place { sequence, link }),
                }
            }
            Log::Unread | Log::Empty | Log::Foreign { .. } => {
                match Followed::begin(&self.config, self.kind, sequence, &entry) {
                    Some(mut followed) => {
                        self.clock = LogClock::begin(said, age, now);
                        let actions = followed.start();
                        let before = followed.snapshot().clone();
                        self.log = Log::Followed(Box::new(followed));
                        self.machine_began();
                        self.applied(link, said, &before, actions);
                    }
                    None => self.is_of_others(Place { sequence, link }),
                }
            }
        }
    }

    /// The log's machine is another one than before: answers to the old one's requests mean nothing.
    fn machine_began(&mut self) {
        self.epochs.0 += 1;
        self.to_send.clear();
        self.queue.drop_answers();
        self.queue.drop_renewals();
    }

    /// Other replicas go on with the log.
    fn is_of_others(&mut self, place: Place) {
        self.hold();
        self.log = Log::Foreign { place, heard: self.now.elapsed };
        self.end_of_append_says_nothing();
        self.contact.grew();
    }

    /// An entry was applied: its author, and only that one, does what the machine wants done.
    fn applied(
        &mut self,
        link: Link,
        said: Duration,
        before: &std::sync::Arc<crate::machine::Snapshot>,
        actions: Vec<Action>,
    ) {
        self.contact.grew();
        let mine = link.author == self.options.id;
        if mine {
            self.queue.said(link.count);
            self.passed(link.count, said);
        }
        if self.appending.as_ref().is_some_and(|appending| appending.link == link) {
            self.end_of_append_says_nothing();
        }
        let mut changed = Vec::new();
        for action in actions {
            match action {
                // What it wrote before the log was lost, it may have sent then.
                Action::Send { .. } if !mine || link.count <= self.said_before_loss => {}
                Action::Send { .. } => self.to_send.push(action),
                Action::Abandon { id } => {
                    self.carry(Whose::Log(self.epochs.0), Action::Abandon { id });
                }
                Action::SaveEnded { ticket, outcome } => {
                    if let Some(ticket) = self.saves.remove(&ticket) {
                        self.ended.push(Action::SaveEnded { ticket, outcome });
                    }
                }
                Action::Changed(changes) => changed.extend(changes),
                Action::Ready | Action::Socket { .. } => {}
            }
        }
        let follows = matches!(self.standing, Standing::Following) && self.caught_up;
        // Where something else is shown than stood before the entry, `show` compares.
        if let Log::Followed(followed) = &self.log
            && follows
            && !changed.is_empty()
            && self.shown.websites.same_snapshot(&before.websites)
        {
            let websites = followed.snapshot().websites.clone();
            self.show_changed(&websites, changed);
        }
    }

    /// Shows the log's set, and the ends of the saves that it shows.
    fn show_followed(&mut self) {
        let (Standing::Following, Log::Followed(followed)) = (&self.standing, &self.log) else {
            return;
        };
        let (websites, ready) = (followed.snapshot().websites.clone(), followed.machine.is_ready());
        self.show(&websites);
        if ready {
            self.say_ready();
        }
        for ended in std::mem::take(&mut self.ended) {
            self.act(ended);
        }
    }

    /// Sends the requests that are this replica's to send and that the machine still waits for.
    fn send_what_is_mine(&mut self) {
        if matches!(self.standing, Standing::Alone { .. }) {
            // It asks for itself; the machine's own time-out tells the log.
            self.to_send.clear();
        }
        let Log::Followed(followed) = &self.log else { return };
        let wanted = |send: &Action| match send {
            Action::Send { id, .. } => followed.machine.waits_for(*id),
            _ => false,
        };
        let sends = std::mem::take(&mut self.to_send).into_iter();
        for send in sends.filter(wanted).collect::<Vec<_>>() {
            self.carry(Whose::Log(self.epochs.0), send);
        }
    }

    /// Sends a request or gives it up, under a number of the replica's own.
    pub(super) fn carry(&mut self, whose: Whose, action: Action) {
        match action {
            Action::Send { id, operation, request, timeout } => {
                self.last_request += 1;
                let outer = RequestId(self.last_request);
                self.requests.insert(outer, (whose, id));
                self.act(Action::Send { id: outer, operation, request, timeout });
            }
            Action::Abandon { id } => {
                let mut found = self.requests.iter();
                if let Some(outer) =
                    found.find(|(_, of)| **of == (whose, id)).map(|(outer, _)| *outer)
                {
                    self.requests.remove(&outer);
                    self.act(Action::Abandon { id: outer });
                }
            }
            _ => {}
        }
    }

    /// The store said what came of the entry that it was to append: that one, if this is news.
    fn ended_append(&mut self) -> Option<Appending> {
        self.appending.take().filter(|appending| appending.open)
    }

    /// What comes of the entry that the store is to append is known, or does not matter any more. The next one is appended
    /// when the store has said it.
    pub(super) fn end_of_append_says_nothing(&mut self) {
        if let Some(appending) = &mut self.appending {
            appending.open = false;
        }
    }

    /// The store appended what it was asked to.
    pub(super) fn appended(&mut self, sequence: u64) {
        let Some(appending) = self.ended_append() else { return };
        if appending.after != self.end_of_log() {
            // What was read meanwhile is lost again: the next reading says so.
            self.caught_up = false;
            return;
        }
        self.caught_up = true;
        self.read_one(sequence, &appending.entry, Duration::ZERO);
        self.send_what_is_mine();
        self.show_followed();
    }

    /// Another entry came first. If it was not read yet, it will be.
    pub(super) fn refused(&mut self) {
        let Some(appending) = self.ended_append() else { return };
        self.caught_up &= appending.after != self.end_of_log();
    }

    /// Whether the entry is in the log is not known until that was read.
    pub(super) fn append_failed(&mut self) {
        if let Some(appending) = self.ended_append() {
            self.caught_up = false;
            self.contact.cannot_write(appending.since);
        }
    }

    /// The log as it was read is there no more: the store was emptied, or has old data.
    pub(super) fn lost(&mut self) {
        if matches!(self.log, Log::Unread | Log::Empty) {
            return;
        }
        self.hold();
        self.log = Log::Unread;
        self.caught_up = false;
        self.end_of_append_says_nothing();
        self.said_before_loss = self.queue.count();
        self.epochs.0 += 1;
        self.to_send.clear();
        self.queue.drop_answers();
        self.queue.drop_renewals();
        self.saves_are_unknown("the store lost its log while the save was under way");
        self.queue.drop_saves();
    }

    /// The last entry of the log that was read: what comes after it is to be read next. `None`: the
    /// log is to be read from its beginning.
    pub fn end_of_log(&self) -> Option<Place> {
        match &self.log {
            Log::Followed(followed) => Some(followed.read),
            Log::Foreign { place, .. } => Some(*place),
            Log::Unread | Log::Empty => None,
        }
    }

    /// A save of the plugin's.
    pub(super) fn order(
        &mut self,
        ticket: Ticket,
        event: impl FnOnce(Ticket) -> crate::machine::Event,
    ) {
        if let Standing::Alone { machine, .. } = &mut self.standing {
            let actions = machine.handle(self.now, event(ticket));
            return self.carry_alone(actions);
        }
        self.last_save = self.last_save.wrapping_add(1);
        let named = Ticket((self.options.id << 32) | u64::from(self.last_save));
        self.saves.insert(named, ticket);
        self.queue.push_event(event(named));
    }

    /// A caller waits for a poll.
    pub(super) fn poll_now(&mut self) {
        let event = crate::machine::Event::PollNow;
        if let Standing::Alone { machine, .. } = &mut self.standing {
            let actions = machine.handle(self.now, event);
            return self.carry_alone(actions);
        }
        self.queue.push_event(event);
    }

    /// A request came to its end.
    pub(super) fn landed(
        &mut self,
        id: RequestId,
        event: impl FnOnce(RequestId) -> crate::machine::Event,
    ) {
        let Some((whose, inner)) = self.requests.remove(&id) else { return };
        match whose {
            Whose::Log(epoch) if epoch == self.epochs.0 => {
                if !matches!(self.standing, Standing::Alone { .. }) {
                    self.queue.push_event(event(inner));
                }
            }
            Whose::Alone(epoch) if epoch == self.epochs.1 => {
                if let Standing::Alone { machine, .. } = &mut self.standing {
                    let actions = machine.handle(self.now, event(inner));
                    self.carry_alone(actions);
                }
            }
            Whose::Log(_) | Whose::Alone(_) => {}
        }
    }
}
