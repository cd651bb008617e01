//! Problems of a text as a person reads them: the place, the line with a marker, the advice.

use std::fmt::Write as _;

use super::node::Position;
use super::problem::{Problem, Severity};

/// At most so many characters of a line are shown.
const WIDTH: usize = 200;
/// At most so many characters are shown before the marker when a line is cut.
const LEAD: usize = 60;

/// The problems as lines for a terminal, in the order given: `file:line:column: message`, the line
/// itself with a marker under it, the advice. No colours; control characters are shown as spaces.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::document::{Position, Problem, render};
///
/// let problem = Problem::value("", "too short").hint("write more");
/// assert_eq!(
///     render("a.yaml", "a: b", &[(Position { line: 1, column: 4 }, problem)]),
///     "a.yaml:1:4: too short\n  |\n1 | a: b\n  |    ^\n  = help: write more\n"
/// );
/// ```
#[must_use]
pub fn render(name: &str, text: &str, problems: &[(Position, Problem)]) -> String {
    let shown: Vec<_> =
        problems.iter().map(|(position, problem)| one(name, text, *position, problem)).collect();
    shown.join("\n")
}

fn one(name: &str, text: &str, position: Position, problem: &Problem) -> String {
    let Position { line, column } = position;
    let severity = match problem.severity {
        Severity::Error => "",
        Severity::Warning => "warning: ",
    };
    let source = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let (shown, indent, marker) = excerpt(source, column.saturating_sub(1));
    let mut out = format!("{name}:{line}:{column}: {severity}{}\n", problem.message);
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    // Writing to a String cannot fail.
    if !shown.trim().is_empty() {
        let _ = write!(out, "{gutter} |\n{number} | {shown}\n{gutter} | {indent}{marker}\n");
    }
    if let Some(hint) = &problem.hint {
        let _ = writeln!(out, "{gutter} = help: {hint}");
    }
    out
}

/// The part of a line around a column, what stands before the marker, and the marker.
fn excerpt(line: &str, column: usize) -> (String, String, String) {
    // A tab stays a tab, so that the marker stands under what it marks.
    let clean = |c: char| if c.is_control() && c != '\t' { ' ' } else { c };
    let letters: Vec<char> = line.trim_end().chars().map(clean).collect();
    let at = column.min(letters.len());
    let start = if letters.len() > WIDTH { at.saturating_sub(LEAD) } else { 0 };
    let end = (start + WIDTH).min(letters.len());
    let head = if start > 0 { "…" } else { "" };
    let tail = if end < letters.len() { "…" } else { "" };
    let part: String = letters[start..end].iter().collect();
    let before = letters[start..at].iter().map(|c| if *c == '\t' { '\t' } else { ' ' });
    let indent: String = head.chars().map(|_| ' ').chain(before).collect();
    let marker = "^".repeat(width(&letters[at..end]));
    (format!("{head}{part}{tail}"), indent, marker)
}

/// How many characters the word, or the quoted text, at the start has; at least one.
fn width(rest: &[char]) -> usize {
    let length = match rest.first() {
        Some(quote @ ('"' | '\'')) => {
            rest.iter().skip(1).position(|c| c == quote).map_or(rest.len(), |at| at + 2)
        }
        _ => {
            rest.iter().position(|c| matches!(c, ':' | ',' | '}' | ']' | ' ')).unwrap_or(rest.len())
        }
    };
    length.clamp(1, 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, line: usize, column: usize) -> String {
        render("f", text, &[(Position { line, column }, Problem::value("", "odd").warning())])
    }

    #[test]
    fn a_long_line_is_cut_around_the_marker() {
        let report = shown(&format!("{}X:{}", "a".repeat(300), "b".repeat(300)), 1, 301);
        let lines: Vec<&str> = report.lines().collect();
        assert!(lines[2].chars().count() < 220, "{report}");
        let marker = lines[3].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[2].chars().nth(marker), Some('X'), "{report}");
    }

    #[test]
    fn a_place_outside_the_text_still_renders() {
        for (line, column) in [(0, 0), (9, 9), (1, 999)] {
            assert!(shown("{}\t", line, column).contains("warning: odd"));
        }
    }
}
