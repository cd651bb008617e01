//! One pass over the list, and the signs that websites moved between its pages.

use std::sync::Arc;
use std::time::Duration;

use super::parts::load::{Evidence, PageSeen};
use super::words::{Exchange, Ids};
use crate::wire::{Item, ItemKind};
use crate::{Website, WebsiteId, Websites};

/// So many websites more than there are may be on two pages before the list is taken to go round:
/// a server that does not heed the page number has no end.
const MOST_REPEATED: usize = 100;

/// One pass over the list.
#[derive(Debug)]
pub(super) struct LoadRun {
    pub(super) fresh: Websites,
    pub(super) page: u32,
    pub(super) verifying: bool,
    pub(super) empty_before: u32,
    /// A 404 on this page may mean the end of the list (quirk "past the end").
    pub(super) missing: Option<u32>,
    /// Whether the page before is asked, to tell an end from an outage.
    pub(super) probing: bool,
    pub(super) cached_since: Option<Duration>,
    pub(super) largest: usize,
    pub(super) previous: usize,
    pub(super) repeated: usize,
    pub(super) short: usize,
    pub(super) cost: u32,
    pub(super) first: Option<Exchange>,
    pub(super) last: Option<Exchange>,
    pub(super) vanished_before: Option<Vec<WebsiteId>>,
    /// Websites of which polls told after their page, or without one: the cache knows better.
    pub(super) heard: Ids<()>,
}

/// The check of the last load that polls repeat while they reach back into it (rule 3).
#[derive(Debug)]
pub(super) struct Watch {
    /// Polls whose cursor comes from an exchange sent after this are past the load.
    pub(super) until: Duration,
    /// Websites that were never on the pages: their leaving moved nothing.
    pub(super) learnt: Ids<()>,
}

impl Watch {
    /// The check of a load whose last page came in this exchange.
    pub(super) fn after(last: &Exchange, overlap: Duration) -> Self {
        let until = last.received.elapsed + overlap + Duration::from_secs(1);
        Self { until, learnt: Ids::default() }
    }
}

impl LoadRun {
    pub(super) fn start() -> Self {
        Self {
            fresh: Websites::default(),
            page: 1,
            verifying: false,
            empty_before: 0,
            missing: None,
            probing: false,
            cached_since: None,
            largest: 0,
            previous: 0,
            repeated: 0,
            short: 0,
            cost: 1,
            first: None,
            last: None,
            vanished_before: None,
            heard: Ids::default(),
        }
    }

    /// A poll told of these websites while the list was under way. The signs of drift are still
    /// read off the pages, so the set aside is not touched.
    pub(super) fn hear(&mut self, ids: impl Iterator<Item = WebsiteId>) {
        self.heard.extend(ids.map(|id| (id, ())));
    }

    pub(super) fn is_verifying(&self) -> bool {
        self.verifying
    }

    /// The page that is wanted next; `None` when it is the differential's turn.
    pub(super) fn wants_page(&self) -> Option<u32> {
        match (self.verifying, self.probing) {
            (true, _) => None,
            (false, true) => Some(self.page.saturating_sub(1)),
            (false, false) => Some(self.page),
        }
    }

    /// A pass that began too long ago is worth nothing: removals since may be forgotten.
    pub(super) fn is_older_than(&self, limit: Duration, now: Duration) -> bool {
        self.first.is_some_and(|first| now.saturating_sub(first.sent.elapsed) > limit)
    }

    pub(super) fn forget_probe(&mut self) {
        (self.missing, self.probing) = (None, false);
    }

    /// Whether a page out of a cache has to be taken after all, since it is out of a cache for
    /// longer than a cache within the envelope lives.
    pub(super) fn bears_cached(&mut self, exchange: &Exchange, overlap: Duration) -> bool {
        let now = exchange.received.elapsed;
        let since = *self.cached_since.get_or_insert(now);
        now.saturating_sub(since) >= overlap
    }

    pub(super) fn goes_round(&self) -> bool {
        self.repeated > self.fresh.len() + MOST_REPEATED
    }

    /// Puts a page's items into the set aside.
    pub(super) fn take(&mut self, items: &[Item], size: usize, exchange: &Exchange) -> PageSeen {
        let known = items.iter().filter(|item| self.fresh.contains(&item.id)).count();
        for item in items {
            self.heard.remove(&item.id);
            self.fresh.insert(item.website.clone());
        }
        if size > 0 {
            // The page before was not the last after all, and yet it was short.
            let full = self.largest.max(size);
            self.short += usize::from(self.previous > 0 && self.previous < full);
            self.previous = size;
            self.largest = self.largest.max(size);
        }
        self.repeated += known;
        self.first.get_or_insert(*exchange);
        self.last = Some(*exchange);
        self.cached_since = None;
        PageSeen { page: self.page, items: size, empty_before: self.empty_before, last_end: None }
    }
}

/// Websites that came back, with the token they have now.
pub(super) type Rejoined = Vec<(WebsiteId, Option<Box<str>>)>;

/// The signs of drift in a differential, against the set that the pages gave; and the websites
/// that came back, with the token they have now.
pub(super) fn signs(
    items: &[Item],
    listed: &Websites,
    explained: &Ids<Option<Box<str>>>,
    learnt: &Ids<()>,
) -> (Evidence, Rejoined) {
    let mut evidence = Evidence::default();
    let mut rejoined = Rejoined::new();
    let mut said: Vec<(WebsiteId, usize)> =
        items.iter().enumerate().map(|(position, item)| (item.id, position)).collect();
    said.sort_unstable();
    for group in said.chunk_by(|one, two| one.0 == two.0) {
        let (id, last) = group[group.len() - 1];
        let Some(known) = listed.get(&id).filter(|_| !learnt.contains_key(&id)) else {
            continue;
        };
        let item = &items[last];
        if item.difference == ItemKind::Removed {
            evidence.removed += 1;
            continue;
        }
        let news = |&(_, position): &(WebsiteId, usize)| {
            matches!(items[position].difference, ItemKind::Added | ItemKind::Removed)
        };
        let token = &item.website.token;
        let renewed = token.is_some() && *token != known.token;
        if (renewed || group.iter().any(news)) && explained.get(&id) != Some(token) {
            evidence.rejoined += 1;
            rejoined.push((id, token.clone()));
        }
    }
    (evidence, rejoined)
}

/// Websites that the cache has and the new set does not, without a difference that says so.
pub(super) fn vanished(old: &Websites, new: &Websites, items: &[Item]) -> Vec<WebsiteId> {
    let lost = |website: &&Arc<Website>| !new.contains(&website.id);
    let mut ids: Vec<_> = old.iter().filter(lost).map(|website| website.id).collect();
    if !ids.is_empty() {
        let removed: Ids<()> = items
            .iter()
            .filter(|item| item.difference == ItemKind::Removed)
            .map(|item| (item.id, ()))
            .collect();
        ids.retain(|id| !removed.contains_key(id));
    }
    ids.sort_unstable();
    ids
}
