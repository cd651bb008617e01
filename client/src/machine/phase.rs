//! Which state the machine is in, with what belongs to that state alone.

use super::pass::Pass;

/// The state of the machine. [`State`](super::State) is what is told of it: it splits `Loading` by
/// whether the pages are whole, and `Following` by whether the last poll failed.
#[derive(Debug)]
pub(super) enum Phase {
    /// No complete set is in the cache: the first list is being read. No polls.
    Loading(Pass),
    /// The cache is complete and polls keep it so.
    Following,
    /// Polls go on while the list is read again.
    Relisting(Pass),
    /// The list is read again because polls may have missed something (rule 7). No polls until
    /// the new set is in place.
    Recovering(Pass),
}

impl Phase {
    /// Whether a complete set is in the cache, however old.
    pub(super) fn is_loaded(&self) -> bool {
        !matches!(self, Self::Loading(_))
    }

    /// Whether the polls are suspended until a new list is in place.
    pub(super) fn is_recovering(&self) -> bool {
        matches!(self, Self::Recovering(_))
    }

    /// Whether the list that is read is the only word on who is there: polls have not kept the
    /// cache up to now, or there is none.
    pub(super) fn lists_afresh(&self) -> bool {
        matches!(self, Self::Loading(_) | Self::Recovering(_))
    }

    /// Whether polls are sent.
    pub(super) fn polls(&self) -> bool {
        matches!(self, Self::Following | Self::Relisting(_))
    }

    /// The pass over the list that is under way.
    pub(super) fn pass(&self) -> Option<&Pass> {
        match self {
            Self::Loading(pass) | Self::Relisting(pass) | Self::Recovering(pass) => Some(pass),
            Self::Following => None,
        }
    }

    /// The pass over the list that is under way, to go on with.
    pub(super) fn pass_mut(&mut self) -> Option<&mut Pass> {
        match self {
            Self::Loading(pass) | Self::Relisting(pass) | Self::Recovering(pass) => Some(pass),
            Self::Following => None,
        }
    }

    /// Begins this pass in place of the one that is under way, if any.
    pub(super) fn begin(&mut self, pass: Pass) {
        match self.pass_mut() {
            Some(under_way) => *under_way = pass,
            None => *self = Self::Relisting(pass),
        }
    }

    /// Suspends the polls until the pass that is under way is in place. Without a pass, or without
    /// a first set, nothing changes.
    pub(super) fn suspend_polls(&mut self) {
        *self = match std::mem::replace(self, Self::Following) {
            Self::Relisting(pass) => Self::Recovering(pass),
            other => other,
        };
    }

    /// Ends the pass: its set is in place, and polls go on from it.
    pub(super) fn follow(&mut self) {
        *self = Self::Following;
    }
}
