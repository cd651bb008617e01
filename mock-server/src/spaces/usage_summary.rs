//! What the spaces of a server used: requests of the daily quota, and faults that never fired.

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

/// The usage of all spaces, those included that were reset or removed.
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
/// assert_eq!(server.spaces().usage_summary().unfired.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageSummary {
    /// Requests that counted against a daily quota, whether it had a limit or not.
    pub spent: u64,
    /// The time, on their own clocks, of the spaces in which any did.
    pub elapsed: Duration,
    /// Requests that were refused because a daily quota was spent.
    pub refused: u64,
    /// How many deliveries of web hooks were forged by a fault and answered with 2xx, and the first of
    /// them in words.
    pub forged: Option<(u64, String)>,
    /// Faults that never fired: a test that relied on them has tested nothing.
    pub unfired: Vec<Unfired>,
    /// How many more there were.
    pub unfired_besides: u64,
}

impl UsageSummary {
    /// Adds the usage of a space when the time outside is `outside`.
    pub fn add(&mut self, space: &Space, outside: Duration) {
        let quota = &space.world.quota;
        self.refused += quota.refused();
        if quota.spent() > 0 {
            self.spent += quota.spent();
            self.elapsed += space.now(outside).elapsed;
        }
        self.add_unfired(space.name(), &space.faults.list());
        for delivery in space.hooks.deliveries().filter(|delivery| delivery.is_forgery_taken()) {
            let forgery = delivery.forgery.map_or("", |forgery| forgery.name());
            let named = || format!("{} with {forgery} in space {}", delivery.event, space.name());
            self.forged.get_or_insert_with(|| (0, named())).0 += 1;
        }
    }

    /// Adds those of the faults that never fired; a clock fault acts on no request, and is left out.
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

    /// The rate of spent requests over a day; none when too little time has passed for a rate.
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
        let mut summary = UsageSummary {
            spent: 30,
            elapsed: Duration::from_secs(600),
            ..UsageSummary::default()
        };
        assert_eq!(summary.a_day(), Some(4_320));
        summary.elapsed = Duration::ZERO;
        assert_eq!(summary.a_day(), None);
    }
}
