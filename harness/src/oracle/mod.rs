//! What is demanded of every client, whatever happens: fourteen oracles, one file each.
//!
//! An [`Oracle`] sees every event of a run as it happens and knows nothing but the [`History`].
//! It convicts at most once, with two facts that contradict each other, and it would rather say
//! *not judged* than convict wrongly: where the server itself hides or repeats things, or a client
//! does not say what it would take, nothing can be said.

mod atomic;
mod converged;
mod cost;
mod honest_ready;
mod honest_status;
mod liveness;
mod monotonic;
mod no_lost_update;
mod no_phantom;
mod no_resurrection;
mod order;
mod pacing;
mod quiet;
mod read_your_writes;
mod snapshot;

use std::time::Duration;

use crisp_mock_server::duration;

pub use crate::words::Rule;
pub(crate) use no_lost_update::WIPED;
pub(crate) use read_your_writes::NEVER_SAVED;

use crate::history::{Event, History, Site, State};
use crate::scenario::Expect;
use crate::subject::Abilities;

/// What an oracle says at the end of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It saw what it had to see, and all was well.
    Pass,
    /// A rule was broken.
    Fail(Box<Breach>),
    /// It could not judge, and why.
    NotJudged(String),
}

/// A broken rule: what contradicts what.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Breach {
    /// When it came to light.
    pub at: Duration,
    /// Which website it is about.
    pub site: Option<Site>,
    /// The verdict in plain words: `lost update`.
    pub word: &'static str,
    /// The first fact.
    pub fact: String,
    /// The fact that contradicts it.
    pub but: String,
    /// What should have been there.
    pub expected: Option<String>,
    /// What was there.
    pub got: Option<String>,
}

/// The word for a website that a cache lacks.
pub const MISSING: &str = "missing website";

/// One of the fourteen.
pub trait Oracle {
    /// Sees an event; `history` has it already.
    fn see(&mut self, history: &History, event: &Event) -> Option<Breach>;

    /// Why it could not judge this run, if it could not.
    fn unjudged(&self, _history: &History) -> Option<String> {
        None
    }
}

/// The oracle of a rule, for a run of a client with these abilities.
#[must_use]
pub fn oracle(rule: Rule, expect: &Expect, abilities: Abilities) -> Box<dyn Oracle> {
    match rule {
        Rule::Converged => Box::new(converged::Converged::new(expect.converged_within)),
        Rule::Snapshot => Box::new(snapshot::Snapshot::default()),
        Rule::Monotonic => Box::new(monotonic::Monotonic::default()),
        Rule::NoResurrection => Box::new(no_resurrection::NoResurrection::default()),
        Rule::NoPhantom => Box::new(no_phantom::NoPhantom::default()),
        Rule::ReadYourWrites => Box::new(read_your_writes::ReadYourWrites::new(abilities.saves)),
        Rule::NoLostUpdate => Box::new(no_lost_update::NoLostUpdate { can: abilities.saves }),
        Rule::HonestReady => Box::new(honest_ready::HonestReady::default()),
        Rule::HonestStatus => Box::new(honest_status::HonestStatus::new(abilities.status)),
        Rule::Liveness => Box::new(liveness::Liveness::default()),
        Rule::Pacing => Box::new(pacing::Pacing::new(abilities.waits)),
        Rule::Cost => Box::new(cost::Cost),
        Rule::Atomic => Box::new(atomic::Atomic::default()),
        Rule::Quiet => Box::new(quiet::Quiet),
    }
}

/// What is shown or held, as people read it.
fn shown(history: &History, state: Option<State>) -> String {
    state.map_or_else(|| "nothing".to_owned(), |state| history.values.pretty(state.settings))
}

/// A time, as people read it.
fn time(at: Duration) -> String {
    if at < Duration::from_secs(100) {
        let seconds = at.as_secs_f64();
        return if at.subsec_millis() == 0 {
            format!("{seconds} s")
        } else {
            format!("{seconds:.2} s")
        };
    }
    let seconds = Duration::from_secs(at.as_secs());
    duration::format(seconds)
}

#[cfg(test)]
mod tests;
