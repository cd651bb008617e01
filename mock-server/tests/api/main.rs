//! The REST API of the emulator held against the wire specification, without a socket.
//!
//! One file a group of routes; `quirks` and `docs` hold the tables against the code, `arbitrary`
//! and `model` are property tests.

#![expect(
    clippy::unwrap_used,
    reason = "a test's own request that cannot be built is a failed test"
)]

mod access;
mod arbitrary;
mod connect;
mod docs;
mod emulator;
mod envelope;
mod events;
mod journal;
mod limits;
mod list;
mod model;
mod quirks;
mod routes;
mod settings;
mod since;
mod subscription;
