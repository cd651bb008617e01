//! What a plugin may wait for that keeps the machine's time. Children that have not said hello: each is waited for a
//! while, and counts as one without a clock after that.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;

/// How long a child process is waited for before it counts as one that has no clock.
const A_CHILD: Duration = Duration::from_secs(2);

/// Which children have not said hello, and since when.
#[derive(Debug, Default)]
pub(super) struct Silent {
    since: HashMap<u32, Instant>,
    without_a_clock: HashSet<u32>,
    /// What the plugin does that no clock here can follow.
    doubt: Option<String>,
}

impl Silent {
    /// Takes in which children run now and have not said hello; whether one of them has yet to be
    /// waited for.
    pub(super) fn is_awaited(&mut self, absent: &[u32], now: Instant) -> bool {
        self.since.retain(|pid, _| absent.contains(pid));
        for pid in absent {
            let since = *self.since.entry(*pid).or_insert(now);
            if now.saturating_duration_since(since) >= A_CHILD {
                self.without_a_clock.insert(*pid);
            }
        }
        absent.iter().any(|pid| !self.without_a_clock.contains(pid))
    }

    /// The clock goes on while the plugin waits for these.
    pub(super) fn run_on(&mut self, awaited: impl Iterator<Item = u32>) {
        for pid in awaited {
            self.doubt
                .get_or_insert_with(|| format!("began process {pid}, whose clock cannot be moved"));
        }
    }

    /// It says that it uses this.
    pub(super) fn uses(&mut self, what: &str) {
        let what = || what.chars().take(80).collect::<String>();
        self.doubt
            .get_or_insert_with(|| format!("uses {}, which keeps the machine's time", what()));
    }

    /// One of these that had been given up before it said hello: the clock has gone on without it.
    pub(super) fn late(&self, mut there: impl Iterator<Item = u32>) -> Option<String> {
        let pid = there.find(|pid| self.without_a_clock.contains(pid))?;
        let patience = A_CHILD.as_secs();
        Some(format!(
            "process {pid} began to report more than {patience} s after it was begun, when the clock \
             had gone on without it: the machine is slow"
        ))
    }

    /// Why a failure says nothing of the plugin: it waited for a process whose clock is not moved.
    pub(super) fn doubt(&self) -> Option<String> {
        let what = self.doubt.as_ref()?;
        Some(format!(
            "the plugin {what}: what waits for it comes late in virtual time; `--time real` judges it"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_waited_for_two_seconds_and_one_that_ends_before_is_forgotten() {
        let begin = Instant::now();
        let mut silent = Silent::default();
        assert!(silent.is_awaited(&[7, 8], begin));
        let short_of = A_CHILD - Duration::from_millis(1);
        assert!(silent.is_awaited(&[7], begin + short_of));
        assert!(!silent.is_awaited(&[7], begin + A_CHILD));
        // The same number again is another process.
        assert!(silent.is_awaited(&[7, 8], begin + A_CHILD));
        assert!(silent.late([8].into_iter()).is_none());
        let late = silent.late([8, 7].into_iter());
        assert!(late.is_some_and(|why| why.starts_with("process 7 began to report more than 2 s")));
    }
}
