//! All websites of a world, found by id, by page and by date.
//!
//! Three indices over the same records: a hash map by id, a vector in order of installation (so
//! that page 25,000 costs what page 1 costs), and a tree by date of change (so that the
//! differential costs what it reports, however many websites there are). [`Directory::put`] is the
//! only way in and keeps the three equal; it also undoes a change, which is how the past is seen.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::clock::Stamp;
use crate::engine::website::{Record, Version, Website};
use crate::id::WebsiteId;

/// All websites of a world.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    records: HashMap<WebsiteId, Record, foldhash::fast::FixedState>,
    /// Those that have the plugin, by [`Website::installed`].
    installed: Vec<Arc<Website>>,
    changes: BTreeMap<Version, WebsiteId>,
    /// Bytes of the settings in all records.
    settings: usize,
}

/// Bytes of the settings in a record, and in what it holds of before.
fn settings_of(record: &Record) -> usize {
    let website = record.website();
    let own = |website: &Website| website.settings.as_ref().map_or(0, |settings| settings.len());
    own(website) + website.left.as_ref().map_or(0, |left| own(&left.last))
}

impl Directory {
    /// How many websites are known, those that left included.
    #[must_use]
    pub fn known(&self) -> usize {
        self.records.len()
    }

    /// Bytes of the settings of all of them.
    #[must_use]
    pub fn settings_bytes(&self) -> usize {
        self.settings
    }

    /// The website, if it has the plugin.
    #[must_use]
    pub fn get(&self, id: WebsiteId) -> Option<&Arc<Website>> {
        match self.records.get(&id)? {
            Record::Live(website) => Some(website),
            Record::Gone(_) => None,
        }
    }

    /// What is known of the website.
    #[must_use]
    pub fn record(&self, id: WebsiteId) -> Option<&Record> {
        self.records.get(&id)
    }

    /// Everything that is known of any website, in no order.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// Those that have the plugin, by time of installation.
    #[must_use]
    pub fn installed(&self) -> &[Arc<Website>] {
        &self.installed
    }

    /// Every record whose last change is stamped `from` or later, by version.
    pub fn changed_since(&self, from: Stamp) -> impl Iterator<Item = &Record> {
        let first = Version { stamp: from, seq: 0 };
        self.changes.range(first..).filter_map(|(_, id)| self.records.get(id))
    }

    /// Makes room for so many more websites at once.
    pub fn reserve(&mut self, websites: usize) {
        self.records.reserve(websites);
        self.installed.reserve(websites);
    }

    /// Makes `record` what is known of the website (`None`: nothing) and returns what was.
    pub fn put(&mut self, id: WebsiteId, record: Option<Record>) -> Option<Record> {
        let before = match &record {
            Some(record) => self.records.insert(id, record.clone()),
            None => self.records.remove(&id),
        };
        if let Some(before) = &before {
            self.settings -= settings_of(before);
            self.changes.remove(&before.version());
        }
        if let Some(record) = &record {
            self.settings += settings_of(record);
            self.changes.insert(record.version(), id);
        }
        self.put_installed(live(before.as_ref()), live(record.as_ref()));
        before
    }

    fn put_installed(&mut self, before: Option<&Arc<Website>>, after: Option<&Arc<Website>>) {
        if let (Some(before), Some(after)) = (before, after)
            && before.installed == after.installed
        {
            if let Ok(at) = self.position(before.installed) {
                self.installed[at] = Arc::clone(after);
            }
            return;
        }
        if let Some(at) = before.and_then(|before| self.position(before.installed).ok()) {
            self.installed.remove(at);
        }
        if let Some(after) = after {
            let at = self.position(after.installed).unwrap_or_else(|at| at);
            self.installed.insert(at, Arc::clone(after));
        }
    }

    /// Where the installation stands, or would stand.
    fn position(&self, installed: Version) -> Result<usize, usize> {
        // New installations come last nearly always, and bulk loading should not search for them.
        match self.installed.last() {
            Some(last) if last.installed < installed => Err(self.installed.len()),
            _ => self.installed.binary_search_by_key(&installed, |website| website.installed),
        }
    }
}

fn live(record: Option<&Record>) -> Option<&Arc<Website>> {
    match record? {
        Record::Live(website) => Some(website),
        Record::Gone(_) => None,
    }
}
