//! The names of the fourteen oracles.

use serde::{Deserialize, Serialize};

/// One of the fourteen things that are demanded of every client, whatever happens.
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
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(extend("x-name" = "the name of an oracle"))]
#[strum(serialize_all = "kebab-case")]
pub enum Rule {
    /// O1: after the last change and the last fault the cache becomes equal to the server.
    Converged,
    /// O2: the cache equals what the server held at one instant.
    Snapshot,
    /// O3: a field never goes back to an older value.
    Monotonic,
    /// O4: a removed website does not come back unless it was installed again.
    NoResurrection,
    /// O5: the cache never shows a value that the server never held.
    NoPhantom,
    /// O6: after a definite save the saved value, or a newer one, is what reads return.
    ReadYourWrites,
    /// O7: a retry of a save never overwrites a later change.
    NoLostUpdate,
    /// O8: when the client says that it is ready, no website that was there all along is missing.
    HonestReady,
    /// O9: while polls fail, the status says so, with an age that is never too young.
    HonestStatus,
    /// O10: no answer stops polling for good.
    Liveness,
    /// O11: retries are spaced out, and `Retry-After` silences the whole client.
    Pacing,
    /// O12: requests stay under a budget, also during an outage.
    Cost,
    /// O13: an answer that cannot be read changes nothing.
    Atomic,
    /// O14: after convergence the client settles to one poll per interval.
    Quiet,
}

impl Rule {
    /// All of them, O1 to O14.
    pub const ALL: [Self; 14] = [
        Self::Converged,
        Self::Snapshot,
        Self::Monotonic,
        Self::NoResurrection,
        Self::NoPhantom,
        Self::ReadYourWrites,
        Self::NoLostUpdate,
        Self::HonestReady,
        Self::HonestStatus,
        Self::Liveness,
        Self::Pacing,
        Self::Cost,
        Self::Atomic,
        Self::Quiet,
    ];

    /// The name as scenarios write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Its number in the research: O1 to O14.
    #[must_use]
    pub const fn number(self) -> usize {
        self as usize + 1
    }

    /// The rule of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// How grave a breach is: 0 is gravest. Wrong data outweighs a waste of requests.
    #[must_use]
    pub const fn harm(self) -> u8 {
        match self {
            Self::Converged
            | Self::Monotonic
            | Self::NoResurrection
            | Self::NoPhantom
            | Self::ReadYourWrites
            | Self::NoLostUpdate => 0,
            Self::Snapshot | Self::HonestReady | Self::Atomic => 1,
            Self::HonestStatus | Self::Liveness | Self::Pacing | Self::Cost | Self::Quiet => 2,
        }
    }
}
