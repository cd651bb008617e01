//! All processes that come from one, whatever groups and sessions they have made of their own.
//!
//! A process group is left by `setsid`, and a parent is lost when it ends. Two things stay: the
//! environment, in which each family has a mark of its own, and, for a process that is still there, its
//! parents. On Linux both are read from `/proc`. On other systems nothing is found here, and the
//! process group is all there is.

use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};

/// The variable that has the marks: of the family, and of those that it is a part of.
const VARIABLE: &str = "CRISP_MOCK_FAMILY";

/// The processes that come from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    mark: String,
}

impl Default for Family {
    fn default() -> Self {
        Self::new()
    }
}

impl Family {
    /// A family without members.
    #[must_use]
    pub fn new() -> Self {
        // Not to be met twice on a machine; nothing else depends on it.
        let chance = || RandomState::new().hash_one(std::process::id());
        Self { mark: format!("{:016x}{:016x}", chance(), chance()) }
    }

    /// The family with this mark, if it can be one.
    #[must_use]
    pub fn of_mark(mark: &str) -> Option<Self> {
        let is_mark = mark.len() == 32 && mark.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_mark.then(|| Self { mark: mark.to_owned() })
    }

    /// What tells it from others.
    #[must_use]
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// The variable that makes a process, and all that come from it, members.
    #[must_use]
    pub fn variable(&self) -> (&'static str, OsString) {
        let mut marks = std::env::var_os(VARIABLE).unwrap_or_default();
        marks.push(" ");
        marks.push(&self.mark);
        (VARIABLE, marks)
    }
}

#[cfg(unix)]
pub use unix::{adopt, bury};

#[cfg(unix)]
mod unix {
    use std::collections::BTreeSet;

    use rustix::process::Signal;

    use super::Family;
    #[cfg(target_os = "linux")]
    use super::linux;

    /// Rounds of looking for members that were started while others were signalled.
    const MOST_ROUNDS: usize = 100;

    /// A process that comes from another.
    pub(super) struct Member {
        pub(super) pid: u32,
        pub(super) group: u32,
        /// When it began; tells it from a later process of the same number.
        #[cfg(target_os = "linux")]
        pub(super) began: u64,
    }

    impl Family {
        /// Sends a signal to every member outside of a process group, once: the group gets its own.
        /// What lies below `root`, which is not to have been waited for, counts as a member, but for
        /// the process `except`.
        pub fn signal(&self, root: Option<u32>, group: u32, except: Option<u32>, signal: Signal) {
            let mut signalled = BTreeSet::new();
            for _ in 0..MOST_ROUNDS {
                let mut members = self.members(root, except);
                members.retain(|one| one.group != group && signalled.insert(one.pid));
                if members.is_empty() {
                    return;
                }
                members.iter().for_each(|member| member.signal(signal));
            }
        }

        /// Whether any member is there that has not ended.
        #[must_use]
        pub fn is_there(&self, root: Option<u32>, except: Option<u32>) -> bool {
            !self.members(root, except).is_empty()
        }

        #[cfg(target_os = "linux")]
        fn members(&self, root: Option<u32>, except: Option<u32>) -> Vec<Member> {
            linux::members(self, root, except)
        }

        #[cfg(not(target_os = "linux"))]
        fn members(&self, _: Option<u32>, _: Option<u32>) -> Vec<Member> {
            Vec::new()
        }
    }

    impl Member {
        #[cfg(target_os = "linux")]
        fn signal(&self, signal: Signal) {
            use rustix::process::{PidfdFlags, kill_process, pidfd_open, pidfd_send_signal};

            let Some(pid) = pid_of(self.pid) else { return };
            // While it is held, its number means this process, or none.
            let held = pidfd_open(pid, PidfdFlags::empty());
            if !linux::is_still(self) {
                return;
            }
            // An error means that it has ended.
            let _ = match held {
                Ok(held) => pidfd_send_signal(held, signal),
                // An old kernel, or no room for another open file.
                Err(_) => kill_process(pid, signal),
            };
        }

        #[cfg(not(target_os = "linux"))]
        fn signal(&self, _: Signal) {}
    }

    #[cfg(target_os = "linux")]
    fn pid_of(pid: u32) -> Option<rustix::process::Pid> {
        i32::try_from(pid).ok().filter(|pid| *pid > 1).and_then(rustix::process::Pid::from_raw)
    }

    /// From now on a process below this one whose parent ends becomes a child of this one, where the
    /// system can do that: then it is found, whatever its environment says.
    pub fn adopt() {
        #[cfg(target_os = "linux")]
        // An old kernel leaves us with the marks.
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    }

    /// Takes leave of adopted children that have ended; `own` are those that are waited for elsewhere.
    pub fn bury(own: &[u32]) {
        #[cfg(target_os = "linux")]
        for pid in linux::ended_children() {
            if let Some(number) = pid_of(pid).filter(|_| !own.contains(&pid)) {
                let _ =
                    rustix::process::waitpid(Some(number), rustix::process::WaitOptions::NOHANG);
            }
        }
        #[cfg(not(target_os = "linux"))]
        let _ = own;
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeSet;
    use std::fs;

    use super::unix::Member;
    use super::{Family, VARIABLE};

    /// What `/proc` says of a process.
    struct Process {
        pid: u32,
        parent: u32,
        group: u32,
        began: u64,
        has_ended: bool,
    }

    impl Process {
        fn read(pid: u32) -> Option<Self> {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // `pid (name) state parent group …`, the 22nd when it began: the name may contain anything,
            // `)` too.
            let mut rest = stat.rsplit_once(')')?.1.split_ascii_whitespace();
            let has_ended = matches!(rest.next()?, "Z" | "X" | "x");
            let parent = rest.next()?.parse().ok()?;
            let group = rest.next()?.parse().ok()?;
            let began = rest.nth(16)?.parse().ok()?;
            Some(Self { pid, parent, group, began, has_ended })
        }
    }

    fn all() -> Vec<Process> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.filter_map(Process::read).collect()
    }

    pub(super) fn members(family: &Family, root: Option<u32>, except: Option<u32>) -> Vec<Member> {
        let mut all = all();
        let mut below = BTreeSet::from_iter(root);
        let mut before = 0;
        while below.len() > before {
            before = below.len();
            let children = all.iter().filter(|one| below.contains(&one.parent));
            let pids: Vec<_> = children.map(|one| one.pid).collect();
            below.extend(pids.into_iter().filter(|pid| Some(*pid) != except));
        }
        let own = std::process::id();
        all.retain(|one| {
            !one.has_ended
                && one.pid != own
                && Some(one.pid) != except
                && (below.contains(&one.pid) || has_mark(one, family.mark()))
        });
        let member = |one: Process| Member { pid: one.pid, group: one.group, began: one.began };
        all.into_iter().map(member).collect()
    }

    pub(super) fn is_still(member: &Member) -> bool {
        Process::read(member.pid).is_some_and(|now| now.began == member.began)
    }

    fn has_mark(process: &Process, mark: &str) -> bool {
        // The kernel's own have no group.
        if process.group == 0 {
            return false;
        }
        // What belongs to another user cannot be read, nor signalled.
        let environment = fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| {
            let value = variable.strip_prefix(VARIABLE.as_bytes());
            value.and_then(|value| value.strip_prefix(b"=")).is_some_and(|marks| {
                marks.split(|byte| *byte == b' ').any(|one| one == mark.as_bytes())
            })
        })
    }

    pub(super) fn ended_children() -> Vec<u32> {
        let own = std::process::id();
        let ended = all().into_iter().filter(|one| one.has_ended && one.parent == own);
        ended.map(|one| one.pid).collect()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use rustix::process::Signal;

    use super::*;

    #[test]
    fn a_member_is_known_by_its_mark_and_by_its_parents_and_no_other_process_is() {
        let (family, other) = (Family::new(), Family::new());
        let mut command = Command::new("cat");
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut marked = command.envs([family.variable()]).spawn().unwrap();
        // Its environment can be read once it runs, which may be a moment after `spawn`.
        marked.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        marked.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        assert!(family.is_there(None, None));
        assert!(!family.is_there(None, Some(marked.id())));
        assert!(!other.is_there(None, None));
        assert!(other.is_there(Some(std::process::id()), None));

        // Its own group is for others to signal.
        family.signal(None, marked.id(), None, Signal::KILL);
        assert!(family.is_there(None, None));
        other.signal(None, 0, None, Signal::KILL);
        assert!(family.is_there(None, None));
        family.signal(None, 0, None, Signal::KILL);
        marked.wait().unwrap();
        assert!(!family.is_there(None, None));
    }

    #[test]
    fn a_family_within_another_is_a_part_of_both() {
        let (_, marks) = Family::new().variable();
        let marks = marks.into_string().unwrap();
        let own = marks.split(' ').next_back().unwrap();
        assert_eq!(Family::of_mark(own).unwrap().mark(), own);
        assert_eq!(Family::of_mark("+7"), None);
    }
}
