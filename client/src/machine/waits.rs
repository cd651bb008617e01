//! How long requests wait: each lane after its failures, all of them after a `Retry-After`.

use std::time::Duration;

use super::chance::Chance;
use super::parts::Backoff;
use super::words::{Lane, Trouble};
use crate::Config;

/// The waits of the lanes, and the silence of the whole client.
#[derive(Debug)]
pub(super) struct Waits {
    backoff: Backoff,
    chance: Chance,
    lanes: [LaneState; 5],
    silent_until: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
struct LaneState {
    not_before: Duration,
    failures: u32,
}

impl Waits {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            backoff: Backoff::new(config),
            chance: Chance::new(config.seed),
            lanes: Default::default(),
            silent_until: Duration::ZERO,
        }
    }

    /// The earliest time for a request of this lane, the silence left out.
    pub(super) fn not_before(&self, lane: Lane) -> Duration {
        self.lanes[lane as usize].not_before
    }

    /// How often in a row requests of this lane have failed.
    pub(super) fn failures(&self, lane: Lane) -> u32 {
        self.lanes[lane as usize].failures
    }

    /// Until when nothing at all is sent.
    pub(super) fn silent_until(&self) -> Duration {
        self.silent_until
    }

    /// Sends nothing before this time.
    pub(super) fn be_silent_until(&mut self, until: Duration) {
        self.silent_until = self.silent_until.max(until);
    }

    /// Obeys a `Retry-After`, up to the longest that is obeyed: nothing is sent before it (rule 6).
    pub(super) fn obey(&mut self, asked: Duration, now: Duration) {
        self.be_silent_until(now + self.backoff.obeyed(asked));
    }

    /// A request of this lane failed: it waits, and after a throttled one the others do, too.
    pub(super) fn failed(
        &mut self,
        lane: Lane,
        trouble: Trouble,
        retry_after: Option<Duration>,
        now: Duration,
    ) {
        let asked = retry_after.map(|asked| self.backoff.obeyed(asked));
        let asked = asked.filter(|asked| !asked.is_zero());
        let wait = self.backoff.wait(lane, trouble, self.chance.next());
        // A server that asks for one second, again and again, is not asked once a second.
        let own = now.saturating_add(wait.max(asked.unwrap_or_default()));
        let state = &mut self.lanes[lane as usize];
        state.failures = state.failures.saturating_add(1);
        state.not_before = own;
        if trouble == Trouble::Throttled {
            // The limit is on the plugin, not on the route. Where it was named, that will do.
            let others = now.saturating_add(asked.unwrap_or(wait));
            for lane in Lane::ASKED {
                let state = &mut self.lanes[lane as usize];
                state.not_before = state.not_before.max(others);
            }
        }
    }

    /// A request of this lane was answered as it should be.
    pub(super) fn succeeded(&mut self, lane: Lane) {
        self.backoff.succeeded(lane);
        self.lanes[lane as usize] = LaneState::default();
    }
}
