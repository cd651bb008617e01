//! The progress of a search as seen from outside, and its early end.

use super::Tally;
use crate::candidate::TimeLeft;

/// Watches a search from outside, and may end it.
pub trait Watch: Sync {
    /// A case was judged; called from many threads.
    fn judged(&self, _tally: Tally) {}

    /// Another part of it begins.
    fn begins(&self, _phase: Phase) {}

    /// Whether this part has taken long enough. Asked before each case.
    fn is_over(&self) -> bool {
        false
    }

    /// Whether the search has to end at once.
    fn is_stopped(&self) -> bool {
        false
    }

    /// How much time is left; none when `enough` was found.
    fn left(&self, enough: bool) -> TimeLeft {
        if enough || self.is_stopped() {
            TimeLeft::None
        } else if self.is_over() {
            TimeLeft::ToConfirm
        } else {
            TimeLeft::Enough
        }
    }
}

/// The parts of a search, each with a time of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// What was found before, and the corpus, with so many scenarios.
    Corpus(usize),
    /// Random cases.
    Random,
    /// All cases within a bound, so many of them.
    All(u64),
    /// A failure is made smaller.
    Shrinking,
    /// What is left of it has to fail again.
    Confirming,
}

/// A search that is not watched and never ended early.
impl Watch for () {}
