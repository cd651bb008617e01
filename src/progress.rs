//! How far a search is: one line on a terminal, and the figures at its end.
//!
//! On stderr, so that stdout says the same for the same seed on every machine.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crisp_harness::search::{Tally, Watch};

use crate::terminal;

/// From one writing of the line to the next.
const EVERY: Duration = Duration::from_millis(100);

/// Watches a search.
pub struct Progress {
    started: Instant,
    limit: Option<Duration>,
    of: Option<u64>,
    quiet: bool,
    live: bool,
    stop: Arc<AtomicBool>,
    cases: AtomicU64,
    virtual_ms: AtomicU64,
    /// When the line was written last.
    written: Mutex<Option<Instant>>,
}

impl Progress {
    /// Begins to count the time.
    pub fn start(of: Option<u64>, limit: Option<Duration>, quiet: bool) -> Self {
        Self {
            started: now(),
            limit,
            of,
            quiet,
            live: !quiet && std::io::stderr().is_terminal(),
            stop: Arc::default(),
            cases: AtomicU64::new(0),
            virtual_ms: AtomicU64::new(0),
            written: Mutex::new(None),
        }
    }

    /// What ends the search when it becomes true.
    pub fn stopper(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// Writes something else where the line is.
    pub fn aside(&self, write: impl FnOnce()) {
        if let Ok(mut written) = self.written.lock() {
            self.wipe(&mut written);
            write();
        }
    }

    /// Takes the line away and says how fast it was.
    pub fn finish(&self) {
        self.aside(|| ());
        if !self.quiet && self.cases.load(Ordering::Relaxed) > 0 {
            terminal::complain(&self.figures());
        }
    }

    fn figures(&self) -> String {
        let cases = self.cases.load(Ordering::Relaxed);
        let took = self.started.elapsed().as_secs_f64().max(1e-6);
        let passed = self.virtual_ms.load(Ordering::Relaxed) as f64 / 1000.0;
        format!(
            "        {cases} cases in {took:.1} s, {:.0} a second; {:.1} days of virtual time, {:.1} \
             million times as fast as real time",
            cases as f64 / took,
            passed / 86_400.0,
            passed / took / 1e6
        )
    }

    fn wipe(&self, written: &mut Option<Instant>) {
        if written.take().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

impl Watch for Progress {
    fn judged(&self, tally: Tally) {
        let cases = self.cases.fetch_add(tally.cases, Ordering::Relaxed) + tally.cases;
        self.virtual_ms
            .fetch_add(tally.virtual_ms, Ordering::Relaxed);
        if !self.live {
            return;
        }
        let Ok(mut written) = self.written.try_lock() else {
            return;
        };
        if written.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        *written = Some(now());
        let of = self.of.map_or_else(String::new, |of| {
            let filled = usize::try_from(cases.min(of) * 20 / of.max(1)).unwrap_or(0);
            format!(" {}{}", "█".repeat(filled), "░".repeat(20 - filled))
        });
        let mut err = std::io::stderr();
        let _ = write!(err, "\r\x1b[2K {of} {}", self.figures().trim_start());
        let _ = err.flush();
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
            || self
                .limit
                .is_some_and(|limit| self.started.elapsed() >= limit)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how fast a search is, is measured at the edge and stays outside the log"
)]
fn now() -> Instant {
    Instant::now()
}
