//! What goes into a replica beside a machine's events, and what comes out beside its actions.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::followed::Place;
use crate::machine::Action;
use crate::{Website, WebsiteId};

/// What the store says of the log.
#[derive(Clone, Debug)]
pub enum LogEvent {
    /// What stands in the log after the place that was read last, in order.
    Read {
        /// Sequence numbers and entries; none: nothing new.
        entries: Vec<(u64, Bytes)>,
        /// How long ago the last of them was written, by the store's clock.
        age: Duration,
        /// Whether nothing stood after them.
        end: bool,
    },
    /// The entry that was to be appended is in the log under this number.
    Appended(u64),
    /// It is not: another one came first.
    Refused,
    /// The store did not do what it was asked for, or that is not known.
    Failed,
    /// What was read last ([`Replica::end_of_log`](super::Replica::end_of_log)) is not in the log any more.
    Lost,
    /// What was to be published is, up to this sequence number.
    Published(u64),
    /// What was to be published may not be.
    Unpublished,
}

/// What the store is to do.
#[derive(Clone, Debug)]
pub enum LogAction {
    /// Append this entry, if the log still ends where this replica is.
    Append {
        /// The end of the log; `None`: the log is empty.
        after: Option<Place>,
        /// The number that it is to have.
        sequence: u64,
        /// The name that it has.
        place: Place,
        /// The entry.
        entry: Bytes,
    },
    /// Forget the entries before this sequence number.
    Trim(u64),
    /// Publish settings for readers.
    Publish(Publication),
}

/// Settings for readers in any language: one batch, to become visible at once.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The place in the log that they are of. It only grows.
    pub sequence: u64,
    /// The place up to which the log knows that everything was published: a store that has less lost it.
    pub known: u64,
    /// Whether these are all websites: any other one was removed.
    pub all: bool,
    /// Websites as they are, with the sequence number of their last change.
    pub set: Vec<(u64, Arc<Website>)>,
    /// Websites that were removed, with the sequence number of that.
    pub gone: Vec<(u64, WebsiteId)>,
}

/// What is to be done.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "as the machine's own actions: none is kept")]
pub enum Output {
    /// As of a machine: requests, changes, ends of saves.
    Action(Action),
    /// By the store.
    Log(LogAction),
}
