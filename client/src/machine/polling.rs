//! Polls, and the check of the last load that the first polls after it repeat.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::FixedState;
use jiff::Timestamp;

use super::Machine;
use super::answers::Setback;
use super::loading::signs;
use super::parts::{Draft, Evidence, Exchange, Item, ItemKind, Lane, Trouble};
use super::schedule::Job;

impl Machine {
    /// What the next poll asks from: the cursor, and for every answer out of a cache in a row a
    /// millisecond less, so that the address is one that the cache has not seen (hazard C8).
    pub(super) fn poll_asks(&self) -> Option<Timestamp> {
        let ask = self.parts.cursor.ask()?;
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
            let setback = Setback::of(Trouble::Cached, "the answer came out of a cache");
            return self.set_back(&Job::Poll, exchange, setback);
        }
        if !self.parts.flight.accepts(exchange.number, self.newest_applied) {
            return;
        }
        let reading = self.parts.difference.read(body);
        self.counters.odd_items += reading.odd as u64;
        let evidence = self.watch_evidence(&reading.items);
        let mut draft = Draft::of(&self.snapshot.websites);
        if reading.problem.is_none() || !reading.items.is_empty() {
            self.parts.difference.apply(&reading.items, &mut draft);
            self.commit(draft, exchange);
            if let Some(run) = &mut self.run {
                run.hear(reading.items.iter().map(|item| item.id));
            }
        }
        if let Some(problem) = reading.problem {
            let setback = Setback::of(Trouble::Unreadable, problem);
            return self.set_back(&Job::Poll, exchange, setback);
        }
        self.newest_applied = self.newest_applied.max(exchange.number);
        // A cursor of an earlier life may be ahead of a clock that was set back meanwhile.
        let strayed = self.good_poll.is_none() && self.asked_from_the_future(&Job::Poll, exchange);
        if strayed || self.parts.cursor.jumped(exchange) {
            self.suspect = true;
            self.passes_in_doubt = 0;
        }
        if let Some(evidence) = evidence {
            self.judge_later(&evidence);
        }
        self.good_poll(exchange);
    }

    /// A differential was wholly applied: now, and only now, the cursor moves.
    pub(super) fn good_poll(&mut self, exchange: &Exchange) {
        self.parts.cursor.advance(exchange);
        self.counters.polls += 1;
        self.cached_asks = 0;
        self.polled_since_load = true;
        self.good_poll = Some(exchange.sent.elapsed);
        self.recovered(Lane::Poll);
        let interval = self.poll_interval();
        self.poll_due = self.poll_due.max(exchange.sent.elapsed + interval);
        self.become_ready();
        self.parts.own_writes.forget(self.now);
        for id in self.parts.pacing.reads_after_poll(&self.snapshot.websites) {
            self.look_into(id, self.now.elapsed, false);
        }
    }

    /// Rule 3: the signs of drift in a poll whose window reaches back into the load.
    fn watch_evidence(&mut self, items: &[Item]) -> Option<Evidence> {
        let asked_after = self.good_poll?;
        let watch = self.watch.as_mut()?;
        if asked_after > watch.until {
            self.watch = None;
            if !self.suspect {
                self.end_doubt();
            }
            return None;
        }
        let (mut evidence, rejoined) =
            signs(items, &self.snapshot.websites, &self.explained, &watch.learnt);
        evidence.later = true;
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
        if self.parts.load.drifted(evidence) && self.run.is_none() && !self.suspect {
            self.suspect = true;
            self.passes_in_doubt += 1;
            self.counters.drifts += 1;
        }
    }
}

/// Small sets of websites, looked up only.
pub(super) type Ids<V> = HashMap<crate::WebsiteId, V, FixedState>;

/// The end of the check for this load: polls that ask from before it reach into the load.
pub(super) fn watched_until(last: &Exchange, overlap: Duration) -> Duration {
    last.received.elapsed + overlap + Duration::from_secs(1)
}
