//! How the whole list is read, and when it is believed.

/// One page of the list that came back in order, empty or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSeen {
    /// Its number.
    pub page: u32,
    /// How many items it has.
    pub items: usize,
    /// How many of them were on an earlier page of this pass.
    pub repeated: usize,
    /// The size of the largest page of this pass so far.
    pub largest: usize,
    /// How many times this page was empty before, in a row.
    pub empty_before: u32,
    /// The number of the empty page that ended the last believed pass.
    pub last_end: Option<u32>,
}

/// What to do after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageStep {
    /// Ask for the next one.
    Next,
    /// Ask for this one again.
    Again,
    /// The list is whole.
    End,
}

/// Signs that websites moved between pages while they were read, so that one may be missing
/// (hazard P1) although it never changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Websites that the pages show and the differential calls removed.
    pub removed: usize,
    /// Websites that the pages show and the differential calls added, or gives a new token:
    /// they may have left and come back. Those that already explained an earlier pass are not
    /// counted again.
    pub rejoined: usize,
    /// Websites that were on two pages.
    pub repeated: usize,
    /// Pages that were shorter than an earlier one and yet not the last.
    pub short: usize,
    /// Websites that the cache has, the pages do not, and no difference explains.
    pub vanished: usize,
    /// Whether exactly these websites were already missing from the pass before.
    pub vanished_twice: bool,
    /// Whether this is a poll some time after the load, whose window reaches back into it.
    pub later: bool,
}

/// When readers see what is being loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publishing {
    /// In one step, when the load is verified.
    WhenVerified,
    /// As pages come.
    PageByPage,
}

/// **Unstable.** Decides how pages become a set (research rules 1, 2, 3, 7).
pub trait Load: Send {
    /// The number of the first page.
    fn first_page(&self) -> u32 {
        1
    }

    /// Whether only configured websites are asked for (hazard P9: no).
    fn configured_only(&self) -> bool {
        false
    }

    /// What follows a page that came.
    fn after_page(&mut self, seen: &PageSeen) -> PageStep;

    /// What follows a page that failed, apart from waiting.
    fn after_failure(&mut self, _page: u32) -> PageStep {
        PageStep::Again
    }

    /// Whether a differential over the load's window follows the last page.
    fn verifies(&self) -> bool {
        true
    }

    /// Whether the signs are enough to read the list once more.
    fn drifted(&self, evidence: &Evidence) -> bool;

    /// How many passes in a row at most, before the set is used although it is in doubt.
    fn passes(&self) -> u32 {
        3
    }

    /// When readers see the set.
    fn publishing(&self) -> Publishing {
        Publishing::WhenVerified
    }

    /// Whether the cache calls itself ready before it is loaded.
    fn ready_from_start(&self) -> bool {
        false
    }

    /// Whether a re-list leaves in the cache what it did not find.
    fn keeps_unlisted(&self) -> bool {
        false
    }
}

/// The reference: to an empty page, asked for twice unless it is where it was last time;
/// verified; read again at every sign of drift.
///
/// Why these signs and no others: with numbered pages over any fixed order, a website is skipped
/// only if the list gets shorter before the reading position, between two pages. So a website
/// that was already *read* has left (it is in the set and the differential calls it removed, or
/// it came back and is called added, or has a new token), or one that was put in before the
/// position has left again, and then the page read meanwhile repeated an item. An install
/// elsewhere, or the removal of a website not yet read, moves nothing past the position, and
/// costs no second pass.
#[derive(Clone, Copy, Debug, Default)]
pub struct CarefulLoad;

impl Load for CarefulLoad {
    fn after_page(&mut self, seen: &PageSeen) -> PageStep {
        match seen {
            PageSeen { items: 1.., .. } => PageStep::Next,
            PageSeen { empty_before: 0, .. } if seen.last_end != Some(seen.page) => PageStep::Again,
            _ => PageStep::End,
        }
    }

    fn drifted(&self, evidence: &Evidence) -> bool {
        let vanished = evidence.vanished > 0 && !evidence.vanished_twice;
        let moved = evidence.removed + evidence.rejoined + evidence.repeated + evidence.short > 0;
        moved || vanished
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn empty(page: u32, empty_before: u32, last_end: Option<u32>) -> PageSeen {
        PageSeen { page, items: 0, repeated: 0, largest: 20, empty_before, last_end }
    }

    #[test]
    fn an_empty_page_ends_the_list_only_when_it_is_so_twice_or_where_it_was_last_time() {
        let mut load = CarefulLoad;
        assert_eq!(load.after_page(&empty(3, 0, None)), PageStep::Again);
        assert_eq!(load.after_page(&empty(3, 1, None)), PageStep::End);
        assert_eq!(load.after_page(&empty(3, 0, Some(3))), PageStep::End);
        assert_eq!(load.after_page(&empty(2, 0, Some(3))), PageStep::Again);
    }

    #[test]
    fn a_short_page_is_not_the_end() {
        let seen = PageSeen { items: 1, ..empty(1, 0, None) };
        assert_eq!(CarefulLoad.after_page(&seen), PageStep::Next);
    }

    #[test]
    fn every_single_sign_is_drift_and_none_is_not() {
        let load = CarefulLoad;
        let none = Evidence::default();
        assert!(!load.drifted(&none));
        assert!(load.drifted(&Evidence { removed: 1, ..none.clone() }));
        assert!(load.drifted(&Evidence { rejoined: 1, ..none.clone() }));
        assert!(load.drifted(&Evidence { repeated: 1, ..none.clone() }));
        assert!(load.drifted(&Evidence { short: 1, ..none.clone() }));
        assert!(load.drifted(&Evidence { vanished: 1, ..none.clone() }));
        assert!(!load.drifted(&Evidence { vanished: 1, vanished_twice: true, ..none }));
    }
}
