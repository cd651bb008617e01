//! The text of a dump: a world that starts from it gives a dump, from which the same world starts.
#![no_main]

use std::sync::Arc;
use std::time::Duration;

use crisp_mock_fuzz::{bounded, document, refused_with_a_place};
use crisp_mock_server::clock::Stamp;
use crisp_mock_server::options::{Blueprint, WorldOptions};
use crisp_mock_server::space::{Outside, Space};
use crisp_mock_server::state::State;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

const OUTSIDE: Outside = Outside { elapsed: Duration::ZERO, wall: Stamp(1_767_225_600_000) };

fuzz_target!(|data: &[u8]| {
    bounded(|| {
        let Some(document) = document(data) else { return };
        let value = document.value();
        if let Err(problems) = State::parse(&value) {
            return refused_with_a_place(data, &document.invalid(problems));
        }
        let first = dump_of(value);
        let second = dump_of(first.clone());
        assert_eq!(first, second, "a dump of a dump is another");
    });
});

fn dump_of(dump: Value) -> Value {
    let options = WorldOptions { state: Some(dump.clone()), ..WorldOptions::default() };
    let blueprint = Blueprint::new(options);
    let blueprint = blueprint.unwrap_or_else(|why| panic!("a dump is refused: {why:?}\n{dump}"));
    Space::start("default", Arc::new(blueprint), "http://localhost", OUTSIDE).state(OUTSIDE)
}
