//! Mistakes that rest on what a client remembers: what it was told, and when.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::super::client::Machine;
use crate::WebsiteId;
use crate::mistake::{Mistake, Mistakes};
use crate::wire::{Item, ItemKind};

/// So many items of a differential are looked at.
const A_PAGE: usize = 20;
/// So many websites are kept.
const KEPT: usize = 50;
/// An entry lives so long after it was last told.
const LIFE: Duration = Duration::from_secs(3600);

/// After so long without a change polls become rare.
const IDLE: Duration = Duration::from_secs(1200);

/// What the mistakes remember.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The updates that differentials have told.
    told: HashSet<(WebsiteId, String)>,
    /// When each website was told last.
    told_at: HashMap<WebsiteId, Duration>,
    /// When something was told last that was not known.
    news: Duration,
    /// Requests that were given up.
    pub(super) outlived: Vec<super::late::Outlived>,
}

impl Memory {
    /// Takes in what a page tells.
    pub(crate) fn hear_page(&mut self, items: &[Item], now: Duration) {
        self.told_at.extend(items.iter().map(|item| (item.id, now)));
    }

    /// Whether nothing has changed for long.
    pub(crate) fn is_idle(&self, now: Duration) -> bool {
        now.saturating_sub(self.news) >= IDLE
    }

    /// Remembers a request that was given up.
    pub(crate) fn outlives(&mut self, request: super::late::Outlived) {
        self.outlived.push(request);
    }

    /// Takes in what a differential tells, and drops of it what is taken for nothing new.
    pub(crate) fn hear(&mut self, mistakes: Mistakes, items: &mut Vec<Item>, now: Duration) {
        match mistakes.0 {
            Some(Mistake::FirstTwentyItems) => items.truncate(A_PAGE),
            Some(Mistake::ToldOnceIsEnough) => items.retain(|item| {
                let settings = item.website.settings.as_json().to_owned();
                item.difference != ItemKind::Updated || self.told.insert((item.id, settings))
            }),
            Some(Mistake::KeepsFiftyWebsites | Mistake::EntriesExpire) => {
                self.told_at.extend(items.iter().map(|item| (item.id, now)));
            }
            _ => {}
        }
        if !items.is_empty() {
            self.news = now;
        }
    }
}

impl Machine {
    /// Drops the websites that are over the number that is kept, or too old.
    pub(crate) fn forget_websites(&mut self) {
        let now = self.now.elapsed;
        let most = match self.config.mistakes.0 {
            Some(Mistake::KeepsFiftyWebsites) => KEPT,
            Some(Mistake::EntriesExpire) => usize::MAX,
            _ => return,
        };
        let told_at = &mut self.memory.told_at;
        let known = self.snapshot.websites.iter();
        let mut known: Vec<_> =
            known.map(|website| (*told_at.entry(website.id).or_insert(now), website.id)).collect();
        known.sort_unstable_by_key(|known| std::cmp::Reverse(*known));
        for (place, (told, id)) in known.into_iter().enumerate() {
            if place >= most || (most == usize::MAX && now.saturating_sub(told) >= LIFE) {
                self.memory.told_at.remove(&id);
                self.put_one(id, None);
            }
        }
    }
}
