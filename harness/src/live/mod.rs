//! The same scenarios over real HTTP, against a client outside.
//!
//! The emulator is the real one, on a loopback port; each scenario has a space and a
//! [`Peer`](crate::peer::Peer) of its own, and several run at a time.
//!
//! Time is real: the emulator's clock runs as the machine's does. A scenario's own times, windows,
//! delays and lags are scaled so that its poll interval becomes that of the client ([`Tempo`]), and
//! its history is in the scenario's own time again, so that a person reads what was written.
//! Steps that happen around a request are carried out inside the emulator, under the lock in which
//! the answer is computed.
//!
//! A machine that is slow must never convict. What real time cannot judge is *not judged*; bounds
//! are wide; a failure counts when it comes again in two more runs; and a run in which the
//! machine's own timers came late does not count at all.

mod client_side;
mod demands;
mod emulator;
mod hung;
mod lateness;
mod ledger;
mod over_http;
mod own_driver;
mod parked;
mod patience;
mod probe;
mod real_time;
mod requests;
mod run;
mod saves;
mod scaling;
mod sockets;
mod tap;
mod tempo;
mod verdict;
mod virtual_time;

use std::num::NonZeroUsize;
use std::time::Duration;

pub use over_http::OverHttp;
pub use own_driver::OwnDriver;
pub use tempo::Tempo;

/// On what terms a client outside is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// From one poll to the next, in real time.
    pub poll: Duration,
    /// So many scenarios at a time; none: as many as this machine bears.
    pub jobs: Option<NonZeroUsize>,
    /// Within this time a client has to reply.
    pub client_timeout: Duration,
    /// Whether a client may have any credentials: its address alone leads to its world.
    pub any_credentials: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(200),
            jobs: None,
            client_timeout: Duration::from_secs(10),
            any_credentials: false,
        }
    }
}
