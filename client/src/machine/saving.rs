//! Saves, and reads of single websites.
//!
//! A save is *done* (2xx with a good envelope), *refused* (4xx, or it never left), or unclear.
//! An unclear one is never sent again: the website is read back, at once and once more when the
//! save has settled, and what is read decides (hazard W5, research rule 8).

use std::time::Duration;

use http::StatusCode;

use super::client::Machine;
use super::event::{Action, Failure, How, Refusal, SaveOutcome};
use super::parts::{Source, Touch};
use super::saves::{OpenSave, Unclear};
use super::words::{Exchange, Job, Lane, Save, Setback, Trouble};
use crate::mistake::Mistake;
use crate::wire;
use crate::{Website, WebsiteId};

impl Machine {
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
        if matches!(Trouble::of(status), Trouble::Server | Trouble::Cached) {
            return self.save_unclear(save, refused.to_string());
        }
        if status == StatusCode::NOT_FOUND {
            // 404 may mean uninstalled: the next poll decides.
            self.polls.due = self.now.elapsed;
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
        self.saves.read_back(save, None, self.now.elapsed);
    }

    fn save_unclear(&mut self, save: Save, problem: String) {
        if self.config.mistakes.has(Mistake::TimeoutIsSuccess) {
            self.show(&save);
            return self.end_save(&save, SaveOutcome::Done);
        }
        if self.config.mistakes.has(Mistake::RepeatsSavesBlindly) {
            self.waits.failed(Lane::Read, Trouble::Server, None, self.now.elapsed);
            return self.saves.order_first(save);
        }
        let before = self.snapshot.websites.get(&save.website).cloned();
        self.saves.read_back(save, Some(Unclear { problem, before }), self.now.elapsed);
    }

    /// Shows a save in the cache as far as it can be known without asking.
    pub(super) fn show(&mut self, save: &Save) {
        let known = self.snapshot.websites.get(&save.website);
        if let Some(website) = known.and_then(|known| save.over(known)) {
            self.put_one(save.website, Some(website));
        }
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
        if !self.saves.reads(&id) {
            return;
        }
        if self.saves.distrusts(&id, exchange) {
            return self.set_back(&Job::Read(id), exchange, Setback::cached());
        }
        let held = match wire::read_subscription(body, id) {
            Ok(held) => held,
            Err(problem) => {
                let setback = Setback::unreadable(problem);
                return self.set_back(&Job::Read(id), exchange, setback);
            }
        };
        let held = self.completed(held);
        if let Some(excess) = self.bounds.excess_with(&self.snapshot.websites, &held) {
            return self.set_back(&Job::Read(id), exchange, Setback::over_bound(excess));
        }
        self.recovered(Lane::Read);
        self.counters.read_backs += 1;
        let Some(read) = self.saves.end_read(&id) else {
            return;
        };
        match read.save {
            Some(open) => self.save_read_back(open, held, exchange),
            None => match self.own_writes.judge(id, exchange, Source::ReadBack) {
                Touch::Apply => self.learn(held),
                Touch::ReadAt(due) => self.saves.look_into(id, due, read.said_gone),
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
        let settles = self.saves.settles(&open);
        let settled = exchange.sent.elapsed >= settles;
        // What shows a definite save does not prove an unclear one: a PATCH of `{"a": {}}` shows in any `a`.
        let shows = match &open.unclear {
            None => open.save.shows_in(&held.settings),
            Some(Unclear { before, .. }) => {
                open.save.is_proven_by(&held.settings, before.as_deref())
            }
        };
        if !shows && !settled {
            // It may not be visible yet.
            return self.saves.read_again(open, settles);
        }
        let outcome = match open.unclear {
            // A definite save that no longer shows was overwritten by a later one: it was done.
            None => SaveOutcome::Done,
            Some(_) if shows => SaveOutcome::Done,
            Some(Unclear { problem, .. }) => {
                SaveOutcome::Unknown { problem, holds: Some(held.settings.clone()) }
            }
        };
        self.own_writes.learnt(held.id, self.now);
        self.put_one(held.id, Some(held));
        self.end_save(&open.save, outcome);
    }

    /// Reading a website alone said that it does not have the plugin.
    pub(super) fn website_is_gone(&mut self, id: WebsiteId) {
        self.recovered(Lane::Read);
        self.counters.read_backs += 1;
        let Some(read) = self.saves.end_read(&id) else {
            return;
        };
        if let Some(open) = read.save {
            let guessed = open.unclear.is_none() && open.save.how == How::Patch;
            let known = self.snapshot.websites.contains(&id) && !read.said_gone;
            let patient = self.saves.is_patient(&open, self.now.elapsed);
            if guessed && known && patient {
                // What came of it is not known, so there is nothing to show: one more look, and
                // a poll before it, which tells whether the website has left.
                let soon = self.now.elapsed + self.config.settle / 2;
                let next = self.saves.settles(&open).max(soon);
                self.polls.due = self.polls.due.min(next);
                return self.saves.read_again(open, next);
            }
            let OpenSave { save, unclear, .. } = open;
            let outcome = match unclear {
                None => {
                    // Until the website goes, reads give what was saved, not what was before. A
                    // PATCH over what is known may be a state that never was (W4).
                    if save.how == How::Put {
                        self.show(&save);
                    }
                    SaveOutcome::Done
                }
                // It may have been carried out just before the website left.
                Some(Unclear { problem, .. }) => SaveOutcome::Unknown { problem, holds: None },
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
            self.polls.due = self.polls.due.min(now + self.config.settle);
        }
        if !self.snapshot.websites.contains(&id) {
            return;
        }
        if now.saturating_sub(since) >= self.config.overlap {
            return self.lists.suspect();
        }
        let doubled = 2_u32.saturating_pow(times.min(20));
        let wait = self.config.settle.saturating_mul(doubled);
        self.saves.doubt_absence(id, now.saturating_add(wait), (since, times + 1));
    }

    /// When the patience of the next caller ends.
    pub(super) fn patience_ends(&self) -> Option<Duration> {
        self.saves.patience_ends(self.saves_are_held())
    }

    /// Whether saves wait for something else than their turn.
    fn saves_are_held(&self) -> bool {
        self.plugin_id.is_none() || self.waits.silent_until() > self.now.elapsed
    }

    /// Tells the callers whose patience has ended.
    pub(super) fn end_patience(&mut self) {
        let now = self.now.elapsed;
        if self.saves_are_held() {
            let account = match self.plugin_id {
                None => self.waits.not_before(Lane::Read),
                Some(_) => Duration::ZERO,
            };
            let until = self.waits.silent_until().max(account);
            let retry_in = until.saturating_sub(now);
            for save in self.saves.give_up_until(until, now) {
                self.end_save(&save, SaveOutcome::Refused(Refusal::Waiting { retry_in }));
            }
        }
        for OpenSave { save, unclear, .. } in self.saves.give_up_open(now) {
            // Even a save that was accepted is not shown unread: another writer may have saved since,
            // and what a PATCH made of the whole is not known. The read brings it.
            let problem = unclear.map_or_else(
                || "accepted, but the website could not be read back".to_owned(),
                |unclear| unclear.problem,
            );
            let outcome = SaveOutcome::Unknown { problem, holds: None };
            self.end_save(&save, outcome);
        }
    }
}
