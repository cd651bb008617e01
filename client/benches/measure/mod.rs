//! Measuring on a machine that others use, too: CPU time of this thread, what is compared side by
//! side in turn, medians.

use std::time::Duration;

/// The CPU time that this thread has spent, which waiting for a core does not add to.
#[cfg(unix)]
pub fn cpu() -> Duration {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(spent.tv_sec).unwrap_or_default(),
        u32::try_from(spent.tv_nsec).unwrap_or_default(),
    )
}

/// Where there is no such clock: the time of the wall.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "it measures real time")]
pub fn cpu() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// The figures of one thing, a round each.
#[derive(Default)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    /// One more round: `times` of it took so long.
    pub fn add(&mut self, took: Duration, times: u32) {
        self.0.push(took.as_secs_f64() / f64::from(times));
    }

    /// The median, in seconds.
    pub fn median(&self) -> f64 {
        median(self.0.clone())
    }

    /// The tenth that the others disturbed least, in seconds.
    pub fn calmest(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 10]
    }

    /// The median of the ratios of neighbouring rounds.
    pub fn to(&self, other: &Self) -> f64 {
        median(self.0.iter().zip(&other.0).map(|(a, b)| a / b).collect())
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
