//! Reasons to stop: a signal, idleness, the end of the parent.

use std::fmt;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::server::MockServer;

use crate::failure::Failure;

/// How often it is looked whether the parent is still there.
const PARENT_CHECK: Duration = Duration::from_millis(500);

/// Why the server stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A signal, by name.
    Signal(Signal),
    /// No request came for so long.
    Idle(Duration),
    /// The parent has ended.
    Orphaned(u32),
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(signal) => write!(out, "{}; once more to end at once", signal.name),
            Self::Idle(idle) => write!(out, "no request for {}", duration::format(*idle)),
            Self::Orphaned(pid) => write!(out, "process {pid} has ended"),
        }
    }
}

/// A signal that asks a program to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal {
    name: &'static str,
    number: u8,
}

const INTERRUPT: Signal = Signal {
    name: "SIGINT",
    number: 2,
};
#[cfg(unix)]
const TERMINATE: Signal = Signal {
    name: "SIGTERM",
    number: 15,
};

/// The signals that ask us to stop.
pub struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// From now on signals wait here.
    ///
    /// # Errors
    ///
    /// [`Failure::Environment`] when the system refuses.
    #[cfg(unix)]
    pub fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| {
            signal(kind).map_err(|error| Failure::Environment {
                doing: "listening for signals".to_owned(),
                problem: error.to_string(),
            })
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// From now on signals wait here.
    ///
    /// # Errors
    ///
    /// None on this platform.
    #[cfg(not(unix))]
    pub fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    #[cfg(unix)]
    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPT,
            _ = self.terminate.recv() => TERMINATE,
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        INTERRUPT
    }

    /// The next signal ends the process at once, whatever is still in flight.
    pub fn end_at_the_next(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            std::process::exit(128 + i32::from(signal.number));
        });
    }
}

/// Waits for the first reason to stop.
pub async fn wait(
    server: &MockServer,
    signals: &mut Signals,
    idle_exit: Option<Duration>,
    parent: Option<u32>,
) -> Reason {
    tokio::select! {
        signal = signals.next() => Reason::Signal(signal),
        idle = idleness(server, idle_exit) => Reason::Idle(idle),
        parent = end_of(parent) => Reason::Orphaned(parent),
    }
}

async fn idleness(server: &MockServer, limit: Option<Duration>) -> Duration {
    let Some(limit) = limit else {
        return std::future::pending().await;
    };
    loop {
        let left = limit.saturating_sub(server.idle_for());
        if left.is_zero() {
            return limit;
        }
        tokio::time::sleep(left).await;
    }
}

async fn end_of(parent: Option<u32>) -> u32 {
    let Some(parent) = parent else {
        return std::future::pending().await;
    };
    while is_alive(parent) {
        tokio::time::sleep(PARENT_CHECK).await;
    }
    parent
}

/// Whether a process is there and has not ended. One that nobody has buried yet has ended.
#[cfg(target_os = "linux")]
fn is_alive(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    // `pid (name) state …`: the name may contain anything, `)` too.
    let state = stat
        .rsplit_once(')')
        .and_then(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, Some('Z' | 'X' | 'x'))
}

/// Whether a process is there.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Whether a process is there: the system's own list says.
#[cfg(windows)]
fn is_alive(pid: u32) -> bool {
    let listed = std::process::Command::new("tasklist")
        .args(["/nh", "/fo", "csv", "/fi", &format!("PID eq {pid}")])
        .output();
    // When the list cannot be had, a server that stays is better than one that goes too early.
    listed.map_or(true, |listed| {
        String::from_utf8_lossy(&listed.stdout).contains(&format!("\"{pid}\""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_an_impossible_one_is_not() {
        assert!(is_alive(std::process::id()));
        assert!(!is_alive(u32::MAX));
    }
}
