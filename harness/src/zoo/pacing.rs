//! Mistakes about how much is asked when all is well.

use std::time::Duration;

use crisp_sync::machine::Budget;
use crisp_sync::machine::parts::{Pacing, Parts, WithinQuota};
use crisp_sync::{Config, WebsiteId, Websites};

use super::{Make, Mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "one-request-per-website",
        number: 43,
        about: "reads every website alone after each poll",
        seen: Some("Crisp's guide, which warns of the daily quota"),
        make: Make::Parts(|config| {
            Asks { reads_each: true, ..Asks::reference(config) }.parts(config)
        }),
    },
    Mutant {
        name: "polls-too-often",
        number: 44,
        about: "polls ten times as often as it says",
        seen: None,
        make: Make::Parts(|config| {
            Asks { poll: |interval| interval / 10, ..Asks::reference(config) }.parts(config)
        }),
    },
    Mutant {
        name: "resync-loop",
        number: 48,
        about: "lists everything again every 90 s, though nothing gives it a reason",
        seen: Some("kube-rs #219"),
        make: Make::Parts(|config| {
            Asks {
                relist: |interval| interval.min(Duration::from_secs(90)),
                ..Asks::reference(config)
            }
            .parts(config)
        }),
    },
];

/// The reference's intervals, some of which are another's.
struct Asks {
    inner: WithinQuota,
    poll: fn(Duration) -> Duration,
    relist: fn(Duration) -> Duration,
    reads_each: bool,
}

impl Asks {
    fn reference(config: &Config) -> Self {
        Self {
            inner: WithinQuota::new(config),
            poll: |interval| interval,
            relist: |interval| interval,
            reads_each: false,
        }
    }

    fn parts(self, config: &Config) -> Parts {
        Parts { pacing: Box::new(self), ..Parts::reference(config) }
    }
}

impl Pacing for Asks {
    fn poll_interval(&self, budget: &Budget) -> Duration {
        (self.poll)(self.inner.poll_interval(budget))
    }

    fn relist_interval(&self, budget: &Budget) -> Duration {
        (self.relist)(self.inner.relist_interval(budget))
    }

    fn affords_relist(&self, budget: &Budget) -> bool {
        self.inner.affords_relist(budget)
    }

    fn reads_after_poll(&self, known: &Websites) -> Vec<WebsiteId> {
        match self.reads_each {
            true => known.iter().map(|website| website.id).collect(),
            false => self.inner.reads_after_poll(known),
        }
    }
}
