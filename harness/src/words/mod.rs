//! The plain words that scenarios, clients, histories and oracles share. Nothing here depends on
//! another module of this crate.

mod rule;
mod spot;

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::Display;

pub use crisp_mock_server::fault::Side;
pub use rule::Rule;
pub use spot::Spot;

/// What the true time is at the start of every scenario.
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

/// The client's own name for one of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);
