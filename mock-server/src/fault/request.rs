//! What faults need to know of a request, and the name of an armed fault.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::Method;
use serde::{Deserialize, Serialize};

use crate::id::WebsiteId;
use crate::operation::Operation;

/// What a request is, as far as faults are concerned.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// Its operation.
    pub operation: Operation,
    /// The page of a `list`, as the API numbers them (no page and page 0 mean the first).
    pub page: Option<u32>,
    /// The website in its path.
    pub website: Option<WebsiteId>,
    /// Its method.
    pub method: &'a Method,
    /// When it arrives, since the start or reset of the world.
    pub elapsed: Duration,
}

/// The name of an armed fault, for the control API; never used twice between two resets.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
pub struct FaultId(pub u64);

impl fmt::Display for FaultId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for FaultId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
