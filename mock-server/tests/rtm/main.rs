//! The RTM API: sessions as values, and behind real sockets (docs/events.md#rtm).

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

mod client;
mod emulator;
#[path = "../support/http.rs"]
mod http;

mod authentication;
mod binding;
mod faults;
mod heartbeats;
mod many;
mod wire;
