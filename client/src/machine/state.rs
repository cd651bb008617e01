//! What can be read off the machine beside its cache.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

use super::budget::Budget;
use super::socket::SocketState;
use crate::{WebsiteId, Websites};

/// Where the machine is; see the drawing in the [module page](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Reading the first list; nothing complete is in the cache.
    Loading,
    /// The first list is read and is being checked by a differential.
    Verifying,
    /// Polling.
    Steady,
    /// The last poll failed; waiting to ask again.
    Retrying,
    /// Reading the list once more; the cache serves and polls go on.
    Relisting,
    /// Reading the list once more because polls can no longer be relied on; the cache serves.
    Recovering,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loading => "loading",
            Self::Verifying => "verifying",
            Self::Steady => "steady",
            Self::Retrying => "retrying",
            Self::Relisting => "re-listing",
            Self::Recovering => "recovering",
        })
    }
}

/// How far the cache can be trusted to be current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing complete is there yet.
    Loading,
    /// The last poll was good and the next one is not overdue.
    Fresh {
        /// Since the last good poll was *sent*: the cache may lack what happened since.
        age: Duration,
    },
    /// Polls fail or are overdue. The cache is what the API said this long ago.
    Stale {
        /// Since the last good poll was sent; `None` when none ever was (a warm start that has
        /// not reached the API).
        age: Option<Duration>,
    },
}

impl fmt::Display for Freshness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loading => f.write_str("loading"),
            Self::Fresh { age } => write!(f, "fresh, {}s old", age.as_secs()),
            Self::Stale { age: Some(age) } => write!(f, "stale since {}s", age.as_secs()),
            Self::Stale { age: None } => f.write_str("stale, the API was not reached yet"),
        }
    }
}

/// Counts since the machine was made. They only go up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Requests sent, of any kind.
    pub requests: u64,
    /// Good polls, wholly applied.
    pub polls: u64,
    /// Failed requests that were no saves.
    pub failures: u64,
    /// Full lists that were put in place, the first one included.
    pub lists: u64,
    /// Passes over the list that were read in vain, because websites moved between pages.
    pub drifts: u64,
    /// Saves with a definite good end.
    pub saves_done: u64,
    /// Saves that the API refused.
    pub saves_refused: u64,
    /// Saves whose outcome is unknown.
    pub saves_unknown: u64,
    /// Websites read alone: after unclear saves, and where answers contradicted each other.
    pub read_backs: u64,
    /// Items that made no sense and were left out.
    pub odd_items: u64,
    /// Lists, polls and readings that were over a bound
    /// ([`Config::most_websites`](crate::Config::most_websites)) and not used.
    pub over_bound: u64,
    /// Answers that a cache gave and that were not believed.
    pub cached_answers: u64,
    /// Refusals for asking too much, 429 and 420.
    pub throttled: u64,
    /// Changes told.
    pub changes: u64,
    /// Sockets of the RTM API that were authenticated.
    pub connects: u64,
    /// Events that were heard and taken as hints to poll.
    pub events: u64,
}

/// All that an operator wants to know, at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// Where the machine is.
    pub state: State,
    /// Whether the first complete set is there.
    pub ready: bool,
    /// How current the cache is.
    pub freshness: Freshness,
    /// The age at which a cache without failures counts as stale: the next poll is overdue then.
    pub stale_after: Duration,
    /// Whether the set is beyond doubt. It is not for `overlap` after a load, while a lagging
    /// differential could still tell of a website that the pages missed.
    pub verified: bool,
    /// Counts up with every change of the cache.
    pub generation: u64,
    /// How many websites are in the cache.
    pub websites: usize,
    /// Failures in a row, polls and pages together.
    pub failures: u32,
    /// What went wrong last; `None` after a success.
    pub last_error: Option<String>,
    /// Saves that wait for being sent or for a definite end.
    pub saves_open: usize,
    /// Whether events arrive.
    pub socket: SocketState,
    /// Why the last socket ended, or could not be had; `None` while events arrive.
    pub socket_error: Option<String>,
    /// From one poll to the next, at present, if no event asks for one before.
    pub poll_interval: Duration,
    /// From one full list to the next, at present.
    pub relist_interval: Duration,
    /// The arithmetic of the daily quota.
    pub budget: Budget,
    /// Counts since the start.
    pub counters: Counters,
}

impl Status {
    /// The same status read this much later, if nothing happened meanwhile: an age grows, and a
    /// poll that should have come makes the cache stale.
    #[must_use]
    pub fn after(mut self, passed: Duration) -> Self {
        self.freshness = match self.freshness {
            Freshness::Loading => Freshness::Loading,
            Freshness::Fresh { age } if age + passed <= self.stale_after => {
                Freshness::Fresh { age: age + passed }
            }
            Freshness::Fresh { age } => Freshness::Stale { age: Some(age + passed) },
            Freshness::Stale { age } => Freshness::Stale { age: age.map(|age| age + passed) },
        };
        self.budget.until_reset = self.budget.until_reset.saturating_sub(passed);
        if let SocketState::Down { retry_in } = &mut self.socket {
            *retry_in = retry_in.saturating_sub(passed);
        }
        self
    }
}

/// A duration as short as it can be said: `500ms`, `60s`, `90m`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_millis(), self.0.as_secs()) {
            (millis @ 0..10_000, _) if millis % 1000 != 0 => write!(f, "{millis}ms"),
            (_, seconds @ 0..600) => write!(f, "{seconds}s"),
            (_, seconds) => write!(f, "{}m", seconds / 60),
        }
    }
}

impl fmt::Display for Status {
    /// One line for a log or a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} · {} · {} websites, generation {} · poll every {}, full list every {} · {}",
            self.state,
            self.freshness,
            self.websites,
            self.generation,
            Span(self.poll_interval),
            Span(self.relist_interval),
            self.budget,
        )?;
        if self.socket != SocketState::Off {
            write!(f, " · {}", self.socket)?;
        }
        if let Some(error) = &self.socket_error {
            write!(f, " ({error})")?;
        }
        match &self.last_error {
            Some(error) => write!(f, " · {} failures in a row: {error}", self.failures),
            None => Ok(()),
        }
    }
}

/// The cache at one moment: one consistent set, never half of one answer.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The websites that have the plugin installed.
    pub websites: Websites,
    /// Counts up with every change.
    pub generation: u64,
}

/// What a machine can go on from in a later process: see [`Machine::warm_start`](super::Machine::warm_start).
#[derive(Clone, Debug)]
pub struct WarmStart {
    /// The known set.
    pub websites: Websites,
    /// What the next poll would have asked from.
    pub cursor: Timestamp,
    /// Whether the set was beyond doubt: a poll from the cursor is enough to go on from it. If not,
    /// everything is listed again.
    pub verified: bool,
    /// Websites that an own save changed, or that were read alone, so lately that lists and
    /// differentials may not know it yet.
    pub learnt: Vec<WebsiteId>,
}
