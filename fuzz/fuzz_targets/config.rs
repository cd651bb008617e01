//! The text of a server's config file, by the modules of the command itself.
#![no_main]

#[path = "../../src/document.rs"]
mod document;
#[path = "../../src/failure.rs"]
mod failure;
#[expect(dead_code, unused_imports, reason = "the command uses the rest")]
#[path = "../../src/options/mod.rs"]
mod options;

use std::path::Path;

use crisp_mock_fuzz::{bounded, report_has_a_place};
use crisp_mock_server::options::Blueprint;
use failure::Failure;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    bounded(|| {
        let Some(document) = crisp_mock_fuzz::document(data) else { return };
        // A text is the path of another file.
        let other = |key| document.root().get(key).is_some_and(|node| node.to_value().is_string());
        if ["schema", "faults", "state"].into_iter().any(other) {
            return;
        }
        match options::judge_config(&document, Path::new("")) {
            Ok(resolved) => {
                let world = resolved.options.world;
                assert!(Blueprint::new(world.clone()).is_ok(), "accepted and refused at the start");
                let written = serde_json::to_value(&world).expect("options are JSON");
                let read = serde_json::from_value(written).expect("what was written is read");
                assert_eq!(world, read, "options that were written read as others");
            }
            Err(Failure::BadFile { report }) => report_has_a_place(data, &report),
            Err(Failure::OpenToTheNetwork { .. }) => {}
            Err(other) => panic!("a config file alone is refused without a place: {other}"),
        }
    });
});
