//! The only places where the cache changes.

use std::sync::Arc;

use super::client::Machine;
use super::event::Action;
use super::parts::difference::Draft;
use super::parts::{Source, Touch};
use super::state::Snapshot;
use super::words::{Exchange, put_back};
use crate::mistake::Mistake;
use crate::{Change, Website, WebsiteId, Websites};

impl Machine {
    /// Puts a draft of one whole answer in place, except where an own write contradicts it.
    pub(super) fn commit(&mut self, draft: Draft, exchange: &Exchange) {
        let (mut next, touched, doubts) = draft.finish();
        let old = self.snapshot.clone();
        let mut changes = Vec::new();
        let mut settled = Vec::new();
        for id in touched {
            let (before, after) = (old.websites.get(&id), next.get(&id).cloned());
            let Some(change) = Change::between(before, after.as_ref()) else {
                put_back(&mut next, id, before);
                settled.push(id);
                continue;
            };
            match self.own_writes.judge(id, exchange, Source::Poll) {
                Touch::Apply => changes.push(change),
                Touch::ReadAt(due) => {
                    let kept = with_terms_of(before, after.as_ref());
                    changes.extend(Change::between(before, kept.as_ref()));
                    if kept != after {
                        put_back(&mut next, id, kept.as_ref());
                        self.saves.look_into(id, due, after.is_none());
                    }
                }
            }
        }
        for id in doubts.into_iter().filter(|id| settled.binary_search(id).is_err()) {
            // Where the answer's last word is that the website lives, one reading is no proof.
            let said_gone = !next.contains(&id);
            self.saves.look_into(id, self.now.elapsed, said_gone);
        }
        drop(old); // so that the new set can settle
        self.publish(next, changes);
    }

    /// Puts a whole list in place of everything (rule 7), except where an own write contradicts
    /// its pages (rule 9). What the differential `said` is as late as that, and not as its pages.
    pub(super) fn replace(
        &mut self,
        mut next: Websites,
        first: &Exchange,
        said: &[WebsiteId],
        differential: &Exchange,
    ) {
        let old = self.snapshot.clone();
        let keeps = self.config.mistakes.has(Mistake::RelistMerges);
        let mut changes = Vec::new();
        for id in old.websites.differing(&next) {
            let (before, after) = (old.websites.get(&id), next.get(&id).cloned());
            if keeps && after.is_none() {
                put_back(&mut next, id, before);
                continue;
            }
            let Some(change) = Change::between(before, after.as_ref()) else {
                continue;
            };
            let (exchange, source) = match said.binary_search(&id) {
                Ok(_) => (differential, Source::Poll),
                Err(_) => (first, Source::Page),
            };
            match self.own_writes.judge(id, exchange, source) {
                Touch::Apply => changes.push(change),
                Touch::ReadAt(due) if before.is_none() && !self.phase.is_loaded() => {
                    // Nothing was shown yet, so nothing can go back; and the first set is to
                    // have every website in it, though a save is still being read back.
                    let own = after.as_deref().and_then(|listed| self.saves.over(listed));
                    let shown = own.map(Arc::new).or(after);
                    put_back(&mut next, id, shown.as_ref());
                    changes.extend(Change::between(None, shown.as_ref()));
                    self.saves.look_into(id, due, false);
                }
                Touch::ReadAt(due) => {
                    let kept = with_terms_of(before, after.as_ref());
                    changes.extend(Change::between(before, kept.as_ref()));
                    if kept != after {
                        put_back(&mut next, id, kept.as_ref());
                        self.saves.look_into(id, due, after.is_none());
                    }
                }
            }
        }
        self.publish(next, changes);
    }

    /// Puts one website's state in place: an own save, or a read-back.
    pub(super) fn put_one(&mut self, id: WebsiteId, website: Option<Website>) {
        let before = self.snapshot.websites.get(&id);
        let after = website.map(Arc::new);
        let Some(change) = Change::between(before, after.as_ref()) else {
            return;
        };
        let mut next = self.snapshot.websites.clone();
        put_back(&mut next, id, after.as_ref());
        self.publish(next, vec![change]);
    }

    fn publish(&mut self, websites: Websites, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        for change in &changes {
            self.saves.website_changed(&change.website());
        }
        self.bind_to_new_websites(&changes);
        let generation = self.snapshot.generation + 1;
        self.snapshot = Arc::new(Snapshot { websites, generation });
        // The set of before is gone now, unless a reader holds it.
        if let Some(snapshot) = Arc::get_mut(&mut self.snapshot) {
            snapshot.websites.settle();
        }
        self.tell(changes);
    }

    /// The first set is whole when a differential has been applied and no website that it told of is
    /// still to be read before it can be shown (hazard P11).
    pub(super) fn say_ready_when_whole(&mut self) {
        let known = &self.snapshot.websites;
        if !self.ready && self.polls.good.is_some() && !self.saves.seek_one_beside(known) {
            self.say_ready();
        }
    }

    pub(super) fn say_ready(&mut self) {
        if !self.ready {
            self.ready = true;
            self.actions.push(Action::Ready);
        }
    }
}

/// The website as it was, at the price and with the plan that a poll or a page tells: no save of
/// ours contradicts those, and reading the website alone would not tell them.
fn with_terms_of(
    before: Option<&Arc<Website>>,
    after: Option<&Arc<Website>>,
) -> Option<Arc<Website>> {
    match (before, after) {
        (Some(before), Some(after)) => Some(Arc::new(Website {
            price: after.price,
            plan: after.plan.clone(),
            ..Website::clone(before)
        })),
        (before, _) => before.cloned(),
    }
}
