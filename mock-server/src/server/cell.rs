//! A space behind a lock, with somebody to tell when it changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Mode, Stamp};
use crate::server::{Tap, edge};
use crate::space::{Outside, Space};

/// A space shared between connections.
///
/// Whoever holds the lock sees one moment: requests, operations and clock steps happen one after
/// another, so advancing the clock is atomic with respect to requests.
#[derive(Debug)]
pub struct Cell {
    name: String,
    space: Mutex<Space>,
    /// Raised by each reset; answers that were held back in an earlier life are let go.
    life: AtomicU64,
    changed: watch::Sender<u64>,
    /// Seconds outside when it was used last.
    used: AtomicU64,
    expires: Option<Duration>,
    tap: OnceLock<Arc<dyn Tap>>,
}

impl Cell {
    /// Puts a space behind a lock; `expires` is for how long it may go unused.
    #[must_use]
    pub fn new(space: Space, expires: Option<Duration>) -> Self {
        Self {
            name: space.name().to_owned(),
            space: Mutex::new(space),
            life: AtomicU64::new(0),
            changed: watch::Sender::new(0),
            used: AtomicU64::new(edge::elapsed().as_secs()),
            expires,
            tap: OnceLock::new(),
        }
    }

    /// Has a tap hear of every request from now on; false when there is one already.
    pub fn tap(&self, tap: Arc<dyn Tap>) -> bool {
        self.tap.set(tap).is_ok()
    }

    /// Who hears of every request.
    pub(super) fn tapped(&self) -> Option<&dyn Tap> {
        self.tap.get().map(AsRef::as_ref)
    }

    /// The space's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The space, for as long as the guard lives.
    pub fn lock(&self) -> MutexGuard<'_, Space> {
        if self.expires.is_some() {
            self.used.store(edge::elapsed().as_secs(), Ordering::Relaxed);
        }
        // A panic leaves a consistent space behind: every change is made of whole values.
        self.space.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that something changed that somebody may be waiting for.
    pub fn notify(&self) {
        // Whoever waits subscribed before it looked, and it looked under the lock: after a change
        // under the same lock either it has seen the change, or it is counted here.
        if self.changed.receiver_count() > 0 {
            self.changed.send_modify(|version| *version += 1);
        }
    }

    /// A view of [`Cell::notify`].
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Back to the state at the start.
    pub fn reset(&self) {
        let mut space = self.lock();
        space.reset(edge::outside());
        self.life.fetch_add(1, Ordering::Relaxed);
        drop(space);
        self.notify();
    }

    /// How often it was reset; read under the lock, it belongs to what the lock shows.
    #[must_use]
    pub fn life(&self) -> u64 {
        self.life.load(Ordering::Relaxed)
    }

    /// Whether it has gone unused for longer than it may.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        let used = Duration::from_secs(self.used.load(Ordering::Relaxed));
        self.expires.is_some_and(|expires| edge::elapsed().saturating_sub(used) > expires)
    }

    /// Waits until the elapsed time of that life of the space ([`Cell::life`]) has come; a reset
    /// ends the wait.
    pub async fn wait_until(&self, life: u64, elapsed: Duration) {
        let mut changes = self.changes();
        loop {
            let left = {
                let space = self.space.lock().unwrap_or_else(PoisonError::into_inner);
                let now = space.clock.now(edge::elapsed()).elapsed;
                (elapsed > now).then(|| (elapsed.saturating_sub(now), space.clock.mode()))
            };
            let Some((left, mode)) = left else { return };
            if self.life() != life {
                return;
            }
            let changed = changes.changed();
            match mode {
                Mode::Real => {
                    let _ = tokio::time::timeout(left, changed).await;
                }
                Mode::Manual => {
                    let _ = changed.await;
                }
            }
        }
    }
}

impl Outside {
    /// What time it is outside, from parts.
    #[must_use]
    pub fn new(elapsed: Duration, wall: Stamp) -> Self {
        Self { elapsed, wall }
    }
}
