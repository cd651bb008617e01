//! Replicas of one cache, as pure functions of one ordered log: no sockets, no clocks, no chance.
//!
//! The log holds what happened to **one** [`Machine`](crate::machine::Machine): the ticks, the answers, the
//! orders to save, each with its moment. A replica holds that machine and its place in the log. Whatever it has to
//! say it appends, and it applies only what is in the log, its own entries included. So all replicas that have
//! read as far are the same.
//!
//! ```text
//!   Crisp ◄── requests ── the author of the entry that asks for them, no other
//!     │
//!     └── answer ──► append, if the log still ends where I am ──► log: 41 tick · 42 answer · 43 save …
//!                          │ refused: read what came first             │
//!                          ▼                                           ▼
//!                       read on                      every replica: machine(41), machine(42), …
//! ```
//!
//! # What follows from that
//!
//! * **A paused replica puts nothing old over anything new.** Its entry names the entry that it follows; if
//!   another one stands there, the store refuses it, and where a store does not, every reader leaves it out.
//! * **Replicas cost no request.** A request is sent by the author of the entry that made the machine ask for it.
//!   There is one machine, so there is one loop, however many replicas there are, and a save is sent once.
//! * **There is no lease.** The author of the last entry writes the next one when the machine wants to be woken;
//!   the others wait a little longer, and one of them writes it when the first one does not. A replica that died
//!   with a request under way is a request without an answer: the machine's own time-out deals with it.
//! * **No clock decides what is right.** Moments in the log only go ahead; they say when to ask, as in one machine.
//!
//! Where the store is away for longer than [`Options::patience`], a replica goes on alone from what it shows, with
//! a machine of its own and requests of its own. Back again, it holds what it shows until the log's machine has polled
//! after an entry that this replica appended then: so nothing goes back, whatever the log missed.
//!
//! A log begins with a renewal: what a machine can be [resumed](crate::machine::Machine::resume) from. One is appended
//! every so many entries, and what stands before the last but one is forgotten.

mod clock;
mod disturbance;
mod entry;
mod followed;
mod following;
mod memory;
mod queue;
mod replica;
mod saying;
mod standing;
#[cfg(test)]
pub(crate) mod tests;
mod words;

use std::time::Duration;

pub use disturbance::Disturbance;
pub use entry::Link;
pub use followed::Place;
pub use memory::{MemoryStore, Shown};
pub use replica::Replica;
pub use words::{LogAction, LogEvent, Output, Publication};

use crate::Config;

/// How a replica deals with the others and with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Its name: of no other replica, and of no other life of this one. Random.
    pub id: u64,
    /// So long the store may be away before the replica goes on alone. Default 10 s.
    pub patience: Duration,
    /// So long the author of the last entry is waited for; others of them up to twice as long. Default 1 s.
    pub grace: Duration,
    /// A log is renewed after so many entries. Default 2000.
    pub renew_every: u32,
}

impl Options {
    /// The defaults, for the replica of this name.
    pub fn new(id: u64) -> Self {
        let seconds = Duration::from_secs;
        Self { id, patience: seconds(10), grace: seconds(1), renew_every: 2000 }
    }
}

/// A sum of the version and of everything that makes the same machine of the same log, by FNV-1a.
fn kind(config: &Config) -> u64 {
    let mut config = config.clone();
    config.seed = 0;
    let text = format!("{} {config:?}", env!("CARGO_PKG_VERSION"));
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
