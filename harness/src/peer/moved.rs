//! The clock of a plugin that is moved by hand.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::time::timeout;

use super::clock::ClockChannel;
use super::preload::Preload;
use super::{Access, Advanced, PeerError};

/// What takes the clock from the plugin's processes, and where it is moved from.
pub(super) struct Moved {
    preload: Arc<Preload>,
    pub(super) channel: Arc<ClockChannel>,
    elapsed: Mutex<Duration>,
}

impl Moved {
    /// A clock that stands at the start.
    pub(super) async fn new(preload: Arc<Preload>) -> Result<Self, PeerError> {
        let channel = ClockChannel::open()
            .await
            .map_err(|error| PeerError::NeverStarted(format!("no port was free: {error}")))?;
        Ok(Self { preload, channel: Arc::new(channel), elapsed: Mutex::default() })
    }

    /// What the plugin's processes find in their environment; `present` says what they would find without
    /// it.
    pub(super) fn variables(
        &self,
        access: &Access,
        present: &dyn Fn(&str) -> Option<OsString>,
    ) -> Vec<(String, OsString)> {
        // Sets of texts have one order in every run.
        let hashes = std::env::var("PYTHONHASHSEED").unwrap_or_else(|_| "0".to_owned());
        let seed = access.client.seed.unwrap_or(1).to_string();
        let clock = self.channel.variables(&access.rest_host, access.now);
        let clock = clock.into_iter().chain([("CRISP_SEED", seed), ("PYTHONHASHSEED", hashes)]);
        let clock = clock.map(|(name, value)| (name, OsString::from(value)));
        let all = self.preload.variables(present).into_iter().chain(clock);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Moves the clocks of all processes, and waits until they are at rest; where it is asked for, also what one process
    /// was like before its clock moved.
    pub(super) async fn advance(
        &self,
        by: Duration,
        now: Timestamp,
        tell_found: bool,
        patience: Duration,
    ) -> Result<(Option<Advanced>, Advanced), PeerError> {
        let to = {
            let mut elapsed = self.elapsed.lock();
            *elapsed += by;
            *elapsed
        };
        // A moment before the harness gives it up without a reason.
        match timeout(patience * 9 / 10, self.channel.advance(to, now, tell_found)).await {
            Ok(advanced) => advanced.map_err(PeerError::Late),
            Err(_) => {
                let because = self.channel.because();
                let because = because.unwrap_or_else(|| "it does not come to rest".to_owned());
                Err(PeerError::Late(because))
            }
        }
    }
}
