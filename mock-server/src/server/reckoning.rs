//! What worlds came to: the quota they spent, and the faults that were armed in vain.

use std::time::Duration;

use crate::fault::{Effect, Fault, FaultReport};
use crate::space::Space;

/// How many faults that never fired are named; the others are counted.
const MOST_NAMED: usize = 100;

/// A fault that was armed and never acted on a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfired {
    /// The space it was armed in.
    pub space: String,
    /// The fault, as it was written.
    pub fault: Fault,
}

/// What worlds came to, whether they are still there or not.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use crisp_mock_server::options::WorldOptions;
/// use crisp_mock_server::server::MockServer;
///
/// let faults = serde_json::json!({ "at": "since#2", "status": 503 });
/// let options = WorldOptions { faults: Some(faults), ..Default::default() };
/// let server = MockServer::start(options.into()).await?;
/// assert_eq!(server.spaces().reckoning().unfired.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reckoning {
    /// Requests that counted against a daily quota, whether it had a limit or not.
    pub spent: u64,
    /// For how long, on their own clocks, the worlds ran in which any did.
    pub elapsed: Duration,
    /// Requests that were refused because a daily quota was spent.
    pub refused: u64,
    /// Faults that never fired: what relied on them proves nothing.
    pub unfired: Vec<Unfired>,
    /// How many more there were.
    pub unfired_besides: u64,
}

impl Reckoning {
    /// Adds what a world has come to when the time outside is `outside`.
    pub fn add(&mut self, space: &Space, outside: Duration) {
        let quota = &space.world.quota;
        self.refused += quota.refused();
        if quota.spent() > 0 {
            self.spent += quota.spent();
            self.elapsed += space.now(outside).elapsed;
        }
        self.add_unfired(space.name(), &space.faults.list());
    }

    /// Adds those of the faults that never fired. A clock that runs wrong meets no request.
    pub fn add_unfired(&mut self, space: &str, faults: &[FaultReport]) {
        let unfired = faults.iter().filter(|report| {
            report.never_fired && !matches!(report.fault.effect, Effect::Clock(_))
        });
        for report in unfired {
            if self.unfired.len() == MOST_NAMED {
                self.unfired_besides += 1;
                continue;
            }
            self.unfired.push(Unfired { space: space.to_owned(), fault: report.fault.clone() });
        }
    }

    /// What the spent requests would be in a day, kept up; none when hardly any time has passed.
    #[must_use]
    pub fn a_day(&self) -> Option<u64> {
        const DAY: f64 = 86_400.0;
        let seconds = self.elapsed.as_secs_f64();
        // Far below 2^64 for anything that a machine can send.
        (seconds >= 0.001).then(|| (self.spent as f64 / seconds * DAY).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_taken_over_the_worlds_own_time() {
        let mut reckoning =
            Reckoning { spent: 30, elapsed: Duration::from_secs(600), ..Reckoning::default() };
        assert_eq!(reckoning.a_day(), Some(4_320));
        reckoning.elapsed = Duration::ZERO;
        assert_eq!(reckoning.a_day(), None);
    }
}
