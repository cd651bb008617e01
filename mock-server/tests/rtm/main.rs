//! The RTM API: sessions as values, and behind real sockets (docs/events.md#rtm).

mod client;
mod emulator;

mod authentication;
mod binding;
mod faults;
mod heartbeats;
mod many;
mod wire;
