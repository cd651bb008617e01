//! Polls: what they ask from, and what a good one does.

use jiff::Timestamp;

use super::client::Machine;
use super::parts::difference::{self, Draft};
use super::pass::Pass;
use super::words::{Exchange, Job, Lane, Setback};
#[cfg(feature = "mistakes")]
use crate::mistake::Mistake;
use crate::wire::{self, Item, ItemList, Unreadable};

impl Machine {
    /// What the next poll asks from.
    pub(super) fn poll_asks(&self) -> Option<Timestamp> {
        Some(self.polls.not_yet_cached(self.cursor.ask()?))
    }

    /// Whether the answer's own date is before the date that was asked from: the server's clock
    /// was set back by more than the overlap.
    pub(super) fn asked_from_the_future(&self, job: &Job, exchange: &Exchange) -> bool {
        let asked = match job {
            Job::Poll => self.poll_asks(),
            Job::Verify => self.verify_asks(),
            _ => None,
        };
        matches!((exchange.date, asked), (Some(date), Some(asked)) if date < asked)
    }

    /// A poll came back with a success status.
    pub(super) fn polled(&mut self, exchange: &Exchange, body: &[u8]) {
        if exchange.cached {
            let setback = Setback::cached();
            return self.set_back(&Job::Poll, exchange, setback);
        }
        if self.flight.is_late(exchange) {
            return;
        }
        if let Some(asked_after) = self.polls.good {
            self.lists.end_watch(asked_after);
        }
        let list = match self.read_list(body, false) {
            Ok(list) => list,
            Err(problem) => {
                #[cfg(feature = "mistakes")]
                if self.config.mistakes.has(Mistake::HalfAppliedAnswer) {
                    let items = super::mistaken::items_before_the_cut(body);
                    self.put_in_place(self.drafted(&items), &items, exchange);
                }
                let setback = Setback::unreadable(problem);
                return self.set_back(&Job::Poll, exchange, setback);
            }
        };
        #[cfg(feature = "mistakes")]
        let list = {
            let ItemList { mut items, unreadable } = list;
            self.memory.hear(self.config.mistakes, &mut items, self.now.elapsed);
            ItemList { items, unreadable }
        };
        let known = &self.snapshot.websites;
        let draft = self.drafted(&list.items);
        let excess = self.bounds.excess_names(self.names_aside() + list.items.len());
        if let Some(excess) = excess.or_else(|| self.bounds.excess(known, draft.size())) {
            return self.set_back(&Job::Poll, exchange, Setback::over_bound(excess));
        }
        self.counters.odd_items += list.unreadable as u64;
        let idle = self.phase.pass().is_none();
        let polled = self.polls.good.is_some();
        let evidence = polled.then(|| self.lists.later_signs(&list.items, known, idle)).flatten();
        self.put_in_place(draft, &list.items, exchange);
        self.flight.applied(exchange);
        let told_too_little = self.asked_from_the_future(&Job::Poll, exchange)
            || self.cursor.asked_too_far_back(exchange);
        if !polled && told_too_little {
            // The cursor of an earlier life is ahead of a clock that was set back meanwhile (P11), or so old
            // by the server's clock that removals may be forgotten, whatever the local one said when that
            // life ended (C3): only a list confirms the set.
            self.recovered(Lane::Poll);
            return self.recover();
        }
        if self.cursor.jumped(exchange) {
            self.lists.clock_jumped();
        }
        if evidence.is_some_and(|evidence| self.lists.judge_later(&evidence, idle)) {
            self.counters.drifts += 1;
        }
        self.good_poll(exchange);
    }

    /// The items of a page's body (`of_page`), or of a differential's.
    #[cfg_attr(not(feature = "mistakes"), expect(clippy::unused_self, reason = "mistakes"))]
    pub(super) fn read_list(&self, body: &[u8], of_page: bool) -> Result<ItemList, Unreadable> {
        #[cfg(feature = "mistakes")]
        if let Some(wrong) = super::mistaken::read(self.config.mistakes, body, of_page) {
            return wrong;
        }
        wire::read_items(body, of_page)
    }

    /// Applies a differential's items to a draft.
    pub(super) fn apply_to(&self, items: &[Item], draft: &mut Draft) {
        #[cfg(feature = "mistakes")]
        if super::mistaken::applied(self.config.mistakes, items, draft) {
            return;
        }
        difference::apply(items, draft);
    }

    /// A copy of the set with a poll's items applied to it.
    fn drafted(&self, items: &[Item]) -> Draft {
        let mut draft = Draft::of(&self.snapshot.websites);
        self.apply_to(items, &mut draft);
        draft
    }

    /// Puts the draft of a poll's items in place.
    fn put_in_place(&mut self, draft: Draft, items: &[Item], exchange: &Exchange) {
        self.commit(draft, exchange);
        if let Some(pass) = self.phase.pass_mut() {
            pass.hear(items.iter().map(|item| item.id));
        }
    }

    /// How many websites differentials have named that are remembered beside the set.
    pub(super) fn names_aside(&self) -> usize {
        self.phase.pass().map_or(0, Pass::names) + self.lists.names() + self.saves.names()
    }

    /// A differential was wholly applied: now, and only now, the cursor moves.
    pub(super) fn good_poll(&mut self, exchange: &Exchange) {
        self.cursor.advance(exchange);
        self.counters.polls += 1;
        self.polls.cached = 0;
        self.polls.since_load = true;
        self.polls.good = Some(exchange.sent.elapsed);
        self.recovered(Lane::Poll);
        let next = exchange.sent.elapsed + self.poll_interval();
        self.polls.answered(exchange.number, self.now.elapsed, next);
        self.listener.hints.polled(exchange.number, exchange.sent.elapsed);
        self.own_writes.forget(self.now);
        #[cfg(feature = "mistakes")]
        for id in super::mistaken::reads_each(self.config.mistakes, &self.snapshot.websites) {
            self.saves.look_into(id, self.now.elapsed, false);
        }
    }
}
