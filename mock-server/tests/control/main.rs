//! The control API and the spaces behind it, through the router without a socket.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail as the test does")]

mod bounds;
mod clock;
mod events;
mod guard;
mod hooks;
mod journal;
mod page;
mod rules;
mod spaces;
mod state;
mod talk;
mod websites;
