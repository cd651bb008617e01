//! The text of a scenario file: what is read is written so that it reads the same.
#![no_main]

use crisp_harness::scenario::Scenario;
use crisp_mock_fuzz::{FILE, bounded, refused_with_a_place};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    bounded(|| match Scenario::parse(FILE, text) {
        Ok(scenario) => {
            let written = scenario.to_yaml();
            let read = Scenario::parse(FILE, &written);
            let read = read.unwrap_or_else(|why| panic!("written and refused: {why}\n{written}"));
            assert_eq!(read, scenario, "written:\n{written}");
        }
        Err(invalid) => refused_with_a_place(data, &invalid),
    });
});
