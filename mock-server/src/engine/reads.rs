//! What is read from a world: pages of the list and the differential, as they are or were.

use std::borrow::Cow;
use std::time::Duration;

use crate::clock::{Moment, Stamp};
use crate::engine::directory::Directory;
use crate::engine::settings::configured_by;
use crate::engine::{Change, Filter, Item, Listed, Page, World, difference, listing};
use crate::id::WebsiteId;
use crate::quirks::ListOrder;

impl World {
    /// A number that differs whenever a page of the list may; none while a page depends on when it
    /// is asked for.
    #[must_use]
    pub fn list_version(&self) -> Option<u64> {
        let timeless =
            self.quirks.list_lag.0.is_zero() && self.quirks.list_order != ListOrder::Snapshot;
        timeless.then_some(self.generation)
    }

    /// A page of the list, as it is or, `as_of` an earlier elapsed time, as it was.
    pub fn list(
        &mut self,
        now: Moment,
        page: Page,
        filter: Filter,
        as_of: Option<Duration>,
    ) -> Listed {
        let seen = as_of.or_else(|| listing::behind(now.elapsed, self.quirks.list_lag.0));
        let configured = configured_by(&self.schema, &self.quirks);
        let query = listing::Query {
            directory: match seen {
                Some(elapsed) => self.history.as_of(&self.directory, elapsed),
                None => Cow::Borrowed(&self.directory),
            },
            generation: self.generation,
            filter,
            configured: &configured,
            page,
        };
        self.listings.page(&query, &self.quirks)
    }

    /// What changed since a date, as it is or, `as_of` an earlier elapsed time, as it was.
    #[must_use]
    pub fn since(
        &self,
        now: Moment,
        since: Stamp,
        filter: Filter,
        as_of: Option<Duration>,
    ) -> Vec<Item> {
        let seen = as_of.or_else(|| listing::behind(now.elapsed, self.quirks.since_lag.0));
        let directory = self.past(seen);
        let configured = configured_by(&self.schema, &self.quirks);
        let query = difference::Query {
            directory: &directory,
            history: &self.history,
            visible_until: seen.unwrap_or(Duration::MAX),
            since,
            configured_only: filter.configured_only.then_some(&configured),
        };
        let mut items = difference::difference(&query, &self.quirks);
        items.retain(|item| filter.trusts(item.website.id));
        items
    }

    /// What changed about a website, newest first, as far back as is remembered.
    pub fn changes_of(&self, id: WebsiteId) -> impl Iterator<Item = &Change> {
        self.history.newest_first().filter(move |change| change.id == id)
    }

    /// The directory as it was at `as_of`, or as it is.
    #[must_use]
    pub fn past(&self, as_of: Option<Duration>) -> Cow<'_, Directory> {
        match as_of {
            Some(elapsed) => self.history.as_of(&self.directory, elapsed),
            None => Cow::Borrowed(&self.directory),
        }
    }
}
