//! Replicas of the sync client with a real store, against the emulator over real sockets; and readers of the
//! store in other languages.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

mod cluster;
#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../clients/install.rs"]
mod install;
#[path = "../support/ports.rs"]
mod ports;
mod readers;
mod replicas;
mod server;
#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../convergence/stage.rs"]
mod stage;
mod streams;
#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../clients/want.rs"]
mod want;
