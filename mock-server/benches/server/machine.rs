//! What the kernel tells of processes and of the machine, where it has a `/proc`.

use std::fs;
use std::time::Duration;

use crisp_mock_server::spaces::system_clock;

/// What the kernel counts CPU time in: `USER_HZ` is 100 on every architecture that matters here.
const TICK: Duration = Duration::from_millis(10);

/// From this share of the machine in other hands on, a run says that it was disturbed.
const BUSY: f64 = 0.1;

/// CPU time that a process has used, its ended children left out: to the nanosecond where the
/// kernel tells, else to the tick.
pub fn cpu_of(pid: u32) -> Option<Duration> {
    scheduled(pid).or_else(|| ticks(pid, 13..15))
}

/// The same in ticks, with the threads that have ended.
pub fn ticks_of(pid: u32) -> Option<Duration> {
    ticks(pid, 13..15)
}

/// What the threads have run; one that has ended is forgotten, and a server's do not end.
fn scheduled(pid: u32) -> Option<Duration> {
    let mut all = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        let nanos: u64 = text.split_whitespace().next()?.parse().ok()?;
        all += Duration::from_nanos(nanos);
    }
    Some(all)
}

fn ticks(pid: u32, fields: std::ops::Range<usize>) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in parentheses that may contain anything; the third comes after.
    let after_name = stat.rsplit_once(')')?.1;
    let fields = after_name.split_whitespace().skip(fields.start - 2).take(fields.len());
    let ticks: u32 = fields.map(|ticks| ticks.parse().unwrap_or(0)).sum();
    Some(TICK * ticks)
}

/// Resident memory of a process in bytes.
pub fn resident(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0)
}

/// The machine, and what it had done when the run began.
pub struct Machine {
    began: Duration,
    all: Option<Duration>,
}

impl Machine {
    pub fn look() -> Self {
        Self { began: system_clock::elapsed(), all: all_cpu() }
    }

    /// How many cores there are, and how busy they have been lately.
    pub fn describe(&self) -> String {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split_whitespace().next().unwrap_or("unknown");
        format!("{} cores, load {load} before the run", cores())
    }

    /// The share of the machine that others used during the run; none without a `/proc`.
    fn foreign(&self) -> Option<f64> {
        let passed = system_clock::elapsed().saturating_sub(self.began);
        let all = all_cpu()?.checked_sub(self.all?)?;
        let me = std::process::id();
        let ours = ticks(me, 13..15)? + ticks(me, 15..17)?; // with the children that have ended
        let foreign = all.saturating_sub(ours).as_secs_f64();
        Some(foreign / (passed.as_secs_f64() * cores() as f64))
    }

    /// Whether the figures can be trusted.
    pub fn verdict(&self) -> String {
        let passed = system_clock::elapsed().saturating_sub(self.began).as_secs();
        match self.foreign() {
            None => format!("{passed} s; there is no /proc here to tell what else was running"),
            Some(foreign) => format!(
                "{passed} s; other work used {:.0} % of the machine: {}",
                foreign * 100.0,
                if foreign > BUSY {
                    "trust the ratios and the figures per core, not the times"
                } else {
                    "quiet enough"
                }
            ),
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// CPU time that all processes have used: user, nice and system, interrupts left out.
fn all_cpu() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().next()?;
    let ticks = line.split_whitespace().skip(1).take(3);
    let ticks: u32 = ticks.map(|ticks| ticks.parse().unwrap_or(0)).sum();
    Some(TICK * ticks)
}
