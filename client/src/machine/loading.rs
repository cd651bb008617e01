//! The full list: page by page into a set aside, a differential over its window, one swap.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Machine;
use super::answers::Setback;
use super::parts::difference::Draft;
use super::parts::load::{Evidence, PASSES, PageSeen, PageStep};
use super::parts::{Exchange, Lane, Trouble};
use super::polling::{Ids, watched_until};
use super::publish::put_back;
use super::schedule::Job;
use crate::mistake::Mistake;
use crate::wire::{self, Item, ItemKind};
use crate::{Website, WebsiteId, Websites};

/// So many websites that a doubtful list lacks are asked for one by one; more would cost more
/// than the list.
const MOST_ASKED_ALONE: usize = 50;

/// So many websites more than there are may be on two pages before the list is taken to go round:
/// a server that does not heed the page number has no end.
const MOST_REPEATED: usize = 100;

/// One pass over the list.
#[derive(Debug)]
pub(super) struct LoadRun {
    fresh: Websites,
    page: u32,
    verifying: bool,
    empty_before: u32,
    /// A 404 on this page may mean the end of the list (quirk "past the end").
    missing: Option<u32>,
    /// Whether the page before is asked, to tell an end from an outage.
    probing: bool,
    cached_since: Option<Duration>,
    largest: usize,
    previous: usize,
    repeated: usize,
    short: usize,
    cost: u32,
    first: Option<Exchange>,
    last: Option<Exchange>,
    vanished_before: Option<Vec<WebsiteId>>,
    /// Websites of which polls told after their page, or without one: the cache knows better.
    heard: Ids<()>,
}

/// The check of the last load that polls repeat while they reach back into it (rule 3).
#[derive(Debug)]
pub(super) struct Watch {
    /// Polls whose cursor comes from an exchange sent after this are past the load.
    pub(super) until: Duration,
    /// Websites that were never on the pages: their leaving moved nothing.
    pub(super) learnt: Ids<()>,
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
    fn bears_cached(&mut self, exchange: &Exchange, overlap: Duration) -> bool {
        let now = exchange.received.elapsed;
        let since = *self.cached_since.get_or_insert(now);
        now.saturating_sub(since) >= overlap
    }

    fn goes_round(&self) -> bool {
        self.repeated > self.fresh.len() + MOST_REPEATED
    }

    /// Puts a page's items into the set aside.
    fn take(&mut self, items: &[Item], size: usize, exchange: &Exchange) -> PageSeen {
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

impl Machine {
    /// A page came back with a success status.
    pub(super) fn page_read(&mut self, page: u32, exchange: &Exchange, body: &[u8]) {
        let Some(run) = self.run.as_mut().filter(|run| run.wants_page() == Some(page)) else {
            return;
        };
        let list = match wire::read_items(body, true) {
            Ok(list) => list,
            Err(problem) => {
                let setback = Setback::of(Trouble::Unreadable, problem);
                return self.set_back(&Job::Page(page), exchange, setback);
            }
        };
        let size = list.items.len() + list.unreadable;
        // The second answer to an empty page may be the first one, cached meanwhile: then the
        // first came from the API itself, and that has to do.
        let confirms = size == 0 && run.empty_before > 0;
        if exchange.cached && !confirms && !run.bears_cached(exchange, self.config.overlap) {
            let setback = Setback::of(Trouble::Cached, "the page came out of a cache");
            return self.set_back(&Job::Page(page), exchange, setback);
        }
        run.cost += 1;
        self.counters.odd_items += list.unreadable as u64;
        if std::mem::take(&mut run.probing) {
            if size > 0 {
                return self.recovered(Lane::Load);
            }
            run.page = page;
        }
        let mut seen = run.take(&list.items, size, exchange);
        seen.last_end = self.last_end;
        self.recovered(Lane::Load);
        if self.config.mistakes.has(Mistake::PublishesPageByPage) && size > 0 {
            let websites = list.items.iter().map(|item| Website::clone(&item.website));
            websites.for_each(|website| self.put_one(website.id, Some(website)));
            self.say_ready();
        }
        let step = seen.step(self.config.mistakes);
        let Some(run) = &mut self.run else { return };
        match step {
            PageStep::Next if run.goes_round() => self.pages_ended(page, exchange),
            PageStep::Next => {
                run.page = run.page.saturating_add(1);
                run.empty_before = 0;
            }
            PageStep::Again => run.empty_before += 1,
            PageStep::End => self.pages_ended(page, exchange),
        }
    }

    /// A page answered 404. If the page before is there and this one is missing again, the list
    /// has ended; anything else is an outage. Says whether that settles the answer.
    pub(super) fn page_is_missing(&mut self, page: u32, exchange: &Exchange) -> bool {
        let overlap = self.config.overlap;
        let Some(run) = &mut self.run else {
            return false;
        };
        if run.wants_page() != Some(page) || page <= 1 {
            return false;
        }
        // Out of a cache it may be from before websites came. The second one may be the first,
        // cached meanwhile.
        let confirms = run.missing == Some(page);
        if exchange.cached && !confirms && !run.bears_cached(exchange, overlap) {
            let setback =
                Setback::of(Trouble::Cached, "that a page is missing came out of a cache");
            self.set_back(&Job::Page(page), exchange, setback);
            return true;
        }
        if run.probing {
            // The page before has gone too: an outage, or a list that shrank. Both need a new
            // pass, when the wait is over.
            *run = LoadRun::start();
            return false;
        }
        // Where the list ended last time, once is enough, as for an empty page.
        if run.missing != Some(page) && self.last_end != Some(page) {
            (run.missing, run.probing) = (Some(page), true);
            return true;
        }
        match run.last {
            Some(last) => {
                self.recovered(Lane::Load);
                self.pages_ended(page, &last);
                true
            }
            None => false,
        }
    }

    /// The pages are whole: on to the differential.
    pub(super) fn pages_ended(&mut self, page: u32, exchange: &Exchange) {
        let Some(run) = &mut self.run else { return };
        run.verifying = true;
        run.first.get_or_insert(*exchange);
        let last = *run.last.get_or_insert(*exchange);
        self.last_end = Some(page);
        if self.config.mistakes.has(Mistake::DropsChangesDuringLoad) {
            let websites = run.fresh.clone();
            let (said, doubts) = (Vec::new(), Vec::new());
            let set = Verified { websites, said, doubts };
            self.finish_load(set, &last);
        }
    }

    /// What the differential after the pages asks from: the *first* page (rule 1, hazard C1).
    pub(super) fn verify_asks(&self) -> Option<Timestamp> {
        let first = self.run.as_ref()?.first?;
        let ask = self.cursor.behind(&first);
        let less = jiff::SignedDuration::from_millis(i64::from(self.cached_asks.min(1000)));
        Some(ask.checked_sub(less).unwrap_or(ask))
    }

    /// The differential over the load's window came back with a success status.
    pub(super) fn verified(&mut self, exchange: &Exchange, body: &[u8]) {
        let Some(run) = self.run.as_ref().filter(|run| run.verifying) else {
            return;
        };
        if exchange.cached {
            let setback = Setback::of(Trouble::Cached, "the answer came out of a cache");
            return self.set_back(&Job::Verify, exchange, setback);
        }
        let fell_back = |first| self.cursor.fell_back(&first, exchange);
        if self.asked_from_the_future(&Job::Verify, exchange) || run.first.is_some_and(fell_back) {
            // It cannot know of changes that are stamped before what was asked for.
            self.recovered(Lane::Load);
            return self.start_list();
        }
        let list = match self.read_differential(body) {
            Ok(list) => list,
            Err(problem) => {
                let setback = Setback::of(Trouble::Unreadable, problem);
                return self.set_back(&Job::Verify, exchange, setback);
            }
        };
        self.counters.odd_items += list.unreadable as u64;
        let (signs, rejoined) = signs(&list.items, &run.fresh, &self.explained, &Ids::default());
        let mut listed = run.fresh.clone();
        for id in run.heard.keys() {
            put_back(&mut listed, *id, self.snapshot.websites.get(id));
        }
        let mut draft = Draft::of(&listed);
        self.apply_to(&list.items, &mut draft);
        let (mut websites, touched, mut doubts) = draft.finish();
        let vanished = vanished(&self.snapshot.websites, &websites, &list.items);
        let evidence = Evidence {
            repeated: run.repeated,
            short: run.short,
            vanished: vanished.len(),
            vanished_twice: run.vanished_before.as_ref() == Some(&vanished),
            ..signs
        };
        self.explained.extend(rejoined);
        if evidence.drifted(self.config.mistakes) {
            self.counters.drifts += 1;
            self.passes_in_doubt += 1;
            if self.passes_in_doubt < PASSES {
                self.recovered(Lane::Load);
                let mut next = LoadRun::start();
                next.vanished_before = Some(vanished);
                self.run = Some(next);
                return;
            }
            self.suspect = true;
            // What the cache has from before a long outage, and no page of two passes, has left.
            let left = self.recovering && evidence.vanished_twice;
            if vanished.len() <= MOST_ASKED_ALONE && !left {
                // The pages moved to the last, so being on none of them proves nothing (P1).
                for id in vanished {
                    if let Some(known) = self.snapshot.websites.get(&id) {
                        websites.insert(known.clone());
                    }
                    doubts.push(id);
                }
            }
        }
        let set = Verified { websites, said: touched, doubts };
        self.finish_load(set, exchange);
    }

    /// Swaps the set in.
    fn finish_load(&mut self, set: Verified, exchange: &Exchange) {
        let Some(run) = self.run.take() else { return };
        let first = run.first.unwrap_or(*exchange);
        let last = run.last.unwrap_or(*exchange);
        self.recovering = false;
        let Verified { websites, said, doubts } = set;
        self.replace(websites, &first, &said, exchange);
        for id in doubts {
            self.look_into(id, self.now.elapsed, true);
        }
        self.ledger.listed(run.cost);
        self.counters.lists += 1;
        self.relist_from = self.now.elapsed;
        let until = watched_until(&last, self.config.overlap);
        self.watch = Some(Watch { until, learnt: Ids::default() });
        self.newest_applied = self.newest_applied.max(exchange.number);
        self.recovered(Lane::Load);
        self.good_poll(exchange);
        self.polled_since_load = false;
    }
}

/// What a list and its differential gave.
struct Verified {
    websites: Websites,
    /// Websites of which the differential had the last word, sorted.
    said: Vec<WebsiteId>,
    /// Websites that are to be read alone.
    doubts: Vec<WebsiteId>,
}

/// Websites that came back, with the token they have now.
type Rejoined = Vec<(WebsiteId, Option<Box<str>>)>;

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
fn vanished(old: &Websites, new: &Websites, items: &[Item]) -> Vec<WebsiteId> {
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
