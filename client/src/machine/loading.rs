//! The full list: page by page into a set aside, a differential over its window, one swap.

use jiff::Timestamp;

use super::client::Machine;
use super::parts::difference::Draft;
use super::parts::load::{Evidence, PASSES, PageStep};
use super::pass::{LoadRun, Watch, signs, vanished};
use super::publish::put_back;
use super::words::{Exchange, Ids, Job, Lane, Setback, Trouble};
use crate::mistake::Mistake;
use crate::wire;
use crate::{Website, WebsiteId, Websites};

/// So many websites that a doubtful list lacks are asked for one by one; more would cost more
/// than the list.
const MOST_ASKED_ALONE: usize = 50;

impl Machine {
    /// A page came back with a success status.
    pub(super) fn page_read(&mut self, page: u32, exchange: &Exchange, body: &[u8]) {
        let Some(run) = self.run.as_mut().filter(|run| run.wants_page() == Some(page)) else {
            return;
        };
        let list = match wire::read_items(body, true) {
            Ok(list) => list,
            Err(problem) => {
                let setback = Setback::unreadable(problem);
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
            let setback = Setback::cached();
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
                let setback = Setback::unreadable(problem);
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
        self.watch = Some(Watch::after(&last, self.config.overlap));
        self.flight.applied(exchange);
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
