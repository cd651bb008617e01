//! What a person reads: stdout for results, stderr for everything else.
//!
//! Nothing else writes to stdout. A reader that closes the pipe early is no error; any other failure
//! is: what was printed is not there, as on a full disk.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Effects, Style};
use parking_lot::Mutex;

use crate::failure::Failure;

/// A label or a heading.
pub const STRONG: Style = Style::new().effects(Effects::BOLD);
/// What matters less.
pub const FAINT: Style = Style::new().effects(Effects::DIMMED);
/// What went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What deserves a look.
pub const ODD: Style = AnsiColor::Yellow.on_default();
/// What went wrong.
pub const BAD: Style = AnsiColor::Red.on_default();

/// What became of stdout; there is one in a process.
static STDOUT: Mutex<Stdout> = Mutex::new(Stdout::Open);

enum Stdout {
    Open,
    /// Nothing is written any more: its reader has gone, or its failure was told.
    Closed,
    /// It could not be written, and that was not told yet.
    Failed(io::Error),
}

/// Writes to stdout; colours reach terminals only, and none when `NO_COLOR` is set. After a failure
/// nothing more is written; [`written`] and [`settle`] tell it.
pub fn print(text: &str) {
    let mut state = STDOUT.lock();
    if !matches!(*state, Stdout::Open) {
        return;
    }
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    *state = match written {
        Ok(()) => Stdout::Open,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Stdout::Closed,
        Err(error) => Stdout::Failed(error),
    };
}

/// How many characters a line of the terminal has; none where stdout is none.
pub fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(width.0.into())
}

/// A verdict with its first word in colour.
pub fn verdict(text: &str) -> String {
    let words =
        [("PASS", GOOD), ("FAIL", BAD), ("NONE", ODD), ("SUSPECT", ODD), ("JUDGED", STRONG)];
    let line = |line: &str| {
        let found = words
            .into_iter()
            .find(|(word, _)| line.strip_prefix(word).is_some_and(|rest| rest.starts_with(' ')));
        match found {
            Some((word, style)) => format!("{style}{word}{style:#}{}", &line[word.len()..]),
            None => line.to_owned(),
        }
    };
    text.split_inclusive('\n').map(line).collect()
}

/// Adds a row of a summary: a label, and what is said of it.
pub fn row(out: &mut String, label: &str, text: &str) {
    out.push_str(&format!("  {FAINT}{label:<12}{FAINT:#} {text}\n"));
}

/// Writes a line to stdout.
pub fn say(line: &str) {
    print(&format!("{line}\n"));
}

/// Whether anything is still written to stdout.
pub fn is_open() -> bool {
    matches!(*STDOUT.lock(), Stdout::Open)
}

/// Whether all that was printed has arrived, or its reader did not want it.
///
/// # Errors
///
/// [`Failure::Unprinted`], once, when it has not.
pub fn written() -> Result<(), Failure> {
    let mut state = STDOUT.lock();
    if !matches!(*state, Stdout::Failed(_)) {
        return Ok(());
    }
    match std::mem::replace(&mut *state, Stdout::Closed) {
        Stdout::Failed(error) => Err(Failure::Unprinted { problem: error.to_string() }),
        Stdout::Open | Stdout::Closed => Ok(()),
    }
}

/// The exit code of a command that would end with this one: a success that could not be printed is
/// none, and any other verdict stands.
pub fn settle(code: ExitCode) -> ExitCode {
    let Err(failure) = written() else {
        return code;
    };
    complain(&failure.shown());
    if code == ExitCode::SUCCESS { ExitCode::from(&failure) } else { code }
}

/// Writes a line, or several, to stderr.
pub fn complain(text: &str) {
    let mut out = anstream::stderr().lock();
    // There is no other place to say that this failed.
    let _ = writeln!(out, "{}", text.trim_end());
}
