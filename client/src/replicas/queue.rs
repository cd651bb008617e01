//! What this replica has to say to the log, oldest first, one entry at a time.

use std::collections::VecDeque;

use super::entry::Body;
use crate::machine::{Event, Ticket};

/// Something that is to be appended.
#[derive(Debug)]
pub(super) struct Queued {
    /// Its number among the entries of this replica.
    pub(super) count: u64,
    pub(super) what: What,
    /// Whether it was handed to the store: it may be in the log.
    pub(super) tried: bool,
}

/// What is said.
#[derive(Debug)]
pub(super) enum What {
    /// The machine is to be handed this event.
    Event(Body),
    /// The machine begins anew, and with `begins` the log.
    Renewal { begins: bool },
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    entries: VecDeque<Queued>,
    count: u64,
}

impl Queue {
    /// Takes something in; gives its count.
    pub(super) fn push(&mut self, what: What) -> u64 {
        self.count += 1;
        self.entries.push_back(Queued { count: self.count, what, tried: false });
        self.count
    }

    /// As [`push`](Self::push), for an event of the world.
    pub(super) fn push_event(&mut self, event: Event) {
        self.push(What::Event(Body::Event(event)));
    }

    /// Whether the log, or the machine, is to begin anew before all else.
    pub(super) fn begins_with_renewal(&self) -> bool {
        self.entries.front().is_some_and(|first| matches!(first.what, What::Renewal { .. }))
    }

    /// The count of what is said first, if that is a renewal of a log that goes on.
    pub(super) fn renewal_at_hand(&self) -> Option<u64> {
        let first = self.entries.front()?;
        matches!(first.what, What::Renewal { begins: false }).then_some(first.count)
    }

    /// Saves that may be in the log are not ordered again.
    pub(super) fn drop_saves(&mut self) {
        self.entries
            .retain(|queued| !matches!(queued.what, What::Event(Body::Event(Event::Save { .. }))));
    }

    /// As [`push`](Self::push), before all others: nothing can be said before it.
    pub(super) fn push_first(&mut self, what: What) -> u64 {
        self.count += 1;
        self.entries.push_front(Queued { count: self.count, what, tried: false });
        self.count
    }

    pub(super) fn first(&mut self) -> Option<&mut Queued> {
        self.entries.front_mut()
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// This one is in the log.
    pub(super) fn said(&mut self, count: u64) {
        self.entries.retain(|queued| queued.count != count);
    }

    /// Renewals that were not said say nothing any more: the log has gone on.
    pub(super) fn drop_renewals(&mut self) {
        self.entries.retain(|queued| !matches!(queued.what, What::Renewal { .. }));
    }

    /// Answers mean nothing to another machine than the one that asked.
    pub(super) fn drop_answers(&mut self) {
        self.entries.retain(|queued| {
            !matches!(
                queued.what,
                What::Event(Body::Event(Event::Answer { .. } | Event::Failed { .. }))
            )
        });
    }

    /// Takes all saves out, and says of each whether it may be in the log. Everything else is dropped.
    pub(super) fn take_saves(&mut self) -> Vec<(Event, Ticket, bool)> {
        let saves = self.entries.drain(..).filter_map(|queued| match queued.what {
            What::Event(Body::Event(event @ Event::Save { ticket, .. })) => {
                Some((event, ticket, queued.tried))
            }
            _ => None,
        });
        saves.collect()
    }
}
