//! Pages of the list (docs/wire.md#pages).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::directory::Directory;
use crate::engine::website::Website;
use crate::id::WebsiteId;
use crate::quirks::{ListOrder, PageZero, PastTheEnd, Quirks};

/// Which page was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Page {
    /// None was named.
    Absent,
    /// This one.
    Number(u32),
}

/// What a page holds.
#[derive(Debug)]
pub enum Listed {
    /// These websites.
    Items(Vec<Arc<Website>>),
    /// There is no such page.
    NotFound,
}

/// Lists that cost more than a slice, kept until something changes.
#[derive(Debug, Clone, Default)]
pub struct Listings {
    cached: Option<(Key, Arc<[Arc<Website>]>)>,
    snapshot: Option<(Filter, Arc<[Arc<Website>]>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    generation: u64,
    order: ListOrder,
    filter: Filter,
}

/// Which websites a list leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    /// Those that are not configured.
    pub configured_only: bool,
    /// Those with a higher number, or none: a development token sees only trusted websites.
    pub trusted: Option<u32>,
}

impl Filter {
    /// Whether it leaves nothing out.
    fn is_open(self) -> bool {
        self == Self::default()
    }

    /// Whether it leaves a website in, its configuration aside.
    #[must_use]
    pub fn trusts(self, website: WebsiteId) -> bool {
        self.trusted.is_none_or(|most| website.number().is_some_and(|number| number <= most))
    }
}

/// What to list, and of which directory.
pub struct Query<'a> {
    /// The directory, as it is or was.
    pub directory: Cow<'a, Directory>,
    /// Differs whenever the directory, or what counts as configured, does.
    pub generation: u64,
    /// Which websites are left out.
    pub filter: Filter,
    /// Tells whether a website counts as configured.
    pub configured: &'a dyn Fn(&Website) -> bool,
    /// The page.
    pub page: Page,
}

impl Listings {
    /// One page of the list.
    pub fn page(&mut self, query: &Query<'_>, quirks: &Quirks) -> Listed {
        let size = quirks.page_size.0 as usize;
        let Some(index) = page_index(query.page, quirks.page_zero) else {
            return match quirks.page_zero {
                PageZero::NotFound => Listed::NotFound,
                _ => Listed::Items(Vec::new()),
            };
        };
        let items = self.slice(query, quirks.list_order, index.saturating_mul(size), size);
        if items.is_empty() && index > 0 && quirks.past_the_end == PastTheEnd::NotFound {
            return Listed::NotFound;
        }
        Listed::Items(items)
    }

    fn slice(
        &mut self,
        query: &Query<'_>,
        order: ListOrder,
        from: usize,
        size: usize,
    ) -> Vec<Arc<Website>> {
        let installed = query.directory.installed();
        if query.filter.is_open() {
            match order {
                ListOrder::OldestFirst => {
                    return installed.iter().skip(from).take(size).cloned().collect();
                }
                ListOrder::NewestFirst => {
                    return installed.iter().rev().skip(from).take(size).cloned().collect();
                }
                ListOrder::ById | ListOrder::Snapshot => {}
            }
        }
        let all = match order {
            ListOrder::Snapshot => self.snapshot(query, from == 0),
            _ => self.cached(query, order),
        };
        all.iter().skip(from).take(size).cloned().collect()
    }

    /// The list as it was when its first page was asked for.
    fn snapshot(&mut self, query: &Query<'_>, first_page: bool) -> Arc<[Arc<Website>]> {
        if let Some((filter, taken)) = &self.snapshot
            && !first_page
            && *filter == query.filter
        {
            return Arc::clone(taken);
        }
        let taken = build(query, ListOrder::Snapshot);
        self.snapshot = Some((query.filter, Arc::clone(&taken)));
        taken
    }

    fn cached(&mut self, query: &Query<'_>, order: ListOrder) -> Arc<[Arc<Website>]> {
        if let Cow::Owned(_) = query.directory {
            return build(query, order); // a past state is asked for once
        }
        let key = Key { generation: query.generation, order, filter: query.filter };
        if let Some((cached, list)) = &self.cached
            && *cached == key
        {
            return Arc::clone(list);
        }
        let list = build(query, order);
        self.cached = Some((key, Arc::clone(&list)));
        list
    }
}

fn build(query: &Query<'_>, order: ListOrder) -> Arc<[Arc<Website>]> {
    let keep = |website: &&Arc<Website>| {
        query.filter.trusts(website.id)
            && (!query.filter.configured_only || (query.configured)(website))
    };
    let mut list: Vec<_> = query.directory.installed().iter().filter(keep).cloned().collect();
    match order {
        ListOrder::OldestFirst | ListOrder::Snapshot => {}
        ListOrder::NewestFirst => list.reverse(),
        ListOrder::ById => list.sort_unstable_by_key(|website| website.id),
    }
    list.into()
}

/// How many pages come before this one; none when the page is one that the quirk refuses.
fn page_index(page: Page, zero: PageZero) -> Option<usize> {
    let number = match page {
        Page::Absent => 0,
        Page::Number(number) => number as usize,
    };
    match (number, zero) {
        (number, PageZero::ZeroBased) => Some(number),
        (0, PageZero::AsFirst) => Some(0),
        (0, PageZero::NotFound | PageZero::Empty) => None,
        (number, _) => Some(number - 1),
    }
}

/// The moment that a lagging read sees.
#[must_use]
pub fn behind(elapsed: Duration, lag: Duration) -> Option<Duration> {
    (!lag.is_zero()).then(|| elapsed.saturating_sub(lag))
}
