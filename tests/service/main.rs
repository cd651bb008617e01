//! `crisp-sync serve`, the real program, against the emulator.
#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

#[cfg(unix)]
mod certificates;
mod compose;
mod follows;
#[cfg(unix)]
mod identities;
#[expect(dead_code, reason = "the tests of clients use the rest of it")]
#[path = "../clients/install.rs"]
mod install;
mod judged;
#[cfg(unix)]
mod many_listeners;
mod plugins;
#[path = "../support/ports.rs"]
mod ports;
#[expect(dead_code, reason = "the tests of the command line use the rest of it")]
#[path = "../cli/program.rs"]
mod program;
#[cfg(unix)]
mod published;
mod reads;
#[cfg(unix)]
mod replicas;
mod restarts;
mod saves;
#[cfg(unix)]
mod secure;
#[expect(dead_code, reason = "the tests of stores use the rest of it")]
#[path = "../stores/server.rs"]
mod server;
mod start;
mod sync;
mod unit;
#[expect(dead_code, reason = "the tests of clients use the rest of it")]
#[path = "../clients/want.rs"]
mod want;
#[path = "../support/workspace.rs"]
mod workspace;
