//! How a PATCH changes stored settings (docs/wire.md#saves).

use serde_json::{Map, Value};

use crate::quirks::MergeDepth;

/// The stored settings with the patch laid over them.
#[must_use]
pub fn merge(
    mut stored: Map<String, Value>,
    patch: Map<String, Value>,
    depth: MergeDepth,
) -> Map<String, Value> {
    for (key, value) in patch {
        match (depth, value) {
            (MergeDepth::Shallow, value) => {
                stored.insert(key, value);
            }
            (MergeDepth::Rfc7396, Value::Null) => {
                stored.remove(&key);
            }
            (_, Value::Object(inner)) => {
                let below = match stored.remove(&key) {
                    Some(Value::Object(below)) => below,
                    _ => Map::new(),
                };
                stored.insert(key, Value::Object(merge(below, inner, depth)));
            }
            (_, value) => {
                stored.insert(key, value);
            }
        }
    }
    stored
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn merged(depth: MergeDepth) -> Value {
        let stored = json!({"keep": 1, "drop": 2, "inner": {"left": 1, "gone": 2}});
        let patch = json!({"drop": null, "inner": {"right": 3, "gone": null}});
        let (Value::Object(stored), Value::Object(patch)) = (stored, patch) else { unreachable!() };
        Value::Object(merge(stored, patch, depth))
    }

    #[test]
    fn a_shallow_patch_replaces_members_whole_and_keeps_null() {
        assert_eq!(
            merged(MergeDepth::Shallow),
            json!({"keep": 1, "drop": null, "inner": {"right": 3, "gone": null}})
        );
    }

    #[test]
    fn a_deep_patch_merges_objects_and_keeps_null() {
        assert_eq!(
            merged(MergeDepth::Deep),
            json!({"keep": 1, "drop": null, "inner": {"left": 1, "right": 3, "gone": null}})
        );
    }

    #[test]
    fn rfc_7396_deletes_with_null() {
        assert_eq!(
            merged(MergeDepth::Rfc7396),
            json!({"keep": 1, "inner": {"left": 1, "right": 3}})
        );
    }
}
