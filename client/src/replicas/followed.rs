//! A machine that is a function of the log: every replica that read as far has the same.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::entry::{Body, Entry, Link, Renewal};
use crate::machine::{Action, Machine, Moment, WarmStart};
use crate::{Config, WebsiteId};

/// Where in the log a replica is: the last entry that it applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its number, which the store counts up.
    pub sequence: u64,
    /// Its name, which tells it from another entry that came to have its number.
    pub link: Link,
}

/// What to do about an entry.
#[derive(Debug)]
pub(super) enum Step {
    /// It was applied, and this is what the machine wants done: by its author alone.
    Applied(Vec<Action>),
    /// It names another entry before it than the one that is there: it counts for nothing.
    Stale,
    /// The log is one of other replicas from here on: their version or their options differ.
    Foreign,
}

/// A machine at its place in the log.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) machine: Machine,
    pub(super) place: Place,
    /// The last entry that was read. It may be one that counted for nothing.
    pub(super) read: Place,
    /// The moment of the last entry, on the log's scale.
    pub(super) now: Moment,
    /// The sequence numbers of the last renewal and of the one before it.
    pub(super) renewals: [u64; 2],
    /// How many bytes, and entries, stand after the last renewal.
    pub(super) since_renewal: (usize, u32),
    /// Everything up to this sequence number is known to be published.
    pub(super) published: u64,
    /// What changed after that, and when.
    pub(super) unpublished: BTreeMap<WebsiteId, u64>,
    /// Nothing is known of what was published before this renewal.
    pub(super) publish_all: Option<u64>,
}

impl Followed {
    /// The machine that a log begins with; `None` if its first entry is not a renewal, or is one of
    /// other replicas.
    pub(super) fn begin(config: &Config, kind: u64, sequence: u64, entry: &Entry) -> Option<Self> {
        let Body::Renewal(renewal) = &entry.body else { return None };
        if renewal.kind != kind {
            return None;
        }
        let publish_all = renewal.begins.then_some(sequence);
        Some(Self {
            machine: machine(config, renewal, entry.now),
            place: Place { sequence, link: entry.link },
            read: Place { sequence, link: entry.link },
            now: entry.now,
            renewals: [sequence, sequence],
            since_renewal: (0, 0),
            published: entry.published,
            unpublished: BTreeMap::new(),
            publish_all,
        })
    }

    /// What the machine wants done first.
    pub(super) fn start(&mut self) -> Vec<Action> {
        let actions = self.machine.handle(self.now, crate::machine::Event::Tick);
        self.note(&actions);
        actions
    }

    /// Applies the entry that stands next in the log. `bytes` is its size.
    pub(super) fn apply(
        &mut self,
        config: &Config,
        kind: u64,
        (sequence, bytes): (u64, usize),
        entry: Entry,
    ) -> Step {
        let Entry { link, after, now, published, body } = entry;
        self.read = Place { sequence, link };
        if after != Some(self.place.link) {
            return Step::Stale;
        }
        let actions = match body {
            Body::Event(event) => {
                self.since_renewal.0 = self.since_renewal.0.saturating_add(bytes);
                self.since_renewal.1 = self.since_renewal.1.saturating_add(1);
                self.machine.handle(now, event)
            }
            Body::Renewal(renewal) if renewal.kind != kind => return Step::Foreign,
            Body::Renewal(renewal) => {
                self.since_renewal = (0, 0);
                self.renewals = [self.renewals[1], sequence];
                if renewal.begins {
                    self.publish_all = Some(sequence);
                }
                self.machine = machine(config, &renewal, now);
                self.machine.handle(now, crate::machine::Event::Tick)
            }
        };
        self.place = Place { sequence, link };
        self.now = now;
        self.note(&actions);
        self.was_published(published);
        Step::Applied(actions)
    }

    /// Remembers what is to be published.
    fn note(&mut self, actions: &[Action]) {
        for action in actions {
            if let Action::Changed(changes) = action {
                let sequence = self.place.sequence;
                let changed = changes.iter().map(|change| (change.website(), sequence));
                self.unpublished.extend(changed);
            }
        }
    }

    /// Everything up to this sequence number is published.
    pub(super) fn was_published(&mut self, sequence: u64) {
        if sequence <= self.published {
            return;
        }
        self.published = sequence;
        self.unpublished.retain(|_, changed| *changed > sequence);
        self.publish_all = self.publish_all.filter(|since| *since > sequence);
    }

    /// Whether something is still to be published.
    pub(super) fn is_unpublished(&self) -> bool {
        self.publish_all.is_some() || !self.unpublished.is_empty()
    }

    /// When the last good poll was sent, on the log's scale.
    pub(super) fn polled(&self) -> Option<Duration> {
        self.machine.last_good_poll()
    }

    /// What a later entry of the log can begin with, if nothing is under way and nothing is lost by it.
    pub(super) fn renewal(&self, kind: u64, seed: u64) -> Option<Renewal> {
        let quiet = self.machine.in_flight() == 0
            && self.machine.status(self.now).saves_open == 0
            && !self.is_unpublished();
        let start = self.machine.warm_start().filter(|start| quiet && start.verified)?;
        Some(Renewal {
            kind,
            seed,
            begins: false,
            plugin_id: self.machine.plugin_id(),
            spending: Some(self.machine.spending()),
            start: Some(start),
        })
    }

    /// The set at this place.
    pub(super) fn snapshot(&self) -> &Arc<crate::machine::Snapshot> {
        self.machine.snapshot()
    }
}

fn machine(config: &Config, renewal: &Renewal, now: Moment) -> Machine {
    let mut config = config.clone();
    config.seed = renewal.seed;
    config.plugin_id = config.plugin_id.or(renewal.plugin_id);
    let mut machine = match &renewal.start {
        Some(start) => Machine::resume(config, now, WarmStart::clone(start)),
        None => Machine::new(config, now),
    };
    if let Some(spending) = &renewal.spending {
        machine.go_on_from(spending);
    }
    machine
}
