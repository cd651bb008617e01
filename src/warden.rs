//! The process that ends clients on trial when this one is killed: this program again, with an
//! internal first argument.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use crisp_harness::peer::Warden;

const MARK: &str = "--end-clients-that-are-left";

/// Starts it; none where the system refuses, and on Windows, which has no process groups.
pub fn start() -> Option<Warden> {
    if cfg!(not(unix)) {
        return None;
    }
    let mut command = Command::new(std::env::current_exe().ok()?);
    command.arg(MARK);
    Warden::start(command).ok()
}

/// Whether this process is a warden.
pub fn asked_for(arguments: impl IntoIterator<Item = OsString>) -> bool {
    arguments.into_iter().nth(1).is_some_and(|first| first == OsStr::new(MARK))
}

/// Watches until the other process has ended.
pub fn keep_watch() -> ExitCode {
    Warden::keep_watch(std::io::stdin().lock());
    ExitCode::SUCCESS
}
