//! The same scenarios over real HTTP, against a client outside.
//!
//! The emulator is the real one, on a loopback port; each scenario has a space and a
//! [`Peer`](crate::peer::Peer) of its own.

mod own_driver;
mod tempo;

use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

pub use own_driver::OwnDriver;
pub use tempo::Tempo;

use crate::candidate::{Trial, Untried};
use crate::peer::Launcher;
use crate::runner::Judged;
use crate::world::Prepared;

/// On what terms a client outside is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// From one poll to the next, in real time.
    pub poll: Duration,
    /// So many scenarios at a time; none: as many as this machine bears.
    pub jobs: Option<NonZeroUsize>,
    /// Within this time a client has to reply.
    pub client_timeout: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(200),
            jobs: None,
            client_timeout: Duration::from_secs(10),
        }
    }
}

/// Scenarios mostly wait: so many of them keep one core busy.
const A_CORE: usize = 6;

/// Tries the clients that a launcher starts, over HTTP.
pub struct OverHttp {
    launcher: Box<dyn Launcher>,
    terms: Terms,
}

impl OverHttp {
    /// A trial on these terms.
    #[must_use]
    pub fn new(launcher: impl Launcher + 'static, terms: Terms) -> Self {
        Self::from(Box::new(launcher), terms)
    }

    /// The same with a launcher that was chosen while running.
    #[must_use]
    pub fn from(launcher: Box<dyn Launcher>, terms: Terms) -> Self {
        Self { launcher, terms }
    }
}

impl Trial for OverHttp {
    fn judge(&self, _prepared: &Prepared) -> Result<Judged, Untried> {
        Err(Untried {
            problem: "scenarios over HTTP are not carried out yet".to_owned(),
            hint: None,
        })
    }

    fn at_a_time(&self) -> usize {
        let cores = available_parallelism().map_or(2, NonZeroUsize::get);
        let wanted = self.terms.jobs.map_or(cores * A_CORE, NonZeroUsize::get);
        wanted.min(self.launcher.at_most()).max(1)
    }
}
