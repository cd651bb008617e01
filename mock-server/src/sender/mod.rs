//! Deliveries of web hooks, carried out over sockets: a task for each space that has hooks.
//!
//! The queue of the space decides what is due; this asks it, sends, and reports. Attempts go out one
//! after another as long as the receiver answers within [`IN_ORDER`]; behind a slower one the next does
//! not wait.

mod client;

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use crate::clock::Mode;
use crate::hooks::{CONCURRENT, Reach, Sending};
use crate::socket::StopSignal;
use crate::spaces::{SharedSpace, system_clock};

pub use client::PATIENCE;

/// How long the next attempt waits for the answer to the one before.
pub const IN_ORDER: Duration = Duration::from_millis(50);

/// Starts to carry out the deliveries of a space, if it has hooks; ends with the space or the server.
/// To be called within a runtime.
pub fn start(space: &Arc<SharedSpace>, reach: Reach, stopping: StopSignal) {
    if space.lock().hooks.is_empty() || !space.begin_to_send_hooks() {
        return;
    }
    let sender = Sender { space: Arc::downgrade(space), changes: space.changes(), reach };
    tokio::spawn(sender.run(stopping));
}

struct Sender {
    /// Weak: the space may be torn down meanwhile.
    space: Weak<SharedSpace>,
    changes: watch::Receiver<u64>,
    reach: Reach,
}

impl Sender {
    async fn run(mut self, mut stopping: StopSignal) {
        // Dropped with this task, which ends the attempts that are under way.
        let mut attempts = JoinSet::new();
        loop {
            while attempts.try_join_next().is_some() {}
            self.changes.borrow_and_update();
            let Some(space) = self.space.upgrade() else { return };
            let (life, due) = {
                let mut guard = space.lock();
                (space.life(), guard.hooks_due(system_clock::elapsed()))
            };
            for sending in due {
                let (done, answered) = oneshot::channel();
                let attempt = Attempt { space: Arc::clone(&space), life, reach: self.reach };
                attempts.spawn(async move {
                    attempt.carry_out(&sending).await;
                    let _ = done.send(()); // an error: the wait for the order is over
                });
                let in_order = tokio::time::timeout(IN_ORDER, answered);
                if stopping.or_stopped(in_order).await.is_none() {
                    return;
                }
            }
            let sleep = next_wait(&space);
            drop(space);
            let woken = async {
                match sleep {
                    Some(sleep) => {
                        tokio::time::timeout(sleep, self.changes.changed()).await.unwrap_or(Ok(()))
                    }
                    None => self.changes.changed().await,
                }
            };
            // An error means that the space is gone.
            if !matches!(stopping.or_stopped(woken).await, Some(Ok(()))) {
                return;
            }
        }
    }
}

/// How long nothing is due by itself; none when only a change makes anything due.
fn next_wait(space: &SharedSpace) -> Option<Duration> {
    let space = space.lock();
    if space.clock.mode() == Mode::Manual {
        return None;
    }
    let now = space.now(system_clock::elapsed()).elapsed;
    // What is due and finds no room waits for an answer to another; what has come due since is handed out.
    let has_room = space.hooks.under_way() < CONCURRENT;
    let due = space.hooks.next_due().filter(|due| *due > now || has_room);
    due.map(|due| due.saturating_sub(now))
}

/// One attempt, in the life of the space in which it was due.
struct Attempt {
    space: Arc<SharedSpace>,
    life: u64,
    reach: Reach,
}

impl Attempt {
    async fn carry_out(self, sending: &Sending) {
        let ended = client::post(sending, self.reach).await;
        {
            let mut space = self.space.lock();
            if self.space.life() == self.life {
                space.hook_answered(sending.id, ended, system_clock::elapsed());
            }
        }
        self.space.notify();
    }
}
