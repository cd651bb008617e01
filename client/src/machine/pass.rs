//! One pass over the list: its pages, aside from the cache, until a differential has confirmed them.

use std::time::Duration;

use super::parts::load::{Evidence, PageSeen, PageStep};
use super::words::{Exchange, Ids, put_back};
use crate::mistake::Mistakes;
use crate::website::Size;
use crate::wire::{Item, ItemKind};
use crate::{WebsiteId, Websites};

/// So many websites more than there are may be on two pages before the list is taken to go round:
/// a server that does not heed the page number has no end.
const MOST_REPEATED: usize = 100;

/// One pass over the list: the set of its pages, aside from the cache, until a differential has
/// confirmed it.
#[derive(Debug)]
pub(super) struct Pass {
    fresh: Websites,
    /// The page that is read, or was missing.
    page: u32,
    /// How many times in a row that page was empty.
    empty_before: u32,
    stage: Stage,
    /// A 404 on this page may mean the end of the list (quirk "past the end").
    missing: Option<u32>,
    /// Since when its pages come out of a cache.
    cached_since: Option<Duration>,
    /// Whether the parameters of the pages' addresses stand in the other order.
    turned: bool,
    largest: usize,
    previous: usize,
    repeated: usize,
    short: usize,
    /// Items without an identifier that could be read.
    unreadable: usize,
    /// Requests that this pass took, its differential included.
    cost: u32,
    /// The exchanges of its first page and of its last.
    ends: Option<(Exchange, Exchange)>,
    /// What the pass before lacked of the cache, and of the passes before it.
    vanished_before: Option<Vec<WebsiteId>>,
    /// Websites that were on the pages of earlier passes.
    seen_before: Ids<()>,
    /// Websites that the differentials of earlier passes called removed, and when they were asked.
    told_gone: Ids<Duration>,
    /// Websites of which polls told after their page, or without one: the cache knows better.
    heard: Ids<()>,
}

/// How far a pass is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The page is asked.
    Pages,
    /// The page is missing: the one before is asked, to tell an end from an outage.
    Probe,
    /// The pages are whole; the differential is read.
    Verify,
}

/// What a missing page means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The answer came out of a cache, which may be older than the page.
    Cached,
    /// The page before is asked next.
    Probe,
    /// The list has ended.
    End,
    /// It is a failure like any other.
    Outage,
}

impl Pass {
    pub(super) fn start() -> Self {
        Self {
            fresh: Websites::default(),
            page: 1,
            empty_before: 0,
            stage: Stage::Pages,
            missing: None,
            cached_since: None,
            turned: false,
            largest: 0,
            previous: 0,
            repeated: 0,
            short: 0,
            unreadable: 0,
            cost: 1,
            ends: None,
            vanished_before: None,
            seen_before: Ids::default(),
            told_gone: Ids::default(),
            heard: Ids::default(),
        }
    }

    /// The pass after this one, which lacked these websites, and whose differential had these items.
    pub(super) fn again(
        &mut self,
        vanished: Vec<WebsiteId>,
        items: &[Item],
        differential: &Exchange,
    ) -> Self {
        let mut seen_before = std::mem::take(&mut self.seen_before);
        seen_before.extend(self.fresh.iter().map(|website| (website.id, ())));
        let mut told_gone = std::mem::take(&mut self.told_gone);
        told_gone.extend(removed(items).map(|id| (id, differential.sent.elapsed)));
        Self { vanished_before: Some(vanished), seen_before, told_gone, ..Self::start() }
    }

    /// Websites that the cache has, or an earlier pass had, and the new set does not, without a
    /// difference that says so: in these items, or in those of an earlier pass that was asked within
    /// `overlap` of this one. Had the website come back since, these items would tell.
    pub(super) fn vanished(
        &self,
        cached: &Websites,
        new: &Websites,
        items: &[Item],
        overlap: Duration,
    ) -> Vec<WebsiteId> {
        let cached = cached.iter().map(|website| website.id);
        let known = cached.chain(self.seen_before.keys().copied());
        let mut ids: Vec<_> = known.filter(|id| !new.contains(id)).collect();
        if !ids.is_empty() {
            let first = self.first().map_or(Duration::ZERO, |first| first.sent.elapsed);
            let earlier = self.told_gone.iter().filter(|(_, at)| first < **at + overlap);
            let told: Ids<()> =
                removed(items).chain(earlier.map(|(id, _)| *id)).map(|id| (id, ())).collect();
            ids.retain(|id| !told.contains_key(id));
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// A poll told of these websites while the list was under way. The signs of drift are still
    /// read off the pages, so the set aside is not touched.
    pub(super) fn hear(&mut self, ids: impl Iterator<Item = WebsiteId>) {
        self.heard.extend(ids.map(|id| (id, ())));
    }

    pub(super) fn is_verifying(&self) -> bool {
        self.stage == Stage::Verify
    }

    /// The page that is wanted next; `None` when it is the differential's turn.
    pub(super) fn wants_page(&self) -> Option<u32> {
        match self.stage {
            Stage::Pages => Some(self.page),
            Stage::Probe => Some(self.page.saturating_sub(1)),
            Stage::Verify => None,
        }
    }

    /// Has the pages asked at other addresses than before, which mean the same: a cache answered
    /// 304 to the last one.
    pub(super) fn turn_address(&mut self) {
        self.turned = !self.turned;
    }

    /// Whether the parameters of the pages' addresses stand in the other order.
    pub(super) fn is_turned(&self) -> bool {
        self.turned
    }

    /// A pass that began too long ago is worth nothing: removals since may be forgotten.
    pub(super) fn is_older_than(&self, limit: Duration, now: Duration) -> bool {
        self.first().is_some_and(|first| now.saturating_sub(first.sent.elapsed) > limit)
    }

    /// The exchange of the first page.
    pub(super) fn first(&self) -> Option<Exchange> {
        self.ends.map(|(first, _)| first)
    }

    /// The exchanges of the first page and of the last.
    pub(super) fn ends(&self) -> Option<(Exchange, Exchange)> {
        self.ends
    }

    /// Requests that this pass took, its differential included.
    pub(super) fn cost(&self) -> u32 {
        self.cost
    }

    /// A page failed: whether the one before it is there has to be asked anew.
    pub(super) fn forget_probe(&mut self) {
        self.missing = None;
        if self.stage == Stage::Probe {
            self.stage = Stage::Pages;
        }
    }

    /// Whether a page out of a cache is to be asked for again. A second empty page may be the
    /// first one, cached meanwhile: then the first came from the API itself, and that has to do.
    pub(super) fn distrusts(
        &mut self,
        size: usize,
        exchange: &Exchange,
        overlap: Duration,
    ) -> bool {
        let confirms = size == 0 && self.empty_before > 0;
        exchange.cached && !confirms && !self.bears_cached(exchange, overlap)
    }

    /// Whether a page out of a cache has to be taken after all, since it is out of a cache for
    /// longer than a cache within the envelope lives.
    fn bears_cached(&mut self, exchange: &Exchange, overlap: Duration) -> bool {
        let now = exchange.received.elapsed;
        let since = *self.cached_since.get_or_insert(now);
        now.saturating_sub(since) >= overlap
    }

    /// A page that was asked for answered 404. If the page before is there and this one is missing
    /// again, or the last list ended here, the list has ended; anything else is an outage.
    pub(super) fn page_is_missing(
        &mut self,
        last_end: Option<u32>,
        exchange: &Exchange,
        overlap: Duration,
    ) -> Missing {
        let page = self.wants_page();
        // Out of a cache it may be from before websites came. The second one may be the first,
        // cached meanwhile.
        let confirms = self.missing == page;
        if exchange.cached && !confirms && !self.bears_cached(exchange, overlap) {
            return Missing::Cached;
        }
        if self.stage == Stage::Probe {
            // The page before has gone too: an outage, or a list that shrank. Both need a new
            // pass, when the wait is over.
            *self = Self::start();
            return Missing::Outage;
        }
        // Where the list ended last time, once is enough, as for an empty page.
        if !confirms && last_end != page {
            (self.missing, self.stage) = (page, Stage::Probe);
            return Missing::Probe;
        }
        if self.ends.is_some() { Missing::End } else { Missing::Outage }
    }

    /// The pages are whole, and the differential is next. Gives the exchange of the last page;
    /// `exchange` is that, if there was no other.
    pub(super) fn pages_ended(&mut self, exchange: &Exchange) -> Exchange {
        self.stage = Stage::Verify;
        self.ends.get_or_insert((*exchange, *exchange)).1
    }

    /// Puts a page's items into the set aside. Says whether the pages are whole with it.
    pub(super) fn take(
        &mut self,
        items: &[Item],
        size: usize,
        exchange: &Exchange,
        last_end: Option<u32>,
        mistakes: Mistakes,
    ) -> bool {
        self.cost += 1;
        self.unreadable += size.saturating_sub(items.len());
        if self.stage == Stage::Probe {
            self.stage = Stage::Pages;
            if size > 0 {
                return false;
            }
            self.page = self.page.saturating_sub(1);
        }
        self.repeated += items.iter().filter(|item| self.fresh.contains(&item.id)).count();
        for item in items {
            self.heard.remove(&item.id);
            self.fresh.insert(item.website.clone());
        }
        if size > 0 {
            // The page before was not the last after all, and yet it was short.
            let full = self.largest.max(size);
            self.short += usize::from(self.previous > 0 && self.previous < full);
            self.previous = size;
            self.largest = full;
        }
        self.ends = Some((self.first().unwrap_or(*exchange), *exchange));
        self.cached_since = None;
        let Self { page, empty_before, .. } = *self;
        let seen = PageSeen { page, items: size, empty_before, last_end };
        match seen.step(mistakes) {
            PageStep::Next => {
                if self.goes_round() {
                    return true;
                }
                self.page = self.page.saturating_add(1);
                self.empty_before = 0;
            }
            PageStep::Again => self.empty_before += 1,
            PageStep::End => return true,
        }
        false
    }

    /// Whether the pages have no end.
    pub(super) fn goes_round(&self) -> bool {
        self.repeated > self.fresh.len() + MOST_REPEATED
    }

    /// How much the pages held so far. An item without an identifier is a website, too, or a list of
    /// nothing else would have no end.
    pub(super) fn size(&self) -> Size {
        let Size { websites, bytes } = self.fresh.size();
        Size { websites: websites + self.unreadable, bytes }
    }

    /// How many websites polls have told of meanwhile, and earlier passes as removed.
    pub(super) fn names(&self) -> usize {
        self.heard.len() + self.told_gone.len()
    }

    /// The set of the pages alone.
    pub(super) fn pages(&self) -> &Websites {
        &self.fresh
    }

    /// The set of the pages, with those websites as the cache has them of which polls told later.
    pub(super) fn listed(&self, cached: &Websites) -> Websites {
        let mut listed = self.fresh.clone();
        for id in self.heard.keys() {
            put_back(&mut listed, *id, cached.get(id));
        }
        listed
    }

    /// The signs of drift in the pages, beside those in the differential. `vanished` are websites
    /// that the cache has, or an earlier pass had, and this pass lacks.
    pub(super) fn evidence(&self, differential: Evidence, vanished: &[WebsiteId]) -> Evidence {
        Evidence {
            repeated: self.repeated,
            short: self.short,
            vanished: vanished.len(),
            vanished_twice: self.vanished_before.as_deref() == Some(vanished),
            ..differential
        }
    }
}

/// The websites that a differential calls removed.
fn removed(items: &[Item]) -> impl Iterator<Item = WebsiteId> {
    items.iter().filter(|item| item.difference == ItemKind::Removed).map(|item| item.id)
}
