//! The moment between starting a process and its becoming the command.
//!
//! A process can ask for a signal at the end of its parent, but only for itself. So this program is
//! started again, asks, and becomes the command by `exec`: same process, same number. Systems
//! without such a signal start the command directly.

use std::ffi::OsString;
use std::process::ExitCode;

/// The first argument of a process that is to become a command; internal.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub const MARK: &str = "--become-the-command-of";
/// Instead of the parent: a warden ends the process.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub const WATCHED: &str = "-";

/// A process that is to become a command.
pub struct StandIn {
    #[cfg_attr(
        not(any(target_os = "linux", target_os = "android")),
        expect(dead_code, reason = "there is none on this platform")
    )]
    arguments: Vec<OsString>,
}

impl StandIn {
    /// Whether this process is one.
    pub fn asked_for(arguments: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut arguments = arguments.into_iter().skip(1);
        let first = arguments.next()?;
        is_mark(&first).then(|| Self { arguments: arguments.collect() })
    }

    /// Becomes the command. Returns only when that fails.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn become_the_command(self) -> ExitCode {
        use std::os::unix::process::CommandExt;

        use crate::exec::OWN_FAILURE;
        use crate::terminal;

        let mut arguments = self.arguments.into_iter();
        let parent = arguments.next();
        let (Some(parent), Some(program), Some(name)) =
            (parent, arguments.next(), arguments.next())
        else {
            return ExitCode::from(OWN_FAILURE);
        };
        if parent != WATCHED && !ends_with(&parent) {
            return ExitCode::from(OWN_FAILURE);
        }
        let error = std::process::Command::new(&program).arg0(name).args(arguments).exec();
        // It was there a moment ago: what is missing is what its first line names.
        let problem = match error.kind() {
            std::io::ErrorKind::NotFound => {
                "the interpreter that its first line (`#!…`) names is not there".to_owned()
            }
            _ => error.to_string(),
        };
        let program = program.to_string_lossy();
        terminal::complain(&format!("error: `{program}` cannot be run: {problem}"));
        ExitCode::from(126)
    }

    /// Never called on this platform.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub fn become_the_command(self) -> ExitCode {
        ExitCode::FAILURE
    }
}

/// Has us ended when our parent ends; says whether it is still this one.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn ends_with(parent: &std::ffi::OsStr) -> bool {
    // A system that refuses leaves us where the others are: the command may outlive its parent.
    let term = rustix::process::Signal::TERM;
    let _ = rustix::process::set_parent_process_death_signal(Some(term));
    // The parent may have ended before it could be asked for.
    let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    let parent = parent.to_str().and_then(|pid| pid.parse().ok());
    now.is_some() && now == parent
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_mark(argument: &std::ffi::OsStr) -> bool {
    argument == MARK
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_mark(_: &std::ffi::OsStr) -> bool {
    false
}
