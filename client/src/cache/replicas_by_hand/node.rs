//! One of the replicas, and what it sees of time and of the store.

use std::task::{Context, Poll};
use std::time::Duration;

use crate::Config;
use crate::machine::{Event, Moment};
use crate::replicas::{Disturbance, LogEvent, Options, Replica};
use crate::stores::StoreLink;

/// The store is taken to be away after so long, by the clock that is moved.
const PATIENCE: Duration = Duration::from_secs(600);

/// One replica.
pub(super) struct Node {
    /// It began as this one in a row.
    pub(super) life: u64,
    pub(super) replica: Replica,
    pub(super) link: StoreLink,
    /// How much was asked of the store and not answered.
    pub(super) asked: usize,
    /// Whether the store has said anything of the log.
    pub(super) heard: bool,
    pub(super) paused_until: Duration,
    pub(super) cut_until: Duration,
    /// What came while it was paused.
    pub(super) waiting: Vec<Event>,
}

impl Node {
    /// One that knows nothing yet.
    pub(super) fn new(life: u64, config: Config, link: StoreLink, now: Moment) -> Self {
        let mut options = Options::new(life);
        options.patience = PATIENCE;
        Self {
            life,
            replica: Replica::new(config, options, now, None),
            link,
            asked: 0,
            heard: false,
            paused_until: Duration::ZERO,
            cut_until: Duration::ZERO,
            waiting: Vec::new(),
        }
    }

    /// Whether it does not run, or does not reach the store.
    pub(super) fn is_out(&self, now: Duration) -> bool {
        self.paused_until.max(self.cut_until) > now
    }
}

/// What the store says next to a replica that reaches it.
pub(super) fn news(
    nodes: &mut [Node],
    now: Duration,
    cx: &mut Context<'_>,
) -> Poll<(usize, LogEvent)> {
    for (number, node) in nodes.iter_mut().enumerate() {
        if node.is_out(now) {
            continue;
        }
        if let Poll::Ready(event) = std::pin::pin!(node.link.next()).poll(cx) {
            return Poll::Ready((number, event));
        }
    }
    Poll::Pending
}

/// The present, as this one of so many replicas sees it.
pub(super) fn moment(now: Moment, number: usize, count: usize) -> Moment {
    let behind = count > 1 && number + 1 == count;
    let wall = if behind { now.wall + Disturbance::WALL } else { now.wall };
    Moment { wall, ..now }
}
