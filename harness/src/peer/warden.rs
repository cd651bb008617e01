//! No client is left behind, however this program ends.
//!
//! A client on trial runs in a process group of its own, so Ctrl-C does not reach it, and a program
//! that is killed cannot clean up. So a small process watches: a pipe tells it which groups run, and
//! when the pipe closes, because this program has ended in whatever way, it ends those that are left.

use std::io::{self, BufRead, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use parking_lot::Mutex;

/// A process that ends clients when this one has ended.
#[derive(Debug)]
pub struct Warden {
    pipe: Mutex<Option<ChildStdin>>,
    child: Mutex<Child>,
}

impl Warden {
    /// Starts it: `command` is a program that calls [`Warden::keep_watch`] with its stdin.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn start(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C is for us; it has to outlive us.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        Ok(Self { pipe: Mutex::new(child.stdin.take()), child: Mutex::new(child) })
    }

    /// What the watching process does: until the pipe closes it takes note, then it ends groups.
    pub fn keep_watch(notes: impl BufRead) {
        let mut running = Vec::new();
        for note in notes.lines().map_while(Result::ok) {
            let number = note.get(1..).and_then(|number| number.parse().ok());
            match (note.as_bytes().first(), number) {
                (Some(b'+'), Some(group)) => running.push((group, kill_group as fn(u32))),
                (Some(b'?'), Some(group)) => running.push((group, ask_group)),
                (Some(b'-'), Some(group)) => running.retain(|(other, _)| *other != group),
                _ => {}
            }
        }
        running.into_iter().for_each(|(group, end)| end(group));
    }

    /// A group runs now.
    pub(super) fn watch(&self, group: u32) {
        self.note(&format!("+{group}\n"));
    }

    /// A group runs now that is asked to end, not killed.
    pub fn watch_politely(&self, group: u32) {
        self.note(&format!("?{group}\n"));
    }

    /// A group has ended.
    pub fn forget(&self, group: u32) {
        self.note(&format!("-{group}\n"));
    }

    fn note(&self, note: &str) {
        let mut pipe = self.pipe.lock();
        if let Some(pipe) = pipe.as_mut() {
            // Should the warden have been killed, clients still end with their peers.
            let _ = pipe.write_all(note.as_bytes());
        }
    }
}

impl Drop for Warden {
    fn drop(&mut self) {
        // The pipe closes, and the watch is over.
        self.pipe.lock().take();
        let _ = self.child.lock().wait();
    }
}

/// Sends a signal to every process of a group.
#[cfg(unix)]
pub fn signal_group(group: u32, signal: rustix::process::Signal) {
    // 0 and 1 would mean this program's own group, and every process.
    let group = i32::try_from(group).ok().filter(|group| *group > 1);
    if let Some(group) = group.and_then(rustix::process::Pid::from_raw) {
        // An error means that it has ended.
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

/// Ends every process of a group at once.
#[cfg(unix)]
pub(super) fn kill_group(group: u32) {
    signal_group(group, rustix::process::Signal::KILL);
}

/// Asks every process of a group to end.
#[cfg(unix)]
pub(super) fn ask_group(group: u32) {
    signal_group(group, rustix::process::Signal::TERM);
}

/// Ends a process and those that it started.
#[cfg(not(unix))]
pub(super) fn kill_group(process: u32) {
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &process.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// There is no polite way here.
#[cfg(not(unix))]
pub(super) fn ask_group(process: u32) {
    kill_group(process);
}
