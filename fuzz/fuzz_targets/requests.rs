//! A sequence of requests, acts of an operator and steps of time on one world (`src/played.rs`).
#![no_main]

use crisp_mock_fuzz::{Played, bounded};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| bounded(|| Played::play(data)));
