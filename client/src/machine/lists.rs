//! When the list is read again, and what is remembered from one list to the next.

use std::time::Duration;

use super::drift::{Told, signs};
use super::parts::load::{Evidence, PASSES, PASSES_AFRESH};
use super::words::{Exchange, Ids};
use crate::mistake::{Mistake, Mistakes};
use crate::wire::{Item, ItemKind};
use crate::{Website, Websites};

/// A differential's window begins with a second of the server's that is known to the second only.
const WINDOW_EDGE: Duration = Duration::from_secs(2);

/// So many lists in a row may be in doubt before the next ones come more slowly: with the default
/// overlap eight minutes of trouble, after which the set is right within the convergence bound.
const PATIENT: u32 = 3;

/// What is done with the set of a pass that showed drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubtful {
    /// Nothing: the list is read again at once.
    Again,
    /// Nothing: the list is read again after a wait that grows.
    Later,
    /// It is used, although it is in doubt.
    Used,
}

/// Whether the set in the cache is in doubt, and since when the next list counts.
#[derive(Debug)]
pub(super) struct Lists {
    overlap: Duration,
    mistakes: Mistakes,
    /// When the last list was begun or put in place, whichever was later.
    last: Duration,
    /// The page at which the last list ended.
    end: Option<u32>,
    /// Whether the set is in doubt: the list is read again as soon as the quota allows it.
    suspect: bool,
    /// Passes in a row that were in doubt.
    passes_in_doubt: u32,
    /// Lists in a row that began after the passes were used up.
    late: u32,
    /// Websites whose coming, or coming back, was seen before this pass, with what was said of them.
    explained: Ids<Told>,
    watch: Option<Watch>,
}

/// The check of the last load that polls repeat while they reach back into it (rule 3).
#[derive(Debug)]
struct Watch {
    /// Polls whose cursor comes from an exchange sent after this are past the load.
    until: Duration,
    /// Websites that were never on the pages: their leaving moved nothing.
    learnt: Ids<()>,
    /// Whether the list was the only word on who is there.
    afresh: bool,
}

impl Lists {
    pub(super) fn new(overlap: Duration, mistakes: Mistakes, now: Duration) -> Self {
        Self {
            overlap,
            mistakes,
            last: now,
            end: None,
            suspect: false,
            passes_in_doubt: 0,
            late: 0,
            explained: Ids::default(),
            watch: None,
        }
    }

    /// Whether nothing speaks against the set, and no poll reaches back into its load.
    pub(super) fn is_verified(&self) -> bool {
        !self.suspect && self.watch.is_none()
    }

    /// The page at which the last list ended.
    pub(super) fn end(&self) -> Option<u32> {
        self.end
    }

    /// The pages of a list ended with this one.
    pub(super) fn ended(&mut self, page: u32) {
        self.end = Some(page);
    }

    /// How many websites are remembered of differentials.
    pub(super) fn names(&self) -> usize {
        self.explained.len() + self.watch.as_ref().map_or(0, |watch| watch.learnt.len())
    }

    /// A list begins.
    pub(super) fn begin(&mut self, now: Duration) {
        self.suspect = false;
        self.last = now;
    }

    /// A list is in place; its last page came in this exchange. `afresh`: it was the only word on
    /// who is there.
    pub(super) fn placed(&mut self, last_page: &Exchange, now: Duration, afresh: bool) {
        self.last = now;
        let until = last_page.received.elapsed + self.overlap + Duration::from_secs(1);
        self.watch = Some(Watch { until, learnt: Ids::default(), afresh });
    }

    /// When the last list was begun or put in place.
    #[cfg(feature = "replicas")]
    pub(super) fn last(&self) -> Duration {
        self.last
    }

    /// The last list was that of another machine.
    #[cfg(feature = "replicas")]
    pub(super) fn go_on_from(&mut self, last: Duration) {
        self.last = last;
    }

    /// Something contradicts the set.
    pub(super) fn suspect(&mut self) {
        self.suspect = true;
    }

    /// The server's clock jumped: the set is in doubt, and earlier passes say nothing of that.
    pub(super) fn clock_jumped(&mut self) {
        self.suspect = true;
        self.passes_in_doubt = 0;
    }

    /// A pass showed drift: what to do with its set. With `patience` there are [`PASSES_AFRESH`].
    pub(super) fn drifted(&mut self, patience: bool) -> Doubtful {
        self.passes_in_doubt += 1;
        if self.passes_in_doubt < PASSES {
            return Doubtful::Again;
        }
        if patience && self.passes_in_doubt < PASSES_AFRESH {
            return Doubtful::Later;
        }
        self.suspect = true;
        Doubtful::Used
    }

    /// A pass agrees only because earlier ones explain what its differential tells: its set is used,
    /// and the list is read again when nothing of that is in the differential's window any more.
    pub(super) fn explained_away(&mut self) {
        (self.suspect, self.passes_in_doubt) = (true, PASSES);
    }

    /// Earlier doubts no longer count.
    pub(super) fn end_doubt(&mut self) {
        (self.passes_in_doubt, self.late) = (0, 0);
        self.explained.clear();
    }

    /// When the next list begins, if it can be afforded: an `interval` after the last one, or
    /// earlier when the set is in doubt. The first passes after a doubt begin at once. When they
    /// are used up, what made them doubtful (a list that lags, a website that leaves and comes
    /// back) is likely to go on for a while: a list follows when nothing of it is in the
    /// differential's window any more, with passes of its own. After [`PATIENT`] such lists in a
    /// row the time doubles.
    pub(super) fn due(&self, interval: Duration, now: Duration) -> Duration {
        let regular = self.last.saturating_add(interval);
        if !self.suspect {
            return regular;
        }
        if self.passes_in_doubt < PASSES {
            return now;
        }
        let doubled = 2_u32.saturating_pow(self.late.saturating_sub(PATIENT).min(20));
        let calm = self.overlap.saturating_add(WINDOW_EDGE);
        let wait = calm.saturating_mul(doubled);
        self.last.saturating_add(wait).min(regular)
    }

    /// The list that was [`due`](Self::due) begins: a regular one ends the doubt, one after the
    /// passes were used up has passes of its own.
    pub(super) fn begin_due(&mut self, interval: Duration, now: Duration) {
        if !self.suspect || now >= self.last.saturating_add(interval) {
            self.end_doubt();
        } else if self.passes_in_doubt >= PASSES {
            self.passes_in_doubt = 0;
            self.late = self.late.saturating_add(1);
        }
        self.begin(now);
    }

    /// The signs of drift in the differential after the pages. `afresh`: the list is the only word
    /// on who is there.
    pub(super) fn signs(&mut self, items: &[Item], listed: &Websites, afresh: bool) -> Evidence {
        let none = Ids::default();
        let (evidence, rejoined) =
            signs(items, listed, &self.explained, &none, afresh, |_, _| afresh);
        self.explained.extend(rejoined);
        evidence
    }

    /// Ends the check of the last load when the window of a poll, whose cursor comes from an
    /// exchange sent at `asked_after`, does not reach back into it.
    pub(super) fn end_watch(&mut self, asked_after: Duration) {
        if self.watch.as_ref().is_some_and(|watch| asked_after > watch.until) {
            self.watch = None;
            if !self.suspect {
                self.end_doubt();
            }
        }
    }

    /// Rule 3: the signs of drift in a poll whose window reaches back into the load, compared with
    /// the set before the poll. `idle`: no list is under way.
    pub(super) fn later_signs(
        &mut self,
        items: &[Item],
        known: &Websites,
        idle: bool,
    ) -> Option<Evidence> {
        let watch = self.watch.as_mut()?;
        // A save since then differs from what the list gave; what came back with all it had does not.
        let afresh = watch.afresh;
        let same = |item: &Item, known: &Website| afresh && *item.website == *known;
        let (evidence, rejoined) = signs(items, known, &self.explained, &watch.learnt, false, same);
        self.explained.extend(rejoined);
        for item in items.iter().filter(|item| !known.contains(&item.id)) {
            watch.learnt.insert(item.id, ());
            // With no list under way it came before the next one, which is told of it for as long
            // as the overlap. That is no sign that it came back while that one was read.
            if idle && item.difference != ItemKind::Removed {
                self.explained.insert(item.id, Told::by(item, true));
            }
        }
        Some(evidence)
    }

    /// Judges the signs in a poll. Says whether they put the set in doubt that was not before.
    pub(super) fn judge_later(&mut self, evidence: &Evidence, idle: bool) -> bool {
        let judges = idle && !self.suspect && !self.mistakes.has(Mistake::DriftCheckTooEarly);
        let doubtful = judges && evidence.drifted(self.mistakes);
        if doubtful {
            self.suspect = true;
            self.passes_in_doubt += 1;
        }
        doubtful
    }
}
