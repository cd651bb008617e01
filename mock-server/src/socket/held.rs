//! Answers that are held back until the next one of their operation is out.

use std::collections::HashMap;

use parking_lot::RwLock;
use tokio::sync::watch;

use crate::operation::Operation;
use crate::spaces::InFlight;

/// The answers of one operation in one life of a space.
type Lane = ((usize, u64), Operation);

fn lane(request: &InFlight) -> Lane {
    (request.time().key(), request.operation())
}

/// The lanes in which answers are held back. The receivers of a lane are the held answers.
#[derive(Default)]
pub(super) struct HeldAnswers(RwLock<HashMap<Lane, watch::Sender<()>>>);

impl HeldAnswers {
    /// Holds an answer back in the lane of its request: the receiver changes with the next departure.
    pub(super) fn hold(&self, request: &InFlight) -> watch::Receiver<()> {
        let mut lanes = self.0.write();
        lanes.retain(|_, departures| departures.receiver_count() > 0);
        lanes.entry(lane(request)).or_default().subscribe()
    }

    /// What to notify once the answer to this request is out; none when none is held in its lane.
    pub(super) fn departures(&self, request: &InFlight) -> Option<watch::Sender<()>> {
        let lanes = self.0.read();
        if lanes.is_empty() { None } else { lanes.get(&lane(request)).cloned() }
    }
}
