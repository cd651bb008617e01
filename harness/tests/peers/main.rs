//! Clients outside, held against tiny real programs that behave and misbehave.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

mod bench;
mod plugin;
mod process;
mod service;
