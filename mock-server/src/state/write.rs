//! From a world to its dump.

use serde_json::{Map, Value, json};

use super::VERSION;
use super::website::Draft;
use crate::space::{Outside, Space};

pub(super) fn write(space: &mut Space, outside: Outside) -> Value {
    let now = space.now(outside.elapsed).wall;
    let world = &mut space.world;
    let used = world.quota.used(now, world.quirks.quota_reset);
    let mut records: Vec<_> = world.directory().records().collect();
    // In the order in which they came; the numbers of changes never repeat.
    records.sort_by_key(|record| record.website().installed);
    let websites: Map<String, Value> = records
        .into_iter()
        .map(|record| {
            let id = record.website().id;
            let mut draft = Draft::of(record);
            draft.bills = world.usage.of(id).to_vec();
            (id.short(), serde_json::to_value(draft).unwrap_or_default())
        })
        .collect();
    json!({
        "version": VERSION,
        "written_by": concat!("crisp-mock ", env!("CARGO_PKG_VERSION")),
        "clock": {
            "now": space.clock.now(outside.elapsed).wall.to_string(),
            "mode": space.clock.mode(),
        },
        "seed": world.seed(),
        "changes": world.changes(),
        "quota": { "limit": world.quota.limit, "used": used },
        "quirks": world.quirks,
        "schema": world.schema().raw(),
        "websites": websites,
    })
}
