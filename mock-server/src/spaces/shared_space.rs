//! A space behind a lock, with a channel that announces its changes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use crate::clock::Mode;
use crate::space::Space;
use crate::spaces::{Tap, system_clock};

/// A space shared between connections.
///
/// Requests, control calls and clock steps each take the lock, so they happen one after another, and
/// advancing the clock is atomic with respect to requests.
#[derive(Debug)]
pub struct SharedSpace {
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

impl SharedSpace {
    /// Puts a space behind a lock; `expires` is for how long it may go unused.
    #[must_use]
    pub fn new(space: Space, expires: Option<Duration>) -> Self {
        Self {
            name: space.name().to_owned(),
            space: Mutex::new(space),
            life: AtomicU64::new(0),
            changed: watch::Sender::new(0),
            used: AtomicU64::new(system_clock::elapsed().as_secs()),
            expires,
            tap: OnceLock::new(),
        }
    }

    /// Attaches the tap that observes every request from now on; false when there is one already.
    pub fn tap(&self, tap: Arc<dyn Tap>) -> bool {
        self.tap.set(tap).is_ok()
    }

    /// The tap that observes every request.
    pub(crate) fn tapped(&self) -> Option<&dyn Tap> {
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
            self.used.store(system_clock::elapsed().as_secs(), Ordering::Relaxed);
        }
        self.space.lock()
    }

    /// Wakes every receiver of [`SharedSpace::changes`] that is waiting.
    pub fn notify(&self) {
        // A waiter subscribes first and then reads under the lock: after a change under the same
        // lock it has either read the change, or it is counted as a receiver here.
        if self.changed.receiver_count() > 0 {
            self.changed.send_modify(|version| *version += 1);
        }
    }

    /// A view of [`SharedSpace::notify`].
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Back to the state at the start.
    pub fn reset(&self) {
        let mut space = self.lock();
        space.reset(system_clock::outside());
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
        self.expires.is_some_and(|expires| system_clock::elapsed().saturating_sub(used) > expires)
    }

    /// Waits until the elapsed time of that life of the space ([`SharedSpace::life`]) has come; a reset
    /// ends the wait.
    pub async fn wait_until(&self, life: u64, elapsed: Duration) {
        let mut changes = self.changes();
        loop {
            let left = {
                let space = self.space.lock();
                let now = space.clock.now(system_clock::elapsed()).elapsed;
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
