//! Answers that wait for the next one of their operation.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::reply::Place;
use crate::operation::Operation;

/// The answers of one operation in one life of a world, which is known by the address of its time.
type Lane = (usize, u64, Operation);

fn lane(place: &Place) -> Lane {
    (Arc::as_ptr(&place.time).cast::<()>().addr(), place.life, place.operation)
}

/// All answers that are held back.
#[derive(Default)]
pub(super) struct Held {
    /// How many there are, so that the usual answer takes no lock.
    count: AtomicUsize,
    lanes: Mutex<HashMap<Lane, Vec<oneshot::Sender<()>>>>,
}

/// The duty to tell those that wait in a lane once an answer is out.
pub(super) struct Departure {
    held: Arc<Held>,
    lane: Lane,
}

impl Held {
    fn lanes(&self) -> MutexGuard<'_, HashMap<Lane, Vec<oneshot::Sender<()>>>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits in the lane of this place; the receiver hears of the next departure.
    pub(super) fn wait(&self, place: &Place) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut lanes = self.lanes();
        // Clients that gave up in the meantime are forgotten here, so that they do not add up.
        lanes.retain(|_, waiting| {
            waiting.retain(|sender| !sender.is_closed());
            !waiting.is_empty()
        });
        lanes.entry(lane(place)).or_default().push(sender);
        self.count.store(lanes.values().map(Vec::len).sum(), Ordering::Release);
        receiver
    }

    /// The departure of an answer from this place, if anybody waits for any.
    pub(super) fn departure(self: &Arc<Self>, place: &Place) -> Option<Departure> {
        let nobody = self.count.load(Ordering::Acquire) == 0;
        (!nobody).then(|| Departure { held: Arc::clone(self), lane: lane(place) })
    }
}

impl Departure {
    /// The answer is out: all that waited in its lane follow.
    pub(super) fn announce(self) {
        let mut lanes = self.held.lanes();
        for sender in lanes.remove(&self.lane).unwrap_or_default() {
            // Whoever is gone need not be told.
            let _ = sender.send(());
        }
        let left = lanes.values().map(Vec::len).sum();
        self.held.count.store(left, Ordering::Release);
    }
}
