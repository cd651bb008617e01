//! A space behind a lock, with a channel that announces its changes.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;

use crate::clock::Mode;
use crate::journal::{Entry, Filter};
use crate::space::Space;
use crate::spaces::waiting::{WaitingCall, WaitingCalls};
use crate::spaces::{Tap, system_clock};

/// Wakes the receivers. One subscribes first and then reads under the space's lock: after a change
/// under the same lock it has either read the change, or it is counted as a receiver here.
fn announce(channel: &watch::Sender<u64>) {
    if channel.receiver_count() > 0 {
        channel.send_modify(|version| *version += 1);
    }
}

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
    /// Changes with each step of the clock and with each reset, for what waits by the clock.
    time_changed: watch::Sender<u64>,
    /// The number of the newest event that was announced, for sockets; raised without one by
    /// [`SharedSpace::notify`].
    events: watch::Sender<u64>,
    waiting: WaitingCalls,
    /// Requests whose delivery is not complete.
    in_flight: AtomicUsize,
    /// Seconds outside when it was used last.
    used: AtomicU64,
    expires: Option<Duration>,
    tap: OnceLock<Arc<dyn Tap>>,
    /// Set when something carries the deliveries of its hooks out.
    hooks_are_sent: AtomicBool,
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
            time_changed: watch::Sender::new(0),
            events: watch::Sender::new(0),
            waiting: WaitingCalls::default(),
            in_flight: AtomicUsize::new(0),
            used: AtomicU64::new(system_clock::elapsed().as_secs()),
            expires,
            tap: OnceLock::new(),
            hooks_are_sent: AtomicBool::new(false),
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

    /// How many websites it knows. Unlike [`SharedSpace::lock`] this is no use of it: making spaces
    /// keeps no other from expiring.
    pub(super) fn known_websites(&self) -> usize {
        self.space.lock().world.directory().known()
    }

    /// Wakes every receiver of [`SharedSpace::changes`], and what waits by the clock.
    pub fn notify(&self) {
        announce(&self.time_changed);
        announce(&self.changed);
        announce(&self.events);
    }

    /// Announces the events that a request raised, if it raised any: `newest` was read under the lock.
    pub(super) fn raised(&self, newest: u64) {
        self.events.send_if_modified(|announced| {
            let more = newest > *announced;
            *announced = newest.max(*announced);
            more
        });
    }

    /// Changes with each event, with each step of the clock and with each control call.
    #[must_use]
    pub fn events(&self) -> watch::Receiver<u64> {
        self.events.subscribe()
    }

    /// Announces a request that was just put into the journal, if anything waits for one: `entry`
    /// was read under the lock.
    pub(super) fn journaled(&self, entry: Option<&Entry>) {
        if let Some(entry) = entry {
            self.waiting.wake(entry);
        }
        announce(&self.changed);
    }

    /// Says that something carries the deliveries of its hooks out from now on; false when something
    /// does already.
    pub(crate) fn begin_to_send_hooks(&self) -> bool {
        !self.hooks_are_sent.swap(true, Ordering::Relaxed)
    }

    /// Waits until no delivery of a hook is due or under way at the space's present moment; at once
    /// when nothing carries them out. Ends with the life of the space in which it began.
    pub async fn hooks_settled(&self, life: u64) {
        let mut changes = self.changed.subscribe();
        while self.hooks_are_sent.load(Ordering::Relaxed) && self.life() == life {
            {
                let space = self.space.lock();
                let now = space.now(system_clock::elapsed()).elapsed;
                if space.hooks.is_settled(now) {
                    return;
                }
            }
            let _ = changes.changed().await;
        }
    }

    /// How many calls wait for requests.
    #[must_use]
    pub fn waiting_calls(&self) -> usize {
        self.waiting.count()
    }

    /// Lets a call wait for requests that this filter lets through, from now on.
    pub fn wait_for(&self, filter: Filter) -> WaitingCall<'_> {
        self.waiting.wait_for(filter)
    }

    /// A request's delivery begins, or (`false`) is complete.
    pub(super) fn delivers(&self, begins: bool) {
        if begins {
            self.in_flight.fetch_add(1, Ordering::Relaxed);
        } else {
            self.in_flight.fetch_sub(1, Ordering::Relaxed);
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

    /// Whether it has gone unused for longer than it may. An answer that is still due is a use.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        if self.in_flight.load(Ordering::Relaxed) > 0 {
            return false;
        }
        let used = Duration::from_secs(self.used.load(Ordering::Relaxed));
        self.expires.is_some_and(|expires| system_clock::elapsed().saturating_sub(used) > expires)
    }

    /// Waits until the elapsed time of that life of the space ([`SharedSpace::life`]) has come; a reset
    /// ends the wait.
    pub async fn wait_until(&self, life: u64, elapsed: Duration) {
        let mut changes = self.time_changed.subscribe();
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;
    use crate::options::{Blueprint, WorldOptions};
    use crate::spaces::Activity;

    #[test]
    fn a_space_and_a_server_are_in_use_while_an_answer_is_due() {
        let blueprint = Arc::new(Blueprint::new(WorldOptions::default()).unwrap());
        let space = Space::start("s1", blueprint, "", system_clock::outside());
        let space = Arc::new(SharedSpace::new(space, Some(Duration::ZERO)));
        let request = Request::get("/v1/plugin/connect/account").body(Bytes::new()).unwrap();
        let reply = space.handle(&request, None);
        assert!(!space.is_expired());
        drop(reply);
        // It may go unused for no time at all, and its use is known to the second.
        space.used.store(0, Ordering::Relaxed);
        assert_eq!(space.known_websites(), 25);
        assert!(space.is_expired(), "to be counted is no use");

        let activity = Activity::start();
        let under_way = activity.begin();
        assert!(activity.is_answering());
        assert_eq!(activity.idle_for(), Duration::ZERO);
        drop(under_way);
        assert!(!activity.is_answering());
    }
}
