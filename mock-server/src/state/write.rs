//! From a world to its dump.

use serde_json::{Map, Value, json};

use super::VERSION;
use super::website::Draft;
use crate::clock::{Mode, Stamp};
use crate::engine::World;

/// Writes a world whose own clock shows `clock`; its answers, and so its quota, go by `skewed`, which
/// quirks and faults may have moved.
pub(crate) fn write(world: &mut World, clock: (Stamp, Mode), skewed: Stamp) -> Value {
    let used = world.quota.used(skewed, world.quirks.quota_reset);
    let mut records: Vec<_> = world.directory().records().collect();
    // In the order in which they came; the numbers of changes never repeat.
    records.sort_by_key(|record| record.website().installed);
    let websites: Map<String, Value> = records
        .into_iter()
        .map(|record| {
            let id = record.website().id;
            let mut draft = Draft::of(record, world.quirks.numbers);
            draft.bills = world.usage.of(id).to_vec();
            (id.short(), serde_json::to_value(draft).unwrap_or_default())
        })
        .collect();
    json!({
        "version": VERSION,
        "written_by": concat!("crisp-mock ", env!("CARGO_PKG_VERSION")),
        "clock": {
            "now": clock.0.to_string(),
            "mode": clock.1,
        },
        "seed": world.seed(),
        "changes": world.changes(),
        "quota": { "limit": world.quota.limit, "used": used },
        "quirks": world.quirks,
        "schema": world.schema().raw(),
        "websites": websites,
    })
}
