//! No client is left behind, however this program ends.
//!
//! A client on trial runs in a process group of its own, so Ctrl-C does not reach it, and a program
//! that is killed cannot clean up. So a small process watches: a pipe tells it which groups run, and
//! when the pipe closes, because this program has ended in whatever way, it ends those that are left.

use std::io::{self, BufRead, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use parking_lot::Mutex;

use super::family::Family;

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

    /// What the watching process does: until the pipe closes it takes note, then it ends groups, and
    /// what has left them.
    pub fn keep_watch(notes: impl BufRead) {
        let mut running = Vec::new();
        for note in notes.lines().map_while(Result::ok) {
            let mut words = note.get(1..).unwrap_or_default().split(' ');
            let number: Option<u32> = words.next().and_then(|number| number.parse().ok());
            let family = words.next().and_then(Family::of_mark);
            match (note.as_bytes().first(), number) {
                (Some(b'+'), Some(group)) => running.push((group, family, Ending::AtOnce)),
                (Some(b'?'), Some(group)) => running.push((group, family, Ending::Politely)),
                (Some(b'-'), Some(group)) => running.retain(|(other, ..)| *other != group),
                _ => {}
            }
        }
        for (group, family, ending) in running {
            end_family(group, family.as_ref().map(|family| (family, Some(group))), ending);
            if ending == Ending::AtOnce {
                end_family(group, family.as_ref().map(|family| (family, None)), ending);
            }
        }
    }

    /// A group runs now, and with it a family.
    pub(super) fn watch(&self, group: u32, family: &Family) {
        self.note(&format!("+{group} {}\n", family.mark()));
    }

    /// A group runs now that is asked to end, not killed.
    pub fn watch_politely(&self, group: u32, family: &Family) {
        self.note(&format!("?{group} {}\n", family.mark()));
    }

    /// A group has ended.
    pub fn forget(&self, group: u32) {
        self.note(&format!("-{group}\n"));
    }

    /// The number of the watching process.
    pub fn pid(&self) -> u32 {
        self.child.lock().id()
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

/// How processes are ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// They are killed.
    AtOnce,
    /// They are asked to end.
    Politely,
}

/// Ends every process of a group, and of a family, to which also belongs what lies below a process that
/// was not waited for.
#[cfg(unix)]
pub(super) fn end_family(group: u32, family: Option<(&Family, Option<u32>)>, ending: Ending) {
    let signal = match ending {
        Ending::AtOnce => rustix::process::Signal::KILL,
        Ending::Politely => rustix::process::Signal::TERM,
    };
    let outside = || {
        if let Some((family, root)) = family {
            family.signal(root, group, None, signal);
        }
    };
    // While the group is there, it leads to what has left it; only without it nothing new comes.
    let leads = family.is_some_and(|(_, root)| root.is_some());
    if leads {
        outside();
    }
    signal_group(group, signal);
    if !leads {
        outside();
    }
}

/// Ends a process and those that it started; there is no polite way here.
#[cfg(not(unix))]
pub(super) fn end_family(process: u32, _: Option<(&Family, Option<u32>)>, _: Ending) {
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &process.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}
