//! Polls, and the check of the last load that the first polls after it repeat.

use jiff::Timestamp;

use super::client::Machine;
use super::parts::difference::{self, Draft};
use super::parts::load::Evidence;
use super::pass::signs;
use super::words::{Exchange, Job, Lane, Setback};
use crate::mistake::Mistake;
use crate::wire::{self, Item, ItemKind, ItemList, Unreadable};

impl Machine {
    /// What the next poll asks from: the cursor, and for every answer out of a cache in a row a
    /// millisecond less, so that the address is one that the cache has not seen (hazard C8).
    pub(super) fn poll_asks(&self) -> Option<Timestamp> {
        let ask = self.cursor.ask()?;
        let less = jiff::SignedDuration::from_millis(i64::from(self.cached_asks.min(1000)));
        Some(ask.checked_sub(less).unwrap_or(ask))
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
        self.end_watch();
        let list = match self.read_differential(body) {
            Ok(list) => list,
            Err(problem) => {
                #[cfg(feature = "mistakes")]
                if self.config.mistakes.has(Mistake::HalfAppliedAnswer) {
                    self.apply(&super::mistaken::items_before_the_cut(body), exchange);
                }
                let setback = Setback::unreadable(problem);
                return self.set_back(&Job::Poll, exchange, setback);
            }
        };
        self.counters.odd_items += list.unreadable as u64;
        let evidence = self.watch_evidence(&list.items);
        self.apply(&list.items, exchange);
        self.flight.applied(exchange);
        // A cursor of an earlier life may be ahead of a clock that was set back meanwhile.
        let strayed = self.good_poll.is_none() && self.asked_from_the_future(&Job::Poll, exchange);
        if strayed || self.cursor.jumped(exchange) {
            self.suspect = true;
            self.passes_in_doubt = 0;
        }
        if let Some(evidence) = evidence {
            self.judge_later(&evidence);
        }
        self.good_poll(exchange);
    }

    /// The items of a differential's body.
    pub(super) fn read_differential(&self, body: &[u8]) -> Result<ItemList, Unreadable> {
        #[cfg(feature = "mistakes")]
        if let Some(wrong) = super::mistaken::read(self.config.mistakes, body) {
            return wrong;
        }
        wire::read_items(body, false)
    }

    /// Applies a differential's items to a draft.
    pub(super) fn apply_to(&self, items: &[Item], draft: &mut Draft) {
        #[cfg(feature = "mistakes")]
        if super::mistaken::applied(self.config.mistakes, items, draft) {
            return;
        }
        difference::apply(items, draft);
    }

    /// Applies a poll's items to a copy of the set, and puts that in place.
    fn apply(&mut self, items: &[Item], exchange: &Exchange) {
        let mut draft = Draft::of(&self.snapshot.websites);
        self.apply_to(items, &mut draft);
        self.commit(draft, exchange);
        if let Some(run) = &mut self.run {
            run.hear(items.iter().map(|item| item.id));
        }
    }

    /// A differential was wholly applied: now, and only now, the cursor moves.
    pub(super) fn good_poll(&mut self, exchange: &Exchange) {
        self.cursor.advance(exchange);
        self.counters.polls += 1;
        self.cached_asks = 0;
        self.polled_since_load = true;
        self.good_poll = Some(exchange.sent.elapsed);
        self.recovered(Lane::Poll);
        let interval = self.poll_interval();
        self.poll_due = self.poll_due.max(exchange.sent.elapsed + interval);
        self.become_ready();
        self.own_writes.forget(self.now);
        #[cfg(feature = "mistakes")]
        for id in super::mistaken::reads_each(self.config.mistakes, &self.snapshot.websites) {
            self.look_into(id, self.now.elapsed, false);
        }
    }

    /// Ends the check of the last load when the poll's window does not reach back into it.
    fn end_watch(&mut self) {
        let (Some(asked_after), Some(watch)) = (self.good_poll, &self.watch) else { return };
        if asked_after > watch.until {
            self.watch = None;
            if !self.suspect {
                self.end_doubt();
            }
        }
    }

    /// Rule 3: the signs of drift in a poll whose window reaches back into the load.
    fn watch_evidence(&mut self, items: &[Item]) -> Option<Evidence> {
        self.good_poll?;
        let watch = self.watch.as_mut()?;
        let (evidence, rejoined) =
            signs(items, &self.snapshot.websites, &self.explained, &watch.learnt);
        self.explained.extend(rejoined);
        for item in items.iter().filter(|item| !self.snapshot.websites.contains(&item.id)) {
            watch.learnt.insert(item.id, ());
            // With no list under way it came before the next one, which is told of it for as long
            // as the overlap. That is no sign that it came back while that one was read.
            if self.run.is_none() && item.difference != ItemKind::Removed {
                self.explained.insert(item.id, item.website.token.clone());
            }
        }
        Some(evidence)
    }

    fn judge_later(&mut self, evidence: &Evidence) {
        let mistakes = self.config.mistakes;
        if mistakes.has(Mistake::DriftCheckTooEarly) {
            return;
        }
        if evidence.drifted(mistakes) && self.run.is_none() && !self.suspect {
            self.suspect = true;
            self.passes_in_doubt += 1;
            self.counters.drifts += 1;
        }
    }
}
