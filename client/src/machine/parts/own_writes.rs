//! What an own save protects, and against which answers.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::FixedState;

use super::Exchange;
use crate::machine::Moment;
use crate::{Config, WebsiteId};

/// Where a statement about a website comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A differential.
    Poll,
    /// A page of the list. The exchange is that of the first page of its pass.
    Page,
    /// The settings of that website alone.
    ReadBack,
}

/// What to do with a statement that contradicts the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// Believe it.
    Apply,
    /// Leave the website as it is, and read it alone at this time.
    ReadAt(Duration),
}

/// What to do about a save of which nobody knows whether it was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unclear {
    /// Read the website, then decide.
    ReadBack,
    /// Pretend that it was.
    TakeAsDone,
    /// Send it again.
    SendAgain,
}

/// **Unstable.** Decides between own saves and what the API says (research rules 8, 9, 10).
pub trait OwnWrites: Send {
    /// The cache learnt something newer about this website than a poll could know: an own save
    /// was confirmed, or the website was read alone.
    fn learnt(&mut self, website: WebsiteId, now: Moment);

    /// Whether a contradiction may be applied.
    fn judge(&mut self, website: WebsiteId, said: &Exchange, source: Source) -> Touch;

    /// What follows a save without a definite answer.
    fn unclear(&self) -> Unclear {
        Unclear::ReadBack
    }

    /// Whether a save shows in the cache when it is sent, before anybody has confirmed it.
    fn shows_before_answer(&self) -> bool {
        false
    }

    /// Whether a confirmed save is written although newer answers were applied while it was
    /// under way. The reference reads the website back instead.
    fn writes_late(&self) -> bool {
        false
    }

    /// Drops what can no longer matter.
    fn forget(&mut self, now: Moment);
}

/// The reference: nothing sent before `settle` after the save is believed about the website;
/// until `overlap` after it a contradiction is looked into; then all is as ever.
///
/// The window is measured by the clock that never jumps, from the arrival of the save's answer
/// to the *sending* of the other request: both ends are ours, so no server date, with its second
/// of resolution, comes into it.
#[derive(Clone, Debug)]
pub struct SettledWrites {
    settle: Duration,
    overlap: Duration,
    learnt: HashMap<WebsiteId, Duration, FixedState>,
}

impl SettledWrites {
    /// Nothing was written yet.
    pub fn new(config: &Config) -> Self {
        let overlap = config.overlap.max(config.settle);
        Self { settle: config.settle, overlap, learnt: HashMap::default() }
    }
}

impl OwnWrites for SettledWrites {
    fn learnt(&mut self, website: WebsiteId, now: Moment) {
        self.learnt.insert(website, now.elapsed);
    }

    fn judge(&mut self, website: WebsiteId, said: &Exchange, source: Source) -> Touch {
        let Some(&at) = self.learnt.get(&website) else {
            return Touch::Apply;
        };
        let sent = said.sent.elapsed;
        // What a cache gives may be as old as the overlap, so it has to wait for that.
        let alone = source == Source::ReadBack && !said.cached;
        if sent >= at + self.overlap || (alone && sent >= at + self.settle) {
            return Touch::Apply;
        }
        Touch::ReadAt(said.received.elapsed.max(at + self.settle))
    }

    fn forget(&mut self, now: Moment) {
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

    fn after_a_save_at_100() -> SettledWrites {
        let mut writes = SettledWrites::new(&Config::new(Credentials::new("id", "key")));
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
        let mut writes = after_a_save_at_100();
        for source in [Source::Poll, Source::Page, Source::ReadBack] {
            let touch = writes.judge(W, &said(99), source);
            assert_eq!(touch, Touch::ReadAt(Duration::from_secs(105)), "{source:?}");
        }
    }

    #[test]
    fn within_the_overlap_only_a_read_back_is_believed() {
        let mut writes = after_a_save_at_100();
        assert_eq!(writes.judge(W, &said(106), Source::ReadBack), Touch::Apply);
        let now = Touch::ReadAt(Duration::from_secs(106));
        assert_eq!(writes.judge(W, &said(106), Source::Poll), now);
        assert_eq!(writes.judge(W, &said(220), Source::Poll), Touch::Apply);
    }

    #[test]
    fn a_read_back_out_of_a_cache_is_believed_when_no_cache_can_be_older_than_the_save() {
        let mut writes = after_a_save_at_100();
        let cached = |sent| Exchange { cached: true, ..said(sent) };
        let again = Touch::ReadAt(Duration::from_secs(106));
        assert_eq!(writes.judge(W, &cached(106), Source::ReadBack), again);
        let touch = writes.judge(W, &cached(220), Source::ReadBack);
        assert_eq!(touch, Touch::Apply);
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
