//! When a list has ended, and when its pages have shifted while they were read.

use crate::mistake::{Mistake, Mistakes};

/// Passes in a row at most before the set is used although it is in doubt.
pub(crate) const PASSES: u32 = 3;

/// The same when the list is the only word on who is there; with the default waits between them,
/// the last one begins about 30 s after the first.
pub(crate) const PASSES_AFRESH: u32 = 8;

/// One page of the list that came back in order, empty or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageSeen {
    /// Its number.
    pub(crate) page: u32,
    /// How many items it has.
    pub(crate) items: usize,
    /// How many times this page was empty before, in a row.
    pub(crate) empty_before: u32,
    /// The number of the empty page that ended the last believed pass.
    pub(crate) last_end: Option<u32>,
}

/// What to do after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageStep {
    /// Ask for the next one.
    Next,
    /// Ask for this one again.
    Again,
    /// The list is whole.
    End,
}

impl PageSeen {
    /// The list goes on to an empty page, which is asked for twice unless the list ended there last
    /// time (hazard P6).
    pub(crate) fn step(&self, mistakes: Mistakes) -> PageStep {
        let short = self.items < 20 && mistakes.has(Mistake::StopsAtAShortPage);
        let tenth = self.page >= 10 && mistakes.has(Mistake::ReadsTenPages);
        if short || tenth || mistakes.has(Mistake::OnePageOnly) {
            return PageStep::End;
        }
        match self {
            Self { items: 1.., .. } => PageStep::Next,
            Self { empty_before: 0, .. } if self.last_end != Some(self.page) => PageStep::Again,
            _ => PageStep::End,
        }
    }
}

/// Signs that websites moved between pages while they were read, so that one may be missing
/// (hazard P1) although it never changed.
///
/// Why these signs and no others: with numbered pages over any fixed order, a website is skipped
/// only if the list gets shorter before the reading position, between two pages. So a website
/// that was already *read* has left (it is in the set and the differential calls it removed, or
/// it came back and is called added, or has a new token), or one that was put in before the
/// position has left again, and then the page read meanwhile repeated an item. An install
/// elsewhere, or the removal of a website not yet read, moves nothing past the position, and
/// costs no second pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// Websites that the pages show and the differential calls removed.
    pub(crate) removed: usize,
    /// Websites that the pages show and the differential calls added, or gives a new token:
    /// they may have left and come back. Those that already explained an earlier pass are not
    /// counted again.
    pub(crate) rejoined: usize,
    /// Websites that the pages show and the differential calls updated, where the list is the only
    /// word on who is there: each may have left and come back, or have been saved.
    pub(crate) updated: usize,
    /// Websites that would be signs if an earlier pass or poll had not been told the same: they may
    /// have left and come back once more.
    pub(crate) explained: usize,
    /// Websites that were on two pages.
    pub(crate) repeated: usize,
    /// Pages that were shorter than an earlier one and yet not the last.
    pub(crate) short: usize,
    /// Websites that the cache has or an earlier pass had, the pages do not, and no difference explains.
    pub(crate) vanished: usize,
    /// Whether exactly these websites were already missing from the pass before.
    pub(crate) vanished_twice: bool,
}

impl Evidence {
    /// Whether the signs are enough to read the list once more: any one is.
    pub(crate) fn drifted(&self, mistakes: Mistakes) -> bool {
        let vanished = self.vanished > 0 && !self.vanished_twice;
        (self.moved() || self.updated > 0 || vanished) && !mistakes.has(Mistake::NoDriftCheck)
    }

    /// Whether websites moved, rather than may have.
    pub(crate) fn moved(&self) -> bool {
        self.removed + self.rejoined + self.repeated + self.short > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty(page: u32, empty_before: u32, last_end: Option<u32>) -> PageSeen {
        PageSeen { page, items: 0, empty_before, last_end }
    }

    #[test]
    fn an_empty_page_ends_the_list_only_when_it_is_so_twice_or_where_it_was_last_time() {
        let step = |seen: PageSeen| seen.step(Mistakes::NONE);
        assert_eq!(step(empty(3, 0, None)), PageStep::Again);
        assert_eq!(step(empty(3, 1, None)), PageStep::End);
        assert_eq!(step(empty(3, 0, Some(3))), PageStep::End);
        assert_eq!(step(empty(2, 0, Some(3))), PageStep::Again);
    }

    #[test]
    fn a_short_page_is_not_the_end() {
        let seen = PageSeen { items: 1, ..empty(1, 0, None) };
        assert_eq!(seen.step(Mistakes::NONE), PageStep::Next);
    }

    #[test]
    fn every_single_sign_is_drift_and_none_is_not() {
        let drifted = |evidence: &Evidence| evidence.drifted(Mistakes::NONE);
        let none = Evidence::default();
        assert!(!drifted(&none));
        assert!(drifted(&Evidence { removed: 1, ..none.clone() }));
        assert!(drifted(&Evidence { rejoined: 1, ..none.clone() }));
        assert!(drifted(&Evidence { updated: 1, ..none.clone() }));
        assert!(drifted(&Evidence { repeated: 1, ..none.clone() }));
        assert!(drifted(&Evidence { short: 1, ..none.clone() }));
        assert!(drifted(&Evidence { vanished: 1, ..none.clone() }));
        assert!(!drifted(&Evidence { vanished: 1, vanished_twice: true, ..none }));
    }
}
