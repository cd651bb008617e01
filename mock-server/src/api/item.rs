//! Items of the list and of the differential, written straight into the answer's text.
//!
//! Stored settings are JSON text already, so an item is put together from pieces and never becomes
//! a tree: that is what keeps a page of 20 within a couple of microseconds.

use std::fmt::Write as _;

use crate::api::envelope::ENVELOPE;
use crate::engine::{Difference, Item, Website};
use crate::quirks::{FreePlan, Quirks, RemovedPayload, UnconfiguredSettings};

/// Some bytes for an item's fixed parts: two UUIDs and the member names.
const FIXED: usize = 160;

/// And for the tag of an item of the differential.
const TAG: usize = 24;

/// Writes a page of the list (docs/wire.md#pages).
pub(super) fn page<'a>(
    websites: impl ExactSizeIterator<Item = &'a Website> + Clone,
    include_plan: bool,
    quirks: &Quirks,
) -> String {
    let settings: usize = websites.clone().map(|website| website.settings_or_empty().len()).sum();
    let mut out = String::with_capacity(settings + websites.len() * FIXED + ENVELOPE);
    out.push('[');
    for (index, website) in websites.enumerate() {
        out.push_str(if index == 0 { "{" } else { ",{" });
        write_state(&mut out, website, include_plan, quirks);
        out.push('}');
    }
    out.push(']');
    out
}

/// Writes the differential (docs/wire.md#differential).
pub(super) fn difference(items: &[Item], include_plan: bool, quirks: &Quirks) -> String {
    let settings: usize = items.iter().map(|item| item.website.settings_or_empty().len()).sum();
    let mut out = String::with_capacity(settings + items.len() * (FIXED + TAG) + ENVELOPE);
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "{" } else { ",{" });
        match (item.difference, quirks.removed_payload) {
            (Difference::Removed, RemovedPayload::IdOnly) => write_id(&mut out, &item.website),
            (Difference::Removed, RemovedPayload::Nulls) => {
                write_id(&mut out, &item.website);
                out.push_str(r#","token":null,"price":null,"settings":null"#);
            }
            _ => write_state(&mut out, &item.website, include_plan, quirks),
        }
        out.push_str(r#","difference":""#);
        out.push_str(item.difference.tag());
        out.push_str(r#""}"#);
    }
    out.push(']');
    out
}

fn write_id(out: &mut String, website: &Website) {
    out.push_str(r#""website_id":""#);
    push_uuid(out, website.id.as_uuid());
    out.push('"');
}

fn push_uuid(out: &mut String, uuid: uuid::Uuid) {
    let mut buffer = uuid::Uuid::encode_buffer();
    out.push_str(uuid.hyphenated().encode_lower(&mut buffer));
}

fn write_state(out: &mut String, website: &Website, include_plan: bool, quirks: &Quirks) {
    write_id(out, website);
    out.push_str(r#","token":""#);
    push_uuid(out, website.token);
    out.push_str(r#"","price":"#);
    match website.price {
        0 => out.push('0'), // most often, and a tenth of the time
        // Writing into a String cannot fail.
        price => write!(out, "{price}").unwrap_or_default(),
    }
    match (&website.settings, quirks.unconfigured_settings) {
        (Some(settings), _) => {
            out.push_str(r#","settings":"#);
            out.push_str(settings);
        }
        (None, UnconfiguredSettings::Empty) => out.push_str(r#","settings":{}"#),
        (None, UnconfiguredSettings::Null) => out.push_str(r#","settings":null"#),
        (None, UnconfiguredSettings::Absent) => {}
    }
    if include_plan {
        write_plan(out, website, quirks.free_plan);
    }
}

fn write_plan(out: &mut String, website: &Website, free_plan: FreePlan) {
    match free_plan {
        FreePlan::Null if website.plan.is_free() => out.push_str(r#","plan":null"#),
        FreePlan::Absent if website.plan.is_free() => {}
        _ => {
            let plan = serde_json::to_string(&*website.plan).unwrap_or_else(|_| "null".to_owned());
            out.push_str(r#","plan":"#);
            out.push_str(&plan);
        }
    }
}
