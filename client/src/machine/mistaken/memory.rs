//! Mistakes that rest on what a client remembers: what it was told, and when.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::WebsiteId;
use crate::mistake::{Mistake, Mistakes};
use crate::wire::{Item, ItemKind};

/// So many items of a differential are looked at.
const A_PAGE: usize = 20;

/// After so long without a change polls become rare.
const IDLE: Duration = Duration::from_secs(1200);

/// What the mistakes remember.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The updates that differentials have told.
    told: HashSet<(WebsiteId, String)>,
    /// When each website was told last.
    pub(in crate::machine) told_at: HashMap<WebsiteId, Duration>,
    /// When something was told last that was not known.
    news: Duration,
    /// Requests that were given up.
    pub(in crate::machine) outlived: Vec<super::late::Outlived>,
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
