//! The sync client against the emulator: in virtual time under random scenarios, and over real
//! sockets.
//!
//! `CRISP_MOCK_CASES` and `CRISP_MOCK_SEED` make the random search longer, or another one.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

mod budget;
mod client;
mod corpus;
mod listening;
mod opinion;
mod print_settings;
#[expect(dead_code, reason = "the tests of the command line use the rest of it")]
#[path = "../cli/program.rs"]
mod program;
mod random;
mod routes;
mod sockets;
mod stage;
#[path = "../support/workspace.rs"]
mod workspace;
