//! The server options as keys of a file.

use std::path::Path;

use crisp_mock_server::document::{Kind, json_schema, read_in_part};
use serde_json::Value;

use super::Options;
use crate::document::{Document, Problem};

/// What a file gives, and everything that is wrong in it.
pub fn read(document: &Document, folder: &Path) -> (Options, Vec<Problem>) {
    let mut root = document.root().clone();
    match &mut root.kind {
        // An empty file; a key without a value is the same as none.
        Kind::Null => root.kind = Kind::Map(Vec::new()),
        Kind::Map(entries) => entries.retain(|entry| !matches!(entry.value.kind, Kind::Null)),
        _ => {}
    }
    let (mut options, problems): (Options, _) = read_in_part(&root);
    // Relative paths start where the file is; those of sources are resolved when they are read.
    for path in [&mut options.journal, &mut options.ready_file].into_iter().flatten() {
        *path = folder.join(&path);
    }
    // Taken here, so that a quirk of the command line is added and does not stand in for these.
    if !options.quirk.is_empty() {
        let quirks = options.world.quirks.get_or_insert_default();
        quirks.0.append(&mut options.quirk);
    }
    (options, problems)
}

/// The JSON Schema of the file, for editors.
#[must_use]
pub fn config_schema() -> Value {
    let mut schema = json_schema::<Options>();
    schema["properties"]["quirks"]["additionalProperties"] = false.into();
    schema
}

/// The keys of the file that are options.
#[must_use]
pub fn keys() -> Vec<String> {
    let schema = config_schema();
    let keys = schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone());
    keys.filter(|key| key != "$schema").collect()
}
