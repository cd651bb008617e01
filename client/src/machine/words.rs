//! The words that the files of the machine share.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use foldhash::fast::FixedState;
use http::StatusCode;
use jiff::Timestamp;

use super::event::{How, Moment, Operation, Ticket};
use crate::{Settings, Website, WebsiteId, Websites};

/// What a request is for.
#[derive(Debug)]
pub(crate) enum Job {
    Account,
    Poll,
    Page(u32),
    /// The differential over the window in which the pages were read.
    Verify,
    Read(WebsiteId),
    Save(Box<Save>),
    /// Where the RTM API is.
    Endpoints,
}

impl Job {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Account => Operation::Account,
            Self::Poll | Self::Verify => Operation::Since,
            Self::Page(page) => Operation::List(*page),
            Self::Read(website) => Operation::GetSettings(*website),
            Self::Save(save) => save.operation(),
            Self::Endpoints => Operation::Endpoints,
        }
    }

    /// The requests that fail and recover with this one; a save has none, it is never repeated.
    pub(crate) fn lane(&self) -> Option<Lane> {
        match self {
            Self::Poll => Some(Lane::Poll),
            Self::Page(_) | Self::Verify => Some(Lane::Load),
            Self::Account | Self::Read(_) => Some(Lane::Read),
            Self::Endpoints => Some(Lane::Listen),
            Self::Save(_) => None,
        }
    }
}

/// An order to save.
#[derive(Debug)]
pub(crate) struct Save {
    pub(crate) ticket: Ticket,
    pub(crate) website: WebsiteId,
    pub(crate) settings: Settings,
    pub(crate) how: How,
    pub(crate) ordered: Duration,
}

impl Save {
    pub(crate) fn operation(&self) -> Operation {
        match self.how {
            How::Put => Operation::SaveSettings(self.website),
            How::Patch => Operation::UpdateSettings(self.website),
        }
    }

    /// The website after this save, as far as that is known without asking.
    pub(crate) fn over(&self, known: &Website) -> Option<Website> {
        let settings = match self.how {
            How::Put => self.settings.clone(),
            How::Patch => known.settings.merged(&self.settings)?,
        };
        Some(Website { settings, ..Website::clone(known) })
    }

    /// Whether settings that were read show this save.
    pub(crate) fn shows_in(&self, held: &Settings) -> bool {
        match self.how {
            How::Put => *held == self.settings,
            How::Patch => held.reflects(&self.settings),
        }
    }

    /// Whether settings that were read prove that this save was carried out, on what was known before.
    pub(crate) fn is_proven_by(&self, held: &Settings, before: Option<&Website>) -> bool {
        match self.how {
            How::Put => *held == self.settings,
            How::Patch => {
                let nothing = Settings::unconfigured();
                held.prove(&self.settings, before.map_or(&nothing, |known| &known.settings))
            }
        }
    }
}

/// Requests that fail and recover together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    /// Differentials.
    Poll,
    /// Pages of the list.
    Load,
    /// The settings of single websites, and the account.
    Read,
    /// Whole lists: their pages may all be good, and the list yet be over a bound.
    List,
    /// The address of the RTM API.
    Listen,
}

impl Lane {
    /// Those whose requests a throttled one keeps waiting.
    pub(crate) const ASKED: [Self; 4] = [Self::Poll, Self::Load, Self::Read, Self::Listen];
}

/// What went wrong, as far as waiting is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Trouble {
    /// No whole answer.
    Network,
    /// 5xx, 408, or a status that makes no sense.
    Server,
    /// A success status with a body that is not the API's.
    Unreadable,
    /// The answer came out of a cache and may be old, or is a 304 that nothing asked for.
    Cached,
    /// 429 or 420.
    Throttled,
    /// 401, 403, 404 and other refusals that asking again will hardly change.
    Refused,
    /// Good, and more than the cache may hold.
    OverBound,
}

impl Trouble {
    /// The regime of waiting that a status belongs to.
    pub(crate) fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            // Either may come from either limiter (docs/wire.md#throttling).
            429 | 420 => Self::Throttled,
            408 => Self::Server,
            // No request is conditional, so a cache between here and the API made this up.
            304 => Self::Cached,
            400..=499 => Self::Refused,
            _ => Self::Server,
        }
    }
}

/// A failed request that was no save.
#[derive(Debug)]
pub(crate) struct Setback {
    pub(crate) trouble: Trouble,
    pub(crate) error: String,
    pub(crate) retry_after: Option<Duration>,
}

impl Setback {
    pub(crate) fn of(trouble: Trouble, error: impl ToString) -> Self {
        Self { trouble, error: error.to_string(), retry_after: None }
    }

    pub(crate) fn unreadable(error: impl ToString) -> Self {
        Self::of(Trouble::Unreadable, error)
    }

    pub(crate) fn over_bound(excess: impl ToString) -> Self {
        Self::of(Trouble::OverBound, excess)
    }

    pub(crate) fn cached() -> Self {
        Self::of(Trouble::Cached, "the answer came out of a cache")
    }

    /// A 304 has no body, and no request of this client is conditional: there is nothing that it
    /// could stand for.
    pub(crate) fn not_modified() -> Self {
        let problem = "304 Not Modified, though nothing was asked on a condition: a cache between \
                       this client and the API answers wrongly. It is asked again \
                       at another address; take the cache out if this goes on";
        Self::of(Trouble::Cached, problem)
    }
}

/// One request and its whole answer, as moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// The request's number; later requests have higher ones.
    pub(crate) number: u64,
    /// When it was sent.
    pub(crate) sent: Moment,
    /// When its answer was whole.
    pub(crate) received: Moment,
    /// The answer's `Date`, by the server's clock, in whole seconds.
    pub(crate) date: Option<Timestamp>,
    /// Whether a cache in front of the API gave the answer.
    pub(crate) cached: bool,
}

impl Exchange {
    /// How long it took.
    pub(crate) fn took(&self) -> Duration {
        self.received.elapsed.saturating_sub(self.sent.elapsed)
    }
}

/// Small sets of websites, looked up only.
pub(crate) type Ids<V> = HashMap<WebsiteId, V, FixedState>;

/// Makes a set have this website so, or not at all.
pub(crate) fn put_back(websites: &mut Websites, id: WebsiteId, website: Option<&Arc<Website>>) {
    match website {
        Some(website) => websites.insert(website.clone()),
        None => websites.remove(&id),
    };
}
