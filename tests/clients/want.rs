//! What a claim needs of the machine, and what becomes of it where that is missing.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many claims were skipped so far.
static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// Something that this machine does not have.
#[derive(Debug, Clone)]
pub struct Missing {
    what: String,
    why: String,
    is_forbidden: bool,
}

impl Missing {
    /// Names what is missing, and how that came out.
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        let (what, why) = (what.into(), why.into());
        Self { what, why, is_forbidden: false }
    }

    /// Names what the system does not allow, which nothing that is installed can change.
    pub fn forbidden(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { is_forbidden: true, ..Self::new(what, why) }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} is missing here: {}", self.what, self.why)
    }
}

/// What was found; nothing, after saying so, where the claim has to be skipped.
///
/// # Panics
///
/// When something is missing that could be installed and `CI` is set: there, a skipped claim is a
/// failed one.
pub fn or_skip<T>(found: Result<T, Missing>) -> Option<T> {
    let missing = match found {
        Ok(found) => return Some(found),
        Err(missing) => missing,
    };
    let ci = std::env::var("CI").is_ok_and(|ci| !matches!(ci.as_str(), "" | "0" | "false"));
    assert!(!ci || missing.is_forbidden, "{missing}; nothing is skipped where CI is set");
    let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    let test = std::thread::current();
    let test = test.name().unwrap_or("a claim").to_owned();
    // Straight to the terminal: what a passing test prints is swallowed.
    let _ = writeln!(std::io::stderr(), "\n!! SKIPPED ({count} so far): {test}\n!! {missing}\n");
    None
}

/// Where a program of this name lies.
///
/// # Errors
///
/// [`Missing`] when no folder of `PATH` has it.
pub fn program(name: &str) -> Result<PathBuf, Missing> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = std::env::split_paths(&path).map(|folder| folder.join(name));
    // Windows starts npm through a script, and everything else by its ending.
    let endings = ["", "exe", "cmd"].map(|ending| move |file: &Path| file.with_extension(ending));
    programs
        .flat_map(|file| endings.map(|ending| ending(&file)))
        .find(|file| file.is_file())
        .ok_or_else(|| Missing::new(name, "no folder of PATH has it"))
}
