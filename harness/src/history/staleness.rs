//! What a server hides by its quirks.

use std::time::Duration;

use crisp_mock_server::quirks::MergeDepth;

/// How stale an answer may be because of the quirks that are on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AllowedStaleness {
    /// How long a change may stay invisible to the differential.
    pub since_lag: Duration,
    /// How long a change may stay invisible to the list.
    pub list_lag: Duration,
    /// How long an answer may be kept in a cache.
    pub cache: Duration,
    /// How deep a PATCH merges: one that would change nothing is as good as carried out.
    pub merge_depth: MergeDepth,
}

impl AllowedStaleness {
    /// The longest time for which any answer may be behind the truth.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.since_lag.max(self.list_lag).max(self.cache)
    }
}
