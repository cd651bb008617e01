//! Saves, and reads of single websites.
//!
//! A save is *done* (2xx with a good envelope), *refused* (4xx, or it never left), or unclear.
//! An unclear one is never sent again: the website is read back, at once and once more when the
//! save has settled, and what is read decides (hazard W5, research rule 8).

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::client::Machine;
use super::event::{Action, Failure, How, Refusal, SaveOutcome};
use super::parts::{Source, Touch};
use super::words::{Exchange, Job, Lane, OpenSave, Read, Save, Setback, Trouble};
use crate::mistake::Mistake;
use crate::wire;
use crate::{Website, WebsiteId};

impl Machine {
    /// The first save that may be sent: one at a time for each website, in the order of orders.
    pub(super) fn next_save(&self) -> Option<usize> {
        let busy = |website: &WebsiteId| {
            self.flight.count(|job| matches!(job, Job::Save(s) if s.website == *website)) > 0
                || self.reads.get(website).is_some_and(|read| read.save.is_some())
        };
        self.saves.iter().position(|save| !busy(&save.website))
    }

    pub(super) fn open_saves(&self) -> usize {
        let in_flight = self.flight.count(|job| matches!(job, Job::Save(_)));
        let reading = self.reads.values().filter(|read| read.save.is_some()).count();
        self.saves.len() + in_flight + reading
    }

    /// A save was answered.
    pub(super) fn save_answered(
        &mut self,
        save: Save,
        status: StatusCode,
        body: &[u8],
        overtaken: bool,
    ) {
        if status.is_success() {
            return match wire::confirmed(body) {
                Ok(()) => self.save_done(save, overtaken),
                Err(problem) => self.save_unclear(save, problem.to_string()),
            };
        }
        let refused = wire::refusal(status.as_u16(), body);
        if Trouble::of(status) == Trouble::Server {
            return self.save_unclear(save, refused.to_string());
        }
        if status == StatusCode::NOT_FOUND {
            // The website may have left: the next poll knows.
            self.poll_due = self.now.elapsed;
        }
        self.end_save(&save, SaveOutcome::Refused(Refusal::Api(refused)));
    }

    /// A save got no whole answer.
    pub(super) fn save_failed(&mut self, save: Save, failure: Failure) {
        match failure {
            Failure::Connect => self.end_save(&save, SaveOutcome::Refused(Refusal::NotSent)),
            Failure::Timeout | Failure::Broken => self.save_unclear(save, failure.to_string()),
        }
    }

    fn save_done(&mut self, save: Save, overtaken: bool) {
        self.own_writes.learnt(save.website, self.now);
        let known = self.snapshot.websites.contains(&save.website);
        // After a PATCH the whole is unknown: the depth of the merge is not documented, and an
        // operator may have edited other members meanwhile (W3, W4). A website that is not in
        // the cache lacks its token.
        if save.how == How::Put && known && !overtaken {
            self.show(&save);
            return self.end_save(&save, SaveOutcome::Done);
        }
        self.read_back(save, None);
    }

    fn save_unclear(&mut self, save: Save, problem: String) {
        if self.config.mistakes.has(Mistake::TimeoutIsSuccess) {
            self.show(&save);
            return self.end_save(&save, SaveOutcome::Done);
        }
        if self.config.mistakes.has(Mistake::RepeatsSavesBlindly) {
            self.hold_lane(Lane::Read, Trouble::Server, None);
            return self.saves.push_front(save);
        }
        self.read_back(save, Some(problem));
    }

    fn read_back(&mut self, save: Save, problem: Option<String>) {
        let since = self.now.elapsed;
        let read = self.reads.entry(save.website).or_insert_with(|| Read::due(since));
        read.due = since;
        read.cached_since = None;
        read.save = Some(OpenSave { save, problem, since });
    }

    /// Shows a save in the cache as far as it can be known without asking.
    pub(super) fn show(&mut self, save: &Save) {
        let known = self.snapshot.websites.get(&save.website);
        if let Some(website) = known.and_then(|known| save.over(known)) {
            self.put_one(save.website, Some(website));
        }
    }

    /// A website as a list has it, under a definite save that is still being read back.
    pub(super) fn with_own_save(&self, listed: Arc<Website>) -> Arc<Website> {
        let open = self.reads.get(&listed.id).and_then(|read| read.save.as_ref());
        // What a PATCH made of the whole is not guessed: that may be a state that never was (W4).
        let definite = open.filter(|open| open.problem.is_none() && open.save.how == How::Put);
        definite.and_then(|open| open.save.over(&listed)).map_or(listed, Arc::new)
    }

    fn end_save(&mut self, save: &Save, outcome: SaveOutcome) {
        match outcome {
            SaveOutcome::Done => self.counters.saves_done += 1,
            SaveOutcome::Refused(_) => self.counters.saves_refused += 1,
            SaveOutcome::Unknown { .. } => self.counters.saves_unknown += 1,
        }
        self.actions.push(Action::SaveEnded { ticket: save.ticket, outcome });
    }

    /// A website was read alone.
    pub(super) fn website_read(&mut self, id: WebsiteId, exchange: &Exchange, body: &[u8]) {
        let Some(read) = self.reads.get_mut(&id) else {
            return;
        };
        if exchange.cached {
            let since = *read.cached_since.get_or_insert(self.now.elapsed);
            if self.now.elapsed.saturating_sub(since) < self.config.overlap {
                let setback = Setback::cached();
                return self.set_back(&Job::Read(id), exchange, setback);
            }
        }
        let held = match wire::read_subscription(body, id) {
            Ok(held) => held,
            Err(problem) => {
                let setback = Setback::unreadable(problem);
                return self.set_back(&Job::Read(id), exchange, setback);
            }
        };
        self.recovered(Lane::Read);
        self.counters.read_backs += 1;
        let held = self.completed(held);
        let Some(read) = self.reads.remove(&id) else {
            return;
        };
        match read.save {
            Some(open) => self.save_read_back(open, held, exchange),
            None => match self.own_writes.judge(id, exchange, Source::ReadBack) {
                Touch::Apply => self.learn(held),
                Touch::ReadAt(due) => self.look_into(id, due, read.said_gone),
            },
        }
    }

    /// The subscription route tells neither price nor plan; those stay as known.
    fn completed(&self, held: Website) -> Website {
        match self.snapshot.websites.get(&held.id) {
            Some(known) => Website {
                price: known.price,
                plan: known.plan.clone(),
                token: held.token.or_else(|| known.token.clone()),
                ..held
            },
            None => held,
        }
    }

    fn learn(&mut self, held: Website) {
        let id = held.id;
        if self.snapshot.websites.get(&id).is_none_or(|known| **known != held) {
            self.own_writes.learnt(id, self.now);
            self.put_one(id, Some(held));
        }
    }

    fn save_read_back(&mut self, open: OpenSave, held: Website, exchange: &Exchange) {
        let settles = open.since + self.config.settle;
        let settled = exchange.sent.elapsed >= settles;
        let shows = open.save.shows_in(&held.settings);
        if !shows && !settled {
            // It may not be visible yet.
            let id = held.id;
            let read = Read::of(open, settles);
            self.reads.insert(id, read);
            return;
        }
        let outcome = match open.problem {
            // A definite save that no longer shows was overwritten by a later one: it was done.
            None => SaveOutcome::Done,
            Some(_) if shows => SaveOutcome::Done,
            Some(problem) => SaveOutcome::Unknown { problem, holds: Some(held.settings.clone()) },
        };
        self.own_writes.learnt(held.id, self.now);
        self.put_one(held.id, Some(held));
        self.end_save(&open.save, outcome);
    }

    /// Reading a website alone said that it does not have the plugin.
    pub(super) fn website_is_gone(&mut self, id: WebsiteId) {
        self.recovered(Lane::Read);
        self.counters.read_backs += 1;
        let Some(read) = self.reads.remove(&id) else {
            return;
        };
        if let Some(open) = read.save {
            let guessed = open.problem.is_none() && open.save.how == How::Patch;
            let known = self.snapshot.websites.contains(&id) && !read.said_gone;
            let patient = self.now.elapsed < open.since + self.config.save_patience;
            if guessed && known && patient {
                // What came of it is not known, so there is nothing to show: one more look, and
                // a poll before it, which tells whether the website has left.
                let settles = open.since + self.config.settle;
                let next = settles.max(self.now.elapsed + self.config.settle / 2);
                let again = Read::of(open, next);
                self.reads.insert(id, again);
                self.poll_due = self.poll_due.min(next);
                return;
            }
            let OpenSave { save, problem, .. } = open;
            let outcome = match problem {
                None => {
                    // Until the website goes, reads give what was saved, not what was before. A
                    // PATCH over what is known may be a state that never was (W4).
                    if save.how == How::Put {
                        self.show(&save);
                    }
                    SaveOutcome::Done
                }
                // It may have been carried out just before the website left.
                Some(problem) => SaveOutcome::Unknown { problem, holds: None },
            };
            self.end_save(&save, outcome);
        }
        if read.said_gone {
            self.own_writes.learnt(id, self.now);
            self.put_one(id, None);
        } else {
            self.contradicted(id, read.missing);
        }
    }

    /// Reading alone says that a website is gone, and nothing else does: one voice against the
    /// cache. The next poll may decide. Not at once: while the differential lags it would bring the
    /// website back into doubt, and the two would chase each other without a pause. Until then
    /// the website is read again after growing waits, and when the voice is still alone after
    /// the overlap, when no poll reaches back any more, the list decides.
    fn contradicted(&mut self, id: WebsiteId, missing: Option<(Duration, u32)>) {
        let now = self.now.elapsed;
        let (since, times) = missing.unwrap_or((now, 0));
        if times == 0 {
            self.poll_due = self.poll_due.min(now + self.config.settle);
        }
        if !self.snapshot.websites.contains(&id) {
            return;
        }
        if now.saturating_sub(since) >= self.config.overlap {
            self.suspect = true;
            return;
        }
        let doubled = 2_u32.saturating_pow(times.min(20));
        let wait = self.config.settle.saturating_mul(doubled);
        let read =
            Read { missing: Some((since, times + 1)), ..Read::due(now.saturating_add(wait)) };
        self.reads.insert(id, read);
    }

    /// When the patience of the next caller ends.
    pub(super) fn patience_ends(&self) -> Option<Duration> {
        let patience = self.config.save_patience;
        let queued = self.saves.iter().filter(|_| self.saves_are_held());
        let queued = queued.map(|save| save.ordered + patience);
        let open = self.reads.values().filter_map(|read| read.save.as_ref());
        queued.chain(open.map(|open| open.since + patience)).min()
    }

    /// Whether saves wait for something else than their turn.
    fn saves_are_held(&self) -> bool {
        self.plugin_id.is_none() || self.silent_until > self.now.elapsed
    }

    /// Tells the callers whose patience has ended.
    pub(super) fn end_patience(&mut self) {
        let (now, patience) = (self.now.elapsed, self.config.save_patience);
        if self.saves_are_held() {
            let account = match self.plugin_id {
                None => self.lanes.read.not_before,
                Some(_) => Duration::ZERO,
            };
            let until = self.silent_until.max(account);
            let hopeless = until.saturating_sub(now) > patience;
            let ends = |save: &Save| hopeless || now >= save.ordered + patience;
            let (ended, kept): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.saves).into_iter().partition(ends);
            self.saves = kept.into();
            let retry_in = until.saturating_sub(now);
            for save in &ended {
                self.end_save(save, SaveOutcome::Refused(Refusal::Waiting { retry_in }));
            }
        }
        let impatient: Vec<OpenSave> = self
            .reads
            .values_mut()
            .filter(|read| read.save.as_ref().is_some_and(|open| now >= open.since + patience))
            .filter_map(|read| read.save.take())
            .collect();
        for OpenSave { save, problem, .. } in impatient {
            // The read goes on without its save.
            // Even a save that was accepted is not shown unread: another writer may have saved since,
            // and what a PATCH made of the whole is not known. The read brings it.
            let problem = problem
                .unwrap_or_else(|| "accepted, but the website could not be read back".to_owned());
            let outcome = SaveOutcome::Unknown { problem, holds: None };
            self.end_save(&save, outcome);
        }
    }
}
