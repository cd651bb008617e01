//! What a person reads: stdout for results, stderr for everything else.
//!
//! A closed pipe is not an error: a reader may stop early.

use std::io::Write;

use anstyle::{AnsiColor, Effects, Style};

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

/// Writes to stdout; colours reach terminals only, and none when `NO_COLOR` is set.
pub fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Writes a line to stdout.
pub fn say(line: &str) {
    print(&format!("{line}\n"));
}

/// Writes a line, or several, to stderr.
pub fn complain(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = writeln!(out, "{}", text.trim_end());
}
