//! How far a search is: one line on a terminal, and the figures at its end.
//!
//! On stderr, so that stdout says the same for the same seed on every machine.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crisp_harness::search::{Phase, Tally, Watch};
use crisp_mock_server::duration;
use parking_lot::Mutex;

use crate::terminal;

/// From one writing of the line to the next.
const EVERY: Duration = Duration::from_millis(100);

/// How long the parts of a search may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// All up to the first failure; making it smaller gets the same again.
    pub together: Option<Duration>,
    /// The random cases, when nothing is said of all together.
    pub random: Option<Duration>,
    /// Whether clients take the time that they take, so that a case is seconds.
    pub real: bool,
}

impl Limits {
    /// What is said of them before the search.
    pub fn in_words(self) -> Option<String> {
        let long = duration::format;
        match (self.together, self.random) {
            (Some(together), _) => Some(format!(
                "then random cases; {} at most, and as much again to make a failure smaller",
                long(together)
            )),
            (None, Some(random)) => Some(format!(
                "then random cases for {}; as much again at most to make a failure smaller",
                long(random)
            )),
            (None, None) => None,
        }
    }
}

/// Watches a search.
pub struct Progress {
    started: Instant,
    limits: Limits,
    /// What is done now, and until when.
    part: Mutex<(String, Option<Instant>)>,
    of: Mutex<Option<u64>>,
    /// Whether all cases within a bound are judged, which takes minutes.
    all: AtomicBool,
    quiet: bool,
    live: bool,
    stop: Arc<AtomicBool>,
    cases: AtomicU64,
    virtual_ms: AtomicU64,
    /// When the line was written last.
    written: Mutex<Option<Instant>>,
    /// Of how many scenarios, and when the first was begun.
    known: Mutex<Option<(u64, Instant)>>,
}

/// So much of the time that a failure may take is kept to confirm what is left of it.
const TO_CONFIRM: u32 = 4;
/// Where nothing moves a cursor, a line is written so often.
const NOW_AND_THEN: Duration = Duration::from_secs(10);

impl Progress {
    /// Begins to count the time.
    pub fn start(of: Option<u64>, limits: Limits, quiet: bool) -> Self {
        let started = now();
        Self {
            started,
            limits,
            part: Mutex::new((String::new(), limits.together.map(|limit| started + limit))),
            of: Mutex::new(of),
            all: AtomicBool::new(false),
            quiet,
            live: !quiet && std::io::stderr().is_terminal(),
            stop: Arc::default(),
            cases: AtomicU64::new(0),
            virtual_ms: AtomicU64::new(0),
            written: Mutex::new(None),
            known: Mutex::new(None),
        }
    }

    /// What ends the search when it becomes true.
    pub fn stopper(&self) -> Arc<AtomicBool> {
        self.stop.clone()
    }

    /// Writes something else where the line is.
    pub fn aside(&self, write: impl FnOnce()) {
        let mut written = self.written.lock();
        self.wipe(&mut written);
        write();
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
        if self.limits.real {
            return format!("        {cases} scenarios in {took:.0} s of real time");
        }
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
        if written.take().is_some() && self.live {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

impl Progress {
    /// One line on how far it is.
    fn line(&self) -> String {
        let cases = self.cases.load(Ordering::Relaxed);
        if self.limits.real {
            let part = self.part.lock().0.clone();
            let took = self.started.elapsed().as_secs();
            let left = self.left(cases);
            return format!("{part}: {cases} judged so far, {took} s{left}");
        }
        let of = *self.of.lock();
        let bar = of.map_or_else(String::new, |of| {
            let filled = usize::try_from(cases.min(of) * 20 / of.max(1)).unwrap_or(0);
            format!("{}{} ", "█".repeat(filled), "░".repeat(20 - filled))
        });
        if self.all.load(Ordering::Relaxed) {
            let took = self.started.elapsed().as_secs_f64().max(1e-6);
            let (of, speed) = (of.unwrap_or(0), cases as f64 / took);
            let left = of.saturating_sub(cases) as f64 / speed.max(1e-6);
            let digits = usize::from(speed < 10.0);
            let left = long(left);
            return format!("{bar}{cases} of {of} cases, {speed:.digits$} a second, {left} left");
        }
        bar + self.figures().trim_start()
    }

    /// About how long the known scenarios still take, from how long the others took.
    fn left(&self, judged: u64) -> String {
        let known = *self.known.lock();
        let Some((of, since)) = known.filter(|(of, _)| judged > 0 && judged < *of) else {
            return String::new();
        };
        let left = since.elapsed().as_secs_f64() / judged as f64 * (of - judged) as f64;
        format!(", about {left:.0} s left")
    }

    /// So many scenarios begin, and nothing else follows.
    pub fn begins_scenarios(&self, count: usize) {
        self.begins(Phase::Corpus(count));
    }

    /// One more was judged.
    pub fn judged_one(&self) {
        self.judged(Tally { cases: 1, ..Tally::default() });
    }

    /// Says how far it is, if it is time to.
    fn show(&self, every: Duration) {
        let Some(mut written) = self.written.try_lock() else {
            return;
        };
        let last = written.unwrap_or(self.started);
        if last.elapsed() < every {
            return;
        }
        *written = Some(now());
        let mut err = std::io::stderr();
        let line = self.line();
        let _ = if self.live {
            write!(err, "\r\x1b[2K {line}")
        } else {
            writeln!(err, "        {line}")
        };
        let _ = err.flush();
    }
}

impl Watch for Progress {
    fn begins(&self, phase: Phase) {
        let after = |limit: Duration| now() + limit;
        let all = self.limits.together.map(|limit| self.started + limit);
        let random = self.limits.random;
        let shrinking = self.limits.together.or(random);
        let (what, until) = match phase {
            Phase::Corpus(0) => ("what was found before".to_owned(), all),
            Phase::Corpus(count) => (format!("{count} known scenarios"), all),
            Phase::Random => ("random cases".to_owned(), all.or(random.map(after))),
            Phase::All(count) => {
                *self.of.lock() = Some(count);
                self.all.store(true, Ordering::Relaxed);
                ("all cases".to_owned(), all)
            }
            Phase::Shrinking => {
                let most = shrinking.map(|limit| limit - limit / TO_CONFIRM);
                ("making the failure smaller".to_owned(), most.map(after))
            }
            Phase::Confirming => {
                let most = shrinking.map(|limit| limit / TO_CONFIRM);
                ("confirming".to_owned(), most.map(after))
            }
        };
        *self.part.lock() = (what, until);
        *self.known.lock() = match phase {
            Phase::Corpus(count) => Some((count as u64, now())),
            _ => None,
        };
    }

    fn judged(&self, tally: Tally) {
        self.cases.fetch_add(tally.cases, Ordering::Relaxed);
        self.virtual_ms.fetch_add(tally.virtual_ms, Ordering::Relaxed);
        if self.live {
            self.show(EVERY);
        } else if (self.limits.real || self.all.load(Ordering::Relaxed)) && !self.quiet {
            self.show(NOW_AND_THEN);
        }
    }

    fn is_over(&self) -> bool {
        let until = self.part.lock().1;
        self.is_stopped() || until.is_some_and(|until| now() >= until)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// About how long something takes.
fn long(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("about {seconds:.0} s"),
        ..7_200.0 => format!("about {:.0} min", seconds / 60.0),
        _ => format!("about {:.0} h", seconds / 3600.0),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how fast a search is, is measured at the edge and stays outside the log"
)]
fn now() -> Instant {
    Instant::now()
}
