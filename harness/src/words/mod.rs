//! The plain words that scenarios, clients, histories and oracles share. Nothing here depends on
//! another module of this crate.

mod rule;
mod spot;

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumIter, IntoEnumIterator as _};

pub use crisp_mock_server::fault::Side;
pub use rule::Rule;
pub use spot::Spot;

/// What the true time is at the start of a scenario that names no other.
pub const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// How long the network takes for a request and its answer together, in virtual time.
pub const LATENCY: Duration = Duration::from_millis(10);

/// What a client says of how current its cache is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Standing {
    /// It has no complete set yet.
    Loading,
    /// Its set is current.
    Fresh,
    /// Its polls fail or are overdue.
    Stale,
}

/// How settings are saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// `PUT`
    Put,
    /// `PATCH`
    Patch,
}

/// How a client says that a save ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum SaveEnd {
    /// It was carried out.
    Done,
    /// It was not.
    Refused,
    /// The client cannot say.
    Unknown,
}

/// A setting of a client that a scenario may choose, and rest on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumIter, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Setting {
    /// How far back each poll looks behind the last.
    Overlap,
    /// From one full list to the next.
    RelistEvery,
    /// After a gap this long the client lists again.
    LongestGap,
    /// How long the client waits for an answer.
    RequestTimeout,
    /// Requests a day that the client thinks it has.
    Quota,
}

impl Setting {
    /// Its name in the messages of the client protocol.
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::Overlap => "overlap_ms",
            Self::RelistEvery => "relist_ms",
            Self::LongestGap => "longest_gap_ms",
            Self::RequestTimeout => "timeout_ms",
            Self::Quota => "quota",
        }
    }

    /// The one of this name in the client protocol.
    #[must_use]
    pub fn of_member(name: &str) -> Option<Self> {
        Self::iter().find(|setting| setting.member() == name)
    }
}

/// The client's own name for one of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// Whether a value is what is meant where nothing is said, so that it need not be written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
