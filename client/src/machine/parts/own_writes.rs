//! What an own save protects, and against which answers.

use std::time::Duration;

use crate::machine::event::Moment;
use crate::machine::words::{Exchange, Ids};
use crate::mistake::{Mistake, Mistakes};
use crate::{Config, WebsiteId};

/// Where a statement about a website comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A differential.
    Poll,
    /// A page of the list. The exchange is that of the first page of its pass.
    Page,
    /// The settings of that website alone.
    ReadBack,
}

/// What to do with a statement that contradicts the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    /// Believe it.
    Apply,
    /// Leave the website as it is, and read it alone at this time.
    ReadAt(Duration),
}

/// What the cache learnt of a website that is newer than what a poll may know: an own save was
/// confirmed, the website was read alone, or it was on a page of a list (hazards W1, A6).
///
/// Nothing sent before `settle` after that is believed about the website; until `overlap` after it
/// a contradiction is looked into; then everything is believed again. After a list only the first
/// of these holds: most of what polls tell later has changed since.
///
/// The window is measured by the clock that never jumps, from the arrival of the save's answer
/// to the *sending* of the other request: both ends are ours, so no server date, with its second
/// of resolution, comes into it.
#[derive(Clone, Debug)]
pub(crate) struct OwnWrites {
    settle: Duration,
    overlap: Duration,
    learnt: Ids<Duration>,
    /// When the last page of the list that is in place came.
    listed: Option<Duration>,
    mistakes: Mistakes,
}

impl OwnWrites {
    /// Nothing was written yet.
    pub(crate) fn new(config: &Config) -> Self {
        let Config { settle, overlap, mistakes, .. } = *config;
        Self {
            settle,
            overlap: overlap.max(settle),
            learnt: Ids::default(),
            listed: None,
            mistakes,
        }
    }

    /// An own save of this website was confirmed, or it was read alone.
    pub(crate) fn learnt(&mut self, website: WebsiteId, now: Moment) {
        self.learnt.insert(website, now.elapsed);
    }

    /// A list is in place, whose last page came at this time.
    pub(crate) fn listed(&mut self, at: Duration) {
        self.listed = Some(at);
    }

    /// Whether a statement that contradicts the cache may be applied.
    pub(crate) fn judge(&self, website: WebsiteId, said: &Exchange, source: Source) -> Touch {
        let believed = match source {
            Source::Poll => self.mistakes.has(Mistake::PollOverwritesOwnSave),
            Source::Page => self.mistakes.has(Mistake::RelistOverwritesOwnSave),
            Source::ReadBack => false,
        };
        if believed {
            return Touch::Apply;
        }
        let sent = said.sent.elapsed;
        let Some(&at) = self.learnt.get(&website) else {
            let lags = |at: &Duration| source == Source::Poll && sent < *at + self.settle;
            return match self.listed.filter(lags) {
                Some(at) => Touch::ReadAt(said.received.elapsed.max(at + self.settle)),
                None => Touch::Apply,
            };
        };
        // What a cache gives may be as old as the overlap, so it has to wait for that.
        let alone = source == Source::ReadBack && !said.cached;
        if sent >= at + self.overlap || (alone && sent >= at + self.settle) {
            return Touch::Apply;
        }
        Touch::ReadAt(said.received.elapsed.max(at + self.settle))
    }

    /// The websites that are protected.
    pub(crate) fn websites(&self) -> Vec<WebsiteId> {
        self.learnt.keys().copied().collect()
    }

    /// Drops what can no longer matter.
    pub(crate) fn forget(&mut self, now: Moment) {
        // A pass of the list that began earlier may still be under way: twice the time.
        let keep = self.overlap * 2;
        self.learnt.retain(|_, at| now.elapsed < *at + keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    const W: WebsiteId = WebsiteId::from_number(1);

    fn at(seconds: u64) -> Moment {
        Moment { elapsed: Duration::from_secs(seconds), wall: jiff::Timestamp::UNIX_EPOCH }
    }

    fn said(sent: u64) -> Exchange {
        Exchange { number: 1, sent: at(sent), received: at(sent), date: None, cached: false }
    }

    fn after_a_save_at_100() -> OwnWrites {
        let mut writes = OwnWrites::new(&Config::new(Credentials::new("id", "key")));
        writes.learnt(W, at(100));
        writes
    }

    #[test]
    fn a_website_that_was_never_written_is_not_protected() {
        let other = WebsiteId::from_number(2);
        assert_eq!(after_a_save_at_100().judge(other, &said(99), Source::Poll), Touch::Apply);
    }

    #[test]
    fn answers_from_before_the_save_has_settled_are_looked_into_when_it_has() {
        let writes = after_a_save_at_100();
        for source in [Source::Poll, Source::Page, Source::ReadBack] {
            let touch = writes.judge(W, &said(99), source);
            assert_eq!(touch, Touch::ReadAt(Duration::from_secs(105)), "{source:?}");
        }
    }

    #[test]
    fn within_the_overlap_only_a_read_back_is_believed() {
        let writes = after_a_save_at_100();
        assert_eq!(writes.judge(W, &said(106), Source::ReadBack), Touch::Apply);
        let now = Touch::ReadAt(Duration::from_secs(106));
        assert_eq!(writes.judge(W, &said(106), Source::Poll), now);
        assert_eq!(writes.judge(W, &said(220), Source::Poll), Touch::Apply);
    }

    #[test]
    fn a_read_back_out_of_a_cache_is_believed_when_no_cache_can_be_older_than_the_save() {
        let writes = after_a_save_at_100();
        let cached = |sent| Exchange { cached: true, ..said(sent) };
        let again = Touch::ReadAt(Duration::from_secs(106));
        assert_eq!(writes.judge(W, &cached(106), Source::ReadBack), again);
        let touch = writes.judge(W, &cached(220), Source::ReadBack);
        assert_eq!(touch, Touch::Apply);
    }

    #[test]
    fn a_poll_from_before_a_list_has_settled_is_looked_into_when_it_has() {
        let mut writes = OwnWrites::new(&Config::new(Credentials::new("id", "key")));
        writes.listed(Duration::from_secs(100));
        let later = Touch::ReadAt(Duration::from_secs(105));
        assert_eq!(writes.judge(W, &said(104), Source::Poll), later);
        assert_eq!(writes.judge(W, &said(104), Source::Page), Touch::Apply);
        assert_eq!(writes.judge(W, &said(105), Source::Poll), Touch::Apply);
    }

    #[test]
    fn protection_is_forgotten_long_after() {
        let mut writes = after_a_save_at_100();
        writes.forget(at(339));
        assert_eq!(writes.learnt.len(), 1);
        writes.forget(at(340));
        assert!(writes.learnt.is_empty());
    }
}
