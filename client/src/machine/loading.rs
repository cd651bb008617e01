//! The full list: page by page into a set aside, a differential over its window, one swap.

use jiff::Timestamp;

use super::client::Machine;
use super::lists::Doubtful;
use super::parts::Excess;
use super::parts::difference::Draft;
use super::pass::{Missing, Pass};
use super::words::{Exchange, Job, Lane, Setback, Trouble};
use crate::mistake::Mistake;
use crate::wire::Item;
use crate::{Website, WebsiteId, Websites};

/// So many websites that a doubtful list lacks are asked for one by one; more would cost more
/// than the list.
const MOST_ASKED_ALONE: usize = 50;

impl Machine {
    /// A page came back with a success status.
    pub(super) fn page_read(&mut self, page: u32, exchange: &Exchange, body: &[u8]) {
        let read = self.read_list(body, true);
        let Some(pass) = self.phase.pass_mut().filter(|pass| pass.wants_page() == Some(page))
        else {
            return;
        };
        let list = match read {
            Ok(list) => list,
            Err(problem) => {
                let setback = Setback::unreadable(problem);
                return self.set_back(&Job::Page(page), exchange, setback);
            }
        };
        let size = list.items.len() + list.unreadable;
        if pass.distrusts(size, exchange, self.config.overlap) {
            let setback = Setback::of(Trouble::Cached, "the page came out of a cache");
            return self.set_back(&Job::Page(page), exchange, setback);
        }
        self.counters.odd_items += list.unreadable as u64;
        #[cfg(feature = "mistakes")]
        self.memory.hear_page(&list.items, self.now.elapsed);
        let mistakes = self.config.mistakes;
        let whole = pass.take(&list.items, size, exchange, self.lists.end(), mistakes);
        if let Some(excess) = self.bounds.excess(&self.snapshot.websites, pass.size()) {
            return self.list_is_over(excess);
        }
        self.recovered(Lane::Load);
        if mistakes.has(Mistake::PublishesPageByPage) && size > 0 {
            let websites = list.items.iter().map(|item| Website::clone(&item.website));
            websites.for_each(|website| self.put_one(website.id, Some(website)));
            self.say_ready();
        }
        if whole {
            self.pages_ended(page, exchange);
        }
    }

    /// A page answered 404. Says whether that settles the answer; if not, it is a failure.
    pub(super) fn page_is_missing(&mut self, page: u32, exchange: &Exchange) -> bool {
        let asked = |pass: &&mut Pass| page > 1 && pass.wants_page() == Some(page);
        let Some(pass) = self.phase.pass_mut().filter(asked) else { return false };
        match pass.page_is_missing(self.lists.end(), exchange, self.config.overlap) {
            Missing::Cached => {
                let problem = "that a page is missing came out of a cache";
                self.set_back(&Job::Page(page), exchange, Setback::of(Trouble::Cached, problem));
                true
            }
            Missing::Probe => true,
            Missing::End => {
                self.recovered(Lane::Load);
                self.pages_ended(page, exchange);
                true
            }
            Missing::Outage => false,
        }
    }

    /// The pages are whole: on to the differential. `exchange` is that of the last page if the
    /// pass has seen no other.
    pub(super) fn pages_ended(&mut self, page: u32, exchange: &Exchange) {
        let Some(pass) = self.phase.pass_mut() else { return };
        let last = pass.pages_ended(exchange);
        self.lists.ended(page);
        if self.config.mistakes.has(Mistake::DropsChangesDuringLoad) {
            let websites = pass.pages().clone();
            let (said, doubts) = (Vec::new(), Vec::new());
            let set = Verified { websites, said, doubts };
            self.finish_load(set, &last);
        }
    }

    /// What the differential after the pages asks from: the *first* page (rule 1, hazard C1).
    pub(super) fn verify_asks(&self) -> Option<Timestamp> {
        let first = self.phase.pass()?.first()?;
        Some(self.polls.not_yet_cached(self.cursor.behind(&first)))
    }

    /// The differential over the load's window came back with a success status.
    pub(super) fn verified(&mut self, exchange: &Exchange, body: &[u8]) {
        let Some(pass) = self.phase.pass().filter(|pass| pass.is_verifying()) else { return };
        if exchange.cached {
            let setback = Setback::cached();
            return self.set_back(&Job::Verify, exchange, setback);
        }
        let fell_back = |first| self.cursor.fell_back(&first, exchange);
        if self.asked_from_the_future(&Job::Verify, exchange) || pass.first().is_some_and(fell_back)
        {
            // It cannot know of changes that are stamped before what was asked for.
            self.recovered(Lane::Load);
            return self.start_list();
        }
        let list = match self.read_list(body, false) {
            Ok(list) => list,
            Err(problem) => {
                let setback = Setback::unreadable(problem);
                return self.set_back(&Job::Verify, exchange, setback);
            }
        };
        if let Some(excess) = self.bounds.excess_names(self.names_aside() + list.items.len()) {
            return self.list_is_over(excess);
        }
        self.counters.odd_items += list.unreadable as u64;
        let cached = &self.snapshot.websites;
        let mut draft = Draft::of(&pass.listed(cached));
        self.apply_to(&list.items, &mut draft);
        let (mut websites, touched, doubts) = draft.finish();
        // Where the answer's last word is that the website lives, one reading is no proof.
        let gone = |id| (id, !websites.contains(&id));
        let mut doubts: Vec<_> = doubts.into_iter().map(gone).collect();
        let vanished = pass.vanished(cached, &websites, &list.items, self.config.overlap);
        let afresh = self.phase.lists_afresh();
        let signs = self.lists.signs(&list.items, pass.pages(), afresh);
        let evidence = pass.evidence(signs, &vanished);
        if evidence.drifted(self.config.mistakes) {
            self.counters.drifts += 1;
            let cost = pass.cost();
            self.ledger.listed(cost);
            // Where the list is the only word on who is there, what its pages missed would be
            // missing from the cache.
            let patience = afresh && evidence.moved() && !pass.goes_round() && self.affords_list();
            match self.lists.drifted(patience) {
                Doubtful::Again => {
                    self.recovered(Lane::Load);
                    return self.list_again(vanished, &list.items, exchange);
                }
                Doubtful::Later => {
                    self.recovered(Lane::Load);
                    self.list_is_in_vain("its pages moved while they were read", Trouble::Network);
                    return self.list_again(vanished, &list.items, exchange);
                }
                Doubtful::Used => {}
            }
            if vanished.len() <= MOST_ASKED_ALONE {
                // The pages moved to the last, so being on none of them proves nothing (P1).
                for id in vanished {
                    if let Some(known) = self.snapshot.websites.get(&id) {
                        websites.insert(known.clone());
                    }
                    doubts.push((id, true));
                }
            }
        } else if afresh && evidence.explained > 0 {
            self.lists.explained_away();
        }
        if let Some(excess) = self.bounds.excess(&self.snapshot.websites, websites.size()) {
            return self.list_is_over(excess);
        }
        let set = Verified { websites, said: touched, doubts };
        self.finish_load(set, exchange);
    }

    /// Another pass begins, after one that lacked these websites and whose differential had these
    /// items.
    fn list_again(&mut self, vanished: Vec<WebsiteId>, items: &[Item], differential: &Exchange) {
        if let Some(pass) = self.phase.pass_mut() {
            *pass = pass.again(vanished, items, differential);
        }
    }

    /// The list is over a bound: nothing of it is used, and it is read again after a wait that
    /// grows until a list fits, however good the pages are until then.
    fn list_is_over(&mut self, excess: Excess) {
        self.recovered(Lane::Load);
        let Setback { trouble, error, .. } = Setback::over_bound(excess);
        self.counters.failures += 1;
        self.counters.over_bound += 1;
        self.list_is_in_vain(&error, trouble);
        self.phase.begin(Pass::start());
    }

    /// The list is not used, and the next one waits.
    fn list_is_in_vain(&mut self, reason: &str, trouble: Trouble) {
        self.list_error = Some(format!("list: {reason}"));
        self.last_error.clone_from(&self.list_error);
        self.waits.failed(Lane::List, trouble, None, self.now.elapsed);
    }

    /// Swaps the set in.
    fn finish_load(&mut self, set: Verified, exchange: &Exchange) {
        let Some(pass) = self.phase.pass() else { return };
        let (first, last) = pass.ends().unwrap_or((*exchange, *exchange));
        self.ledger.listed(pass.cost());
        let Verified { websites, said, doubts } = set;
        self.replace(websites, &first, &said, exchange);
        self.own_writes.listed(last.received.elapsed);
        for (id, said_gone) in doubts {
            self.saves.look_into(id, self.now.elapsed, said_gone);
        }
        self.lists.placed(&last, self.now.elapsed, self.phase.lists_afresh());
        self.phase.follow();
        self.counters.lists += 1;
        self.flight.applied(exchange);
        self.list_error = None;
        self.waits.succeeded(Lane::List);
        self.recovered(Lane::Load);
        // The polls that show whether the pages moved come at the usual interval, events or not.
        self.polls.due = self.polls.due.min(self.now.elapsed);
        self.good_poll(exchange);
        self.polls.since_load = false;
    }
}

/// What a list and its differential gave.
struct Verified {
    websites: Websites,
    /// Websites of which the differential had the last word, sorted.
    said: Vec<WebsiteId>,
    /// Websites that are to be read alone, and whether the list or its differential has them no more.
    doubts: Vec<(WebsiteId, bool)>,
}
