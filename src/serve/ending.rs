//! Reasons to stop: a signal, idleness, the end of the parent.

use std::fmt;
use std::time::Duration;

use crisp_mock_server::duration;
use crisp_mock_server::server::MockServer;

use crate::signals::{Signal, Signals};

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
            Self::Signal(signal) => write!(out, "{}; once more to end at once", signal.name()),
            Self::Idle(idle) => write!(out, "no request for {}", duration::format(*idle)),
            Self::Orphaned(pid) => write!(out, "process {pid} has ended"),
        }
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
        reason = not_needed(server, idle_exit, parent) => reason,
    }
}

/// Waits until the server is idle for too long, or its parent has ended.
pub async fn not_needed(
    server: &MockServer,
    idle_exit: Option<Duration>,
    parent: Option<u32>,
) -> Reason {
    tokio::select! {
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

/// Whether a process is there and has not ended. A zombie has ended.
#[cfg(target_os = "linux")]
fn is_alive(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    // `pid (name) state …`: the name may contain anything, `)` too.
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, Some('Z' | 'X' | 'x'))
}

/// Whether a process is there.
#[cfg(all(unix, not(target_os = "linux")))]
fn is_alive(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
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
