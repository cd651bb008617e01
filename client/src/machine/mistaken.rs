//! What the mistakes do that are more than one condition (feature `mistakes`).

pub(super) mod calendar;
mod late;
mod memory;
mod values;
pub(super) mod words;

use std::collections::HashSet;
use std::slice::from_ref;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::event::{How, Operation};
use super::parts::difference::{Draft, apply};
use super::state::Snapshot;
use super::words::Save;
use crate::mistake::{Mistake, Mistakes};
use crate::wire::{self, Item, ItemKind, ItemList, Unreadable};
use crate::{Settings, Website, WebsiteId};

pub(super) use late::outlived;
pub(super) use memory::Memory;

/// Whether a request goes beside those under way.
pub(super) fn goes_beside(mistakes: Mistakes, operation: Operation, busy: &[Operation]) -> bool {
    match mistakes.0 {
        Some(Mistake::PollOverwritesOwnSave) => {
            operation.is_save() || operation == Operation::Account
        }
        Some(Mistake::LateSaveAnswerWins) => {
            operation == Operation::Since && busy.iter().all(|other| other.is_save())
        }
        Some(Mistake::ArrivalOrder) => operation == Operation::Since,
        _ => false,
    }
}

/// What is sent for an order to save.
pub(super) fn ordered(mistakes: Mistakes, shown: &Snapshot, save: Save) -> Save {
    let known = shown.websites.get(&save.website);
    match known.filter(|_| mistakes.has(Mistake::SavesPartsWhole)) {
        Some(known) if save.how == How::Patch => {
            let settings = known.settings.merged(&save.settings).unwrap_or(save.settings);
            Save { settings, how: How::Put, ..save }
        }
        _ => save,
    }
}

/// Reads the body of a page or of a differential.
pub(super) fn read(
    mistakes: Mistakes,
    body: &[u8],
    of_page: bool,
) -> Option<Result<ItemList, Unreadable>> {
    values::read(mistakes, body, of_page)
        .or_else(|| (!of_page).then(|| read_differential(mistakes, body))?)
}

fn read_differential(mistakes: Mistakes, body: &[u8]) -> Option<Result<ItemList, Unreadable>> {
    let read = || wire::read_items(body, false);
    Some(match mistakes.0? {
        Mistake::GarbageIsNoNews => Ok(read().unwrap_or_default()),
        Mistake::ErrorEnvelopeIsData => {
            let envelope: Value = serde_json::from_slice(body).unwrap_or_default();
            match envelope.get("error") {
                Some(Value::Bool(true)) => {
                    enveloped(envelope["data"].as_array().cloned().unwrap_or_default())
                }
                _ => read(),
            }
        }
        Mistake::PoisonedByOneEntry => read().and_then(|list| {
            let odd = |item: &&Item| {
                item.difference != ItemKind::Removed && item.website.settings.is_unconfigured()
            };
            match list.items.iter().find(odd) {
                Some(item) => {
                    let problem = format!("{} has no settings", item.id);
                    Err(Unreadable::WrongData { problem })
                }
                None => Ok(list),
            }
        }),
        _ => return None,
    })
}

/// The items of a list in an envelope that says that all is well.
fn enveloped(items: Vec<Value>) -> Result<ItemList, Unreadable> {
    let body = json!({ "error": false, "reason": "resolved", "data": items });
    wire::read_items(body.to_string().as_bytes(), false)
}

/// The items that came before an answer broke off.
pub(super) fn items_before_the_cut(body: &[u8]) -> Vec<Item> {
    let start = body.windows(8).position(|bytes| bytes == b"\"data\":[");
    let mut rest = start.map_or(&[][..], |start| &body[start + 8..]);
    let mut items = Vec::new();
    while !rest.is_empty() {
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let Some(Ok(item)) = values.next() else { break };
        items.push(item);
        rest = rest.get(values.byte_offset() + 1..).unwrap_or_default();
    }
    enveloped(items).unwrap_or_default().items
}

/// Applies a differential's items wrongly; says whether it did.
pub(super) fn applied(mistakes: Mistakes, items: &[Item], draft: &mut Draft) -> bool {
    let gone = |item: &Item| item.difference == ItemKind::Removed;
    let added = |item: &Item| item.difference == ItemKind::Added;
    let kept = |wanted: &dyn Fn(&Item) -> bool| -> Vec<Item> {
        items.iter().filter(|item| wanted(item)).cloned().collect()
    };
    match mistakes.0 {
        Some(Mistake::SwallowsRemovals) => apply(&kept(&|item| !gone(item)), draft),
        Some(Mistake::DropsUnknownUpdates) => {
            let joins: HashSet<_> = items.iter().filter(|i| added(i)).map(|item| item.id).collect();
            let knows = |item: &Item| draft.get(&item.id).is_some() || joins.contains(&item.id);
            let items = kept(&|item| item.difference != ItemKind::Updated || knows(item));
            apply(&items, draft);
        }
        Some(Mistake::IgnoresKnownAdditions) => {
            let items = kept(&|item| !added(item) || draft.get(&item.id).is_none());
            apply(&items, draft);
        }
        Some(Mistake::ComparesMembersOnly) => {
            let news = |item: &Item| {
                let known = draft.get(&item.id);
                item.difference != ItemKind::Updated
                    || known.is_none_or(|it| !values::alike(&it.settings, &item.website.settings))
            };
            let items = kept(&news);
            apply(&items, draft);
        }
        Some(Mistake::EmptyClearsTheCache) if items.is_empty() => draft.clear(),
        Some(Mistake::RemovalsLast) => {
            let (removed, others): (Vec<_>, Vec<_>) = items.iter().partition(|item| gone(item));
            others.into_iter().chain(removed).for_each(|item| apply(from_ref(item), draft));
        }
        Some(Mistake::FirstEntryWins) => {
            let mut seen = HashSet::new();
            let first = items.iter().filter(|item| seen.insert(item.id));
            first.for_each(|item| apply(from_ref(item), draft));
        }
        Some(Mistake::KeepsTheOldToken) => changed(items, draft, |before, after| {
            after.token.clone_from(&before.token);
        }),
        Some(Mistake::MergesSettings) => changed(items, draft, |before, after| {
            let members = |website: &Website| website.settings.parse::<Map<String, Value>>();
            if let (Ok(mut merged), Ok(new)) = (members(before), members(after)) {
                merged.extend(new);
                if let Ok(merged) = Settings::from_value(&merged) {
                    after.settings = merged;
                }
            }
        }),
        _ => return false,
    }
    true
}

/// Applies everything, and then changes what websites that were known before have become.
fn changed(items: &[Item], draft: &mut Draft, change: fn(&Website, &mut Website)) {
    let known = |item: &Item| draft.get(&item.id).cloned();
    let before: Vec<Arc<Website>> = items.iter().filter_map(known).collect();
    apply(items, draft);
    for before in before {
        if let Some(after) = draft.get(&before.id) {
            let mut changed = Website::clone(after);
            change(&before, &mut changed);
            draft.put(Arc::new(changed));
        }
    }
}

/// A date that is written in the time of a clock two hours ahead, as though it were UTC.
pub(super) fn as_local_time(date: Timestamp) -> Timestamp {
    date + SignedDuration::from_hours(2)
}

/// Websites that are read one by one after each poll.
pub(super) fn reads_each(mistakes: Mistakes, known: &crate::Websites) -> Vec<WebsiteId> {
    match mistakes.has(Mistake::OneRequestPerWebsite) {
        true => known.iter().map(|website| website.id).collect(),
        false => Vec::new(),
    }
}
