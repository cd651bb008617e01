//! The differential: what changed since a date (docs/wire.md#differential).

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Stamp;
use crate::engine::directory::Directory;
use crate::engine::history::{History, Kind};
use crate::engine::website::{Record, Tombstone, Version, Website};
use crate::quirks::{
    Collapse, FirstConfigured, Quirks, ReAdded, SinceBoundary, SinceGranularity,
    UnconfiguredUnderFilter,
};

/// How an item of the differential is tagged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The website installed the plugin.
    Added,
    /// Its settings, plan, price or token changed.
    Updated,
    /// It uninstalled the plugin.
    Removed,
}

impl Difference {
    /// The tag on the wire.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Removed => "removed",
        }
    }
}

/// One item of the differential.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its tag.
    pub difference: Difference,
    /// The website as it is, or as it was when it left.
    pub website: Arc<Website>,
}

/// What is asked of the differential.
pub struct Query<'a> {
    /// The directory, as it is or was.
    pub directory: &'a Directory,
    /// The recent past, for the quirk that reports every change.
    pub history: &'a History,
    /// Up to when the past is visible.
    pub visible_until: Duration,
    /// The date asked for.
    pub since: Stamp,
    /// Tells whether a website counts as configured, when only those are wanted.
    pub configured_only: Option<&'a dyn Fn(&Website) -> bool>,
}

/// What changed, by time of the last change.
#[must_use]
pub fn difference(query: &Query<'_>, quirks: &Quirks) -> Vec<Item> {
    let from = first_stamp(query.since, quirks);
    let items = match quirks.collapse {
        Collapse::Net | Collapse::LastChange => {
            collapsed(query.directory.changed_since(from), from, quirks)
        }
        Collapse::EveryChange => every_change(query, from, quirks),
    };
    match query.configured_only {
        None => items,
        Some(configured) => {
            items.into_iter().filter_map(|item| filtered(item, from, configured, quirks)).collect()
        }
    }
}

/// The earliest stamp that is reported: boundary and granularity come down to this one number.
fn first_stamp(since: Stamp, quirks: &Quirks) -> Stamp {
    let second = Duration::from_secs(1);
    let (from, tick) = match quirks.since_granularity {
        SinceGranularity::Millisecond => (since, Duration::from_millis(1)),
        SinceGranularity::SecondFloor => (since.floor_to_second(), second),
        SinceGranularity::SecondCeil => {
            let floor = since.floor_to_second();
            (if floor == since { since } else { floor.plus(second) }, second)
        }
    };
    match quirks.since_boundary {
        SinceBoundary::Inclusive => from,
        SinceBoundary::Exclusive => from.plus(tick),
    }
}

fn collapsed<'a>(
    records: impl Iterator<Item = &'a Record>,
    from: Stamp,
    quirks: &Quirks,
) -> Vec<Item> {
    let mut items = Vec::new();
    for record in records {
        match record {
            Record::Gone(tombstone) => items.push(removed(tombstone)),
            Record::Live(website) => push_live(&mut items, website, from, quirks),
        }
    }
    items
}

fn removed(tombstone: &Tombstone) -> Item {
    Item { difference: Difference::Removed, website: Arc::clone(&tombstone.last) }
}

fn push_live(items: &mut Vec<Item>, website: &Arc<Website>, from: Stamp, quirks: &Quirks) {
    let item = |difference| Item { difference, website: Arc::clone(website) };
    if quirks.collapse == Collapse::LastChange {
        let fresh = website.changed == website.installed;
        items.push(item(if fresh { Difference::Added } else { Difference::Updated }));
        return;
    }
    if website.installed.stamp < from {
        items.push(item(Difference::Updated));
        return;
    }
    let left = website.left.as_ref();
    match (quirks.re_added, left.filter(|left| left.removed.stamp >= from)) {
        (ReAdded::Updated, Some(_)) => items.push(item(Difference::Updated)),
        (ReAdded::RemovedAndAdded, Some(left)) => {
            items.extend([removed(left), item(Difference::Added)]);
        }
        _ => items.push(item(Difference::Added)),
    }
}

/// Every change that is remembered; before those, the net state of what changed earlier.
fn every_change(query: &Query<'_>, from: Stamp, quirks: &Quirks) -> Vec<Item> {
    let mut changes: Vec<_> = query
        .history
        .until(query.visible_until)
        .filter(|change| change.reported && change.after.version().stamp >= from)
        .collect();
    let mut known: HashSet<Version> = changes.iter().map(|change| change.after.version()).collect();
    // What a remembered change found is older than memory unless another one left it.
    let found = changes.iter().filter_map(|change| change.before.as_ref());
    let found = found.filter(|record| record.version().stamp >= from);
    let mut older: Vec<_> = query
        .directory
        .changed_since(from)
        .chain(found)
        .filter(|record| known.insert(record.version()))
        .collect();
    older.sort_by_key(|record| record.version());
    changes.sort_by_key(|change| change.after.version());
    let mut items = collapsed(older.into_iter(), from, quirks);
    items.extend(changes.into_iter().map(|change| Item {
        difference: match change.kind {
            Kind::Installed => Difference::Added,
            Kind::Updated => Difference::Updated,
            Kind::Removed => Difference::Removed,
        },
        website: Arc::clone(change.after.website()),
    }));
    items
}

/// What `filter_configured=1` makes of an item.
fn filtered(
    mut item: Item,
    from: Stamp,
    configured: &dyn Fn(&Website) -> bool,
    quirks: &Quirks,
) -> Option<Item> {
    if item.difference == Difference::Removed {
        return Some(item); // always sent: without it no client could drop the website
    }
    if configured(&item.website) {
        let first = item.website.configured_since.is_some_and(|since| since >= from);
        if first && quirks.first_configured == FirstConfigured::Added {
            item.difference = Difference::Added;
        }
        return Some(item);
    }
    let stopped = item.website.unconfigured_since.is_some_and(|since| since >= from);
    let reported = quirks.unconfigured_under_filter == UnconfiguredUnderFilter::Removed;
    item.difference = Difference::Removed;
    (stopped && reported).then_some(item)
}
