//! Remarks about a text, shown with the line they speak of.
//!
//! Not about schemas alone: whoever reads a file that a person wrote can use it.

use std::fmt::Write as _;

use super::locate::Position;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is accepted and probably does not say what its author means.
    Warning,
}

/// One thing to say about a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// How bad it is.
    pub severity: Severity,
    /// Where in the text.
    pub position: Position,
    /// What is wrong, one line.
    pub message: String,
    /// What to do about it, one line.
    pub hint: Option<String>,
}

/// At most so many characters of a line are shown.
const WIDTH: usize = 96;
/// At most so many characters are shown before the marker when a line is cut.
const LEAD: usize = 60;

/// The remarks as lines for a terminal: `file:line:column: error: message`, the line itself with a
/// marker under it, the hint. No colours; control characters of the text are shown as spaces.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::schema::locate::Position;
/// use crisp_mock_server::schema::report::{Remark, Severity, render};
///
/// let remark = Remark {
///     severity: Severity::Error,
///     position: Position { line: 1, column: 10 },
///     message: "`objekt` is not a type".into(),
///     hint: Some("did you mean `object`?".into()),
/// };
/// assert_eq!(
///     render("a.json", r#"{"type": "objekt"}"#, &[remark]),
///     "a.json:1:10: error: `objekt` is not a type\n\
///      \x20 | {\"type\": \"objekt\"}\n\
///      \x20 |          ^\n\
///      \x20 = hint: did you mean `object`?\n"
/// );
/// ```
#[must_use]
pub fn render(file: &str, text: &str, remarks: &[Remark]) -> String {
    let mut out = String::new();
    for remark in remarks {
        render_one(&mut out, file, text, remark);
    }
    out
}

fn render_one(out: &mut String, file: &str, text: &str, remark: &Remark) {
    let Position { line, column } = remark.position;
    let severity = match remark.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let (shown, marker) = excerpt(text.lines().nth(line.saturating_sub(1)).unwrap_or(""), column);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{file}:{line}:{column}: {severity}: {}", remark.message);
    if !shown.trim().is_empty() {
        let _ = writeln!(out, "  | {shown}\n  | {:marker$}^", "");
    }
    if let Some(hint) = &remark.hint {
        let _ = writeln!(out, "  = hint: {hint}");
    }
}

/// The part of a line around a column, and how far in the marker stands.
fn excerpt(line: &str, column: usize) -> (String, usize) {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let length = line.chars().count();
    let at = column.saturating_sub(1).min(length);
    if length <= WIDTH {
        return (line.trim_end().chars().map(clean).collect(), at);
    }
    let start = at.saturating_sub(LEAD);
    let part: String = line.chars().skip(start).take(WIDTH).map(clean).collect();
    let head = if start > 0 { "…" } else { "" };
    let tail = if start + WIDTH < length { "…" } else { "" };
    (format!("{head}{part}{tail}"), at - start + head.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark(column: usize) -> Remark {
        Remark {
            severity: Severity::Warning,
            position: Position { line: 1, column },
            message: "odd".into(),
            hint: None,
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_marker() {
        let text = format!("{}X{}", "a".repeat(300), "b".repeat(300));
        let report = render("f", &text, &[remark(301)]);
        let lines: Vec<&str> = report.lines().collect();
        assert!(lines[1].chars().count() < 110, "{report}");
        let marker = lines[2].chars().position(|c| c == '^').unwrap();
        assert_eq!(lines[1].chars().nth(marker), Some('X'), "{report}");
    }

    #[test]
    fn a_place_outside_the_text_still_renders() {
        for (line, column) in [(0, 0), (9, 9), (1, 999)] {
            let mut remark = remark(column);
            remark.position.line = line;
            assert!(render("f", "{}\t", &[remark]).contains("warning: odd"));
        }
    }
}
