//! By which clock a plugin is judged: found out once, by starting it with the preload and seeing whether
//! one of its processes reports.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::PeerError;
use super::clock::Hello;
use super::options::Time;
use super::preload::Preload;

/// How long a plugin may take to load the preload. Node and Python do so before anything else.
pub(super) const REPORTS_WITHIN: Duration = Duration::from_secs(5);

/// What was found.
#[derive(Debug, Clone)]
pub(super) enum Found {
    /// Its clock is moved.
    Virtual(Hello),
    /// It lives by the machine's clock, and why.
    Real(String),
}

/// What is known of a plugin's clock.
#[derive(Debug)]
pub(super) struct WhoseClock {
    wanted: Time,
    preload: OnceLock<Result<Arc<Preload>, String>>,
    found: OnceCell<Found>,
}

impl WhoseClock {
    pub(super) fn new(wanted: Time) -> Self {
        Self { wanted, preload: OnceLock::new(), found: OnceCell::new() }
    }

    /// The preload, unless real time is wanted; the error says why there is none.
    pub(super) fn preload(&self) -> Result<Arc<Preload>, String> {
        if self.wanted == Time::Real {
            return Err("--time real".to_owned());
        }
        let write = || match Preload::write() {
            Ok(preload) => Ok(Arc::new(preload)),
            Err(error) => Err(format!("the preload cannot be written: {error}")),
        };
        self.preload.get_or_init(write).clone()
    }

    /// What is found by this look, which is taken once.
    pub(super) async fn find(
        &self,
        look: impl Future<Output = Found>,
    ) -> Result<&Found, PeerError> {
        let found = self.found.get_or_init(|| look).await;
        match found {
            Found::Real(why) if self.wanted == Time::Virtual => {
                Err(PeerError::NeverStarted(format!(
                    "--time virtual: {why}\n  = hint: the clock can be taken from Node and Python; \
                     --time auto judges others in real time"
                )))
            }
            found => Ok(found),
        }
    }

    /// Why the plugin lives by the machine's clock, if it does and that was not asked for.
    pub(super) fn why_real(&self) -> Option<String> {
        match self.found.get() {
            Some(Found::Real(why)) if self.wanted == Time::Auto => Some(why.clone()),
            _ => None,
        }
    }
}
