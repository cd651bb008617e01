//! Mistakes about the moment from which the next poll asks.

use crisp_sync::Config;
use crisp_sync::machine::Moment;
use crisp_sync::machine::parts::{Cursor, Exchange, Parts, ServerCursor};
use jiff::{SignedDuration, Timestamp};

use super::{Make, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "cursor-moves-on-failure",
        number: 1,
        about: "moves the cursor although the poll failed",
        seen: Some("utopia PR #794; pouchdb #1240"),
        make: Make::Parts(|config| {
            Steps { failed: |cursor, poll| cursor.advance(poll), ..Steps::reference(config) }
                .parts(config)
        }),
    },
    Mutant {
        name: "cursor-after-the-answer",
        number: 2,
        about: "takes `now` when the answer arrives, not when the poll is sent",
        seen: Some("utopia PR #794; airbyte #80152"),
        make: Make::Parts(|config| stepping(config, |_, poll| server_time(poll) + took(poll))),
    },
    Mutant {
        name: "local-clock",
        number: 3,
        about: "asks from its own clock's time, however wrong that clock is",
        seen: Some("python-skills PR #98"),
        make: Make::Parts(|config| stepping(config, |_, poll| poll.sent.wall)),
    },
    Mutant {
        name: "offset-measured-once",
        number: 4,
        about: "compares its clock with the server's once, and is wrong after its clock has jumped",
        seen: None,
        make: Make::Parts(|config| {
            stepping(config, |cursor, poll| {
                let first = cursor.first.as_ref().unwrap_or(poll);
                let offset = first.received.wall.duration_since(server_time(first));
                poll.sent.wall - offset
            })
        }),
    },
    Mutant {
        name: "no-overlap",
        number: 5,
        about: "asks from the date of the last answer, without looking back a little further",
        seen: Some("estuary #5205; unleash-edge #768"),
        make: Make::Parts(|config| stepping(config, |_, poll| server_time(poll))),
    },
    Mutant {
        name: "one-second-later",
        number: 6,
        about: "adds a second to the cursor to be spared duplicates",
        seen: Some("airbyte PR #11720"),
        make: Make::Parts(|config| {
            stepping(config, |_, poll| server_time(poll) + SignedDuration::from_secs(1))
        }),
    },
    Mutant {
        name: "drops-changes-during-load",
        number: 16,
        about: "begins to poll from the end of the load, and misses what changed while it loaded",
        seen: Some("Google's sync guide: a token comes with the last page only"),
        make: Make::Parts(|config| {
            let cursor = Steps {
                next: |cursor, poll| {
                    let load = cursor.first.as_ref().unwrap_or(poll);
                    cursor.inner.behind(poll).max(load.received.wall)
                },
                ..Steps::reference(config)
            };
            Parts { load: super::load::unverified(), ..cursor.parts(config) }
        }),
    },
    Mutant {
        name: "no-relist-after-outage",
        number: 26,
        about: "goes on with its old cursor after an outage that outlived the server's memory",
        seen: Some("kube-state-metrics #694; etcd #8668"),
        make: Make::Parts(|config| {
            Steps { notices_gaps: false, ..Steps::reference(config) }.parts(config)
        }),
    },
];

/// The reference's cursor, some of whose decisions are another's. What the check of a load asks
/// from stays the reference's: these mistakes are about polls.
struct Steps {
    inner: ServerCursor,
    /// The first poll that was good.
    first: Option<Exchange>,
    ask: Option<Timestamp>,
    next: fn(&Steps, &Exchange) -> Timestamp,
    failed: fn(&mut Steps, &Exchange),
    notices_gaps: bool,
}

impl Steps {
    fn reference(config: &Config) -> Self {
        Self {
            inner: ServerCursor::new(config),
            first: None,
            ask: None,
            next: |cursor, poll| cursor.inner.behind(poll),
            failed: |cursor, poll| cursor.inner.failed(poll),
            notices_gaps: true,
        }
    }

    fn parts(self, config: &Config) -> Parts {
        Parts { cursor: Box::new(self), ..Parts::reference(config) }
    }
}

/// The reference, but that the cursor moves elsewhere after a good poll.
fn stepping(config: &Config, next: fn(&Steps, &Exchange) -> Timestamp) -> Parts {
    Steps { next, ..Steps::reference(config) }.parts(config)
}

/// The answer's date; without one, the local clock's at the sending.
fn server_time(exchange: &Exchange) -> Timestamp {
    exchange.date.unwrap_or(exchange.sent.wall)
}

fn took(exchange: &Exchange) -> SignedDuration {
    SignedDuration::try_from(exchange.took()).unwrap_or(SignedDuration::ZERO)
}

impl Cursor for Steps {
    fn behind(&self, exchange: &Exchange) -> Timestamp {
        self.inner.behind(exchange)
    }

    fn ask(&self) -> Option<Timestamp> {
        self.ask
    }

    fn heard(&mut self, exchange: &Exchange) {
        self.inner.heard(exchange);
    }

    fn advance(&mut self, poll: &Exchange) {
        self.ask = Some((self.next)(self, poll));
        self.first.get_or_insert(*poll);
        self.inner.advance(poll);
    }

    fn failed(&mut self, poll: &Exchange) {
        (self.failed)(self, poll);
    }

    fn outlived(&self, now: Moment) -> bool {
        self.notices_gaps && self.inner.outlived(now)
    }

    fn jumped(&self, poll: &Exchange) -> bool {
        self.notices_gaps && self.inner.jumped(poll)
    }

    fn fell_back(&self, before: &Exchange, after: &Exchange) -> bool {
        self.notices_gaps && self.inner.fell_back(before, after)
    }

    fn resume(&mut self, ask: Timestamp, now: Moment) {
        self.inner.resume(ask, now);
        self.ask = self.inner.ask();
    }
}
