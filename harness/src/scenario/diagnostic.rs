//! What is wrong with a file, where, and what to write instead.

use std::fmt::Write;

use crisp_mock_server::nearest::nearest;

/// A line and a column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

impl Place {
    /// The start of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// One mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub message: String,
    /// What to write instead, where that can be said.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// A mistake without advice.
    #[must_use]
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), hint: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What is said of a file that is not UTF-8: the place of the first byte that is none.
    ///
    /// # Examples
    ///
    /// ```
    /// use crisp_harness::scenario::{Diagnostic, Place};
    ///
    /// let mistake = Diagnostic::not_utf8(b"name: x\nabout: \xff");
    /// assert_eq!(mistake.place, Place { line: 2, column: 8 });
    /// ```
    #[must_use]
    pub fn not_utf8(bytes: &[u8]) -> Self {
        let good = match std::str::from_utf8(bytes) {
            Ok(good) => good,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        let last = good.rsplit('\n').next().unwrap_or_default();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let place = Place {
            line: number(good.matches('\n').count() + 1),
            column: number(last.chars().count() + 1),
        };
        Self::new(place, "from here on the file is not UTF-8").hint("save it as UTF-8")
    }

    /// A key that does not exist, with the nearest that does.
    pub(super) fn unknown_key(place: Place, owner: &str, key: &str, known: &[&str]) -> Self {
        let short: String = key.chars().take(60).collect();
        let hint = nearest(key, known.iter().copied()).map_or_else(
            || format!("it takes {}", known.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        Self::new(place, format!("{owner} has no key `{short}`")).hint(hint)
    }

    /// The mistake as a person reads it: `file:line:column`, the line with a marker, the advice.
    ///
    /// # Examples
    ///
    /// ```
    /// use crisp_harness::scenario::{Diagnostic, Place};
    ///
    /// let mistake = Diagnostic::new(Place { line: 1, column: 4 }, "too short").hint("write more");
    /// assert_eq!(
    ///     mistake.render("a.yaml", "a: b"),
    ///     "a.yaml:1:4: too short\n  |\n1 | a: b\n  |    ^\n  = help: write more\n"
    /// );
    /// ```
    #[must_use]
    pub fn render(&self, file: &str, text: &str) -> String {
        let Place { line, column } = self.place;
        let mut out = format!("{file}:{line}:{column}: {}\n", self.message);
        let source = text.lines().nth(line as usize - 1).unwrap_or_default();
        let number = line.to_string();
        let gutter = " ".repeat(number.len());
        let before = source.chars().take(column as usize - 1);
        // A tab stays a tab, so that the marker stands under what it marks.
        let indent: String = before.map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let marker = "^".repeat(width(source, column as usize - 1));
        let source: String = source.chars().take(200).collect();
        let _ = write!(out, "{gutter} |\n{number} | {source}\n{gutter} | {indent}{marker}\n");
        if let Some(hint) = &self.hint {
            let _ = writeln!(out, "{gutter} = help: {hint}");
        }
        out
    }
}

/// How many characters the word, or the quoted text, at this column has.
fn width(source: &str, from: usize) -> usize {
    let rest: Vec<char> = source.chars().skip(from).take(80).collect();
    let length = match rest.first() {
        Some(quote @ ('"' | '\'')) => {
            rest.iter().skip(1).position(|c| c == quote).map_or(rest.len(), |at| at + 2)
        }
        _ => {
            rest.iter().position(|c| matches!(c, ':' | ',' | '}' | ']' | ' ')).unwrap_or(rest.len())
        }
    };
    length.max(1)
}

/// All mistakes of one file, in the order in which they stand there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rendered}")]
pub struct InvalidScenario {
    /// The mistakes.
    pub diagnostics: Vec<Diagnostic>,
    /// All of them as a person reads them.
    pub rendered: String,
}

impl InvalidScenario {
    pub(super) fn new(file: &str, text: &str, mut diagnostics: Vec<Diagnostic>) -> Self {
        diagnostics.sort_by_key(|diagnostic| diagnostic.place);
        let rendered: Vec<_> = diagnostics.iter().map(|d| d.render(file, text)).collect();
        Self { diagnostics, rendered: rendered.join("\n") }
    }
}
