//! A file that a person wrote, YAML or JSON: its value, and where each part of it stands.
//!
//! What judges such a file speaks in JSON pointers; [`Document::render`] turns them into
//! `file:line:column` with the line itself.

mod node;

use std::collections::BTreeMap;
use std::path::Path;

use crisp_harness::scenario::Diagnostic;
use crisp_mock_server::schema::locate::Position;
use crisp_mock_server::schema::report::{Remark, Severity, render};
use serde_json::Value;

use crate::failure::Failure;

/// A file larger than this is no configuration.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A file's text, its value, and where each part of it stands.
#[derive(Debug)]
pub struct Document {
    /// What to call it in messages.
    pub name: String,
    /// The value; null for an empty file.
    pub value: Value,
    text: String,
    marks: BTreeMap<String, Mark>,
}

/// Where a member stands.
#[derive(Debug, Clone, Copy)]
struct Mark {
    key: Position,
    value: Position,
}

/// Which part of a member is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its name.
    Key,
    /// Its value.
    Value,
}

/// Something wrong with a part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// Which part of it.
    pub part: Part,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    /// A value that does not fit.
    pub fn value(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), part: Part::Value, message: message.into(), hint: None }
    }

    /// A name that does not fit.
    pub fn key(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { part: Part::Key, ..Self::value(pointer, message) }
    }

    /// The same with advice.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Reads a text file that a person named.
///
/// # Errors
///
/// [`Failure::Unreadable`] when it does not exist, is too large or no UTF-8.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let unreadable = |problem: String| Failure::Unreadable { path: path.to_owned(), problem };
    let size = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if size.is_dir() {
        return Err(unreadable("it is a directory".to_owned()));
    }
    if size.len() > LARGEST {
        return Err(unreadable(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let name = path.display().to_string();
        let shown = String::from_utf8_lossy(error.as_bytes());
        let report = Diagnostic::not_utf8(error.as_bytes()).render(&name, &shown);
        Failure::BadFile { report }
    })?;
    // Some editors on Windows start a file with a mark that means nothing.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Failure::Unreadable`], or [`Failure::BadFile`] when it is no YAML.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        Self::parse(&path.display().to_string(), read_text(path)?)
    }

    /// Reads a text; JSON is read as the YAML that it is.
    ///
    /// # Errors
    ///
    /// [`Failure::BadFile`] when it is no YAML.
    pub fn parse(name: &str, text: String) -> Result<Self, Failure> {
        match node::read(&text) {
            Ok((value, marks)) => Ok(Self { name: name.to_owned(), value, text, marks }),
            Err(remark) => Err(Failure::BadFile { report: render(name, &text, &[remark]) }),
        }
    }

    /// The problems as lines that start with `file:line:column`, in the order of the file.
    #[must_use]
    pub fn render(&self, severity: Severity, problems: &[Problem]) -> String {
        let mut remarks: Vec<_> = problems
            .iter()
            .map(|problem| Remark {
                severity,
                position: self.position(&problem.pointer, problem.part),
                message: problem.message.clone(),
                hint: problem.hint.clone(),
            })
            .collect();
        remarks.sort_by_key(|remark| remark.position);
        render(&self.name, &self.text, &remarks)
    }

    /// The failure that these problems are, if there are any.
    ///
    /// # Errors
    ///
    /// [`Failure::BadFile`] with the report.
    pub fn refuse(&self, problems: &[Problem]) -> Result<(), Failure> {
        if problems.is_empty() {
            return Ok(());
        }
        Err(Failure::BadFile { report: self.render(Severity::Error, problems) })
    }

    /// Where a pointer leads, or how far.
    fn position(&self, pointer: &str, part: Part) -> Position {
        let mut rest = pointer;
        let mut part = part;
        loop {
            if let Some(mark) = self.marks.get(rest) {
                return match part {
                    Part::Key => mark.key,
                    Part::Value => mark.value,
                };
            }
            let Some(slash) = rest.rfind('/') else {
                return Position { line: 1, column: 1 };
            };
            rest = &rest[..slash];
            part = Part::Value;
        }
    }
}

/// One more step of a JSON pointer (RFC 6901).
#[must_use]
pub fn member(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "listen: 127.0.0.1:0\nquirks:\n  page-size: 3\nstub:\n- GET a=200\n- no\n";

    fn at(pointer: &str, part: Part) -> (usize, usize) {
        let document = Document::parse("a.yaml", TEXT.to_owned()).unwrap();
        let position = document.position(pointer, part);
        (position.line, position.column)
    }

    #[test]
    fn pointers_lead_to_lines_and_columns() {
        assert_eq!(at("/listen", Part::Key), (1, 1));
        assert_eq!(at("/listen", Part::Value), (1, 9));
        assert_eq!(at("/quirks/page-size", Part::Key), (3, 3));
        assert_eq!(at("/quirks/page-size", Part::Value), (3, 14));
        assert_eq!(at("/stub/1", Part::Value), (6, 3));
    }

    #[test]
    fn a_pointer_to_nothing_leads_as_far_as_it_can() {
        // A list starts where its first item does.
        assert_eq!(at("/stub/7/x", Part::Key), (5, 3));
        assert_eq!(at("/nothing", Part::Key), (1, 1));
    }

    #[test]
    fn json_with_tabs_and_windows_line_ends_is_read_too() {
        let text = "{\r\n\t\"a\": [1,\r\n\t\t\"\\u00e9\\/\"]\r\n}\r\n";
        let document = Document::parse("a.json", text.to_owned()).unwrap();
        assert_eq!(document.value, serde_json::json!({ "a": [1, "é/"] }));
        let position = document.position("/a/1", Part::Value);
        assert_eq!((position.line, position.column), (3, 3));
    }

    #[test]
    fn words_that_other_yaml_readers_take_for_flags_stay_words() {
        let text = "a: off\nb: yes\nc: 007\nd: true\n";
        let document = Document::parse("a.yaml", text.to_owned()).unwrap();
        let expected = serde_json::json!({ "a": "off", "b": "yes", "c": "007", "d": true });
        assert_eq!(document.value, expected);
    }

    #[test]
    fn an_empty_file_is_null() {
        assert_eq!(Document::parse("a", String::new()).unwrap().value, Value::Null);
        assert_eq!(Document::parse("a", "# nothing\n".into()).unwrap().value, Value::Null);
    }

    #[test]
    fn what_is_no_yaml_says_where() {
        for (text, place) in [
            ("a: [1, 2\n", "bad.yaml:"),
            ("a: 1\na: 2\n", "bad.yaml:2:1: error: "),
            ("a: &x [*x]\n", "bad.yaml:1:"),
            ("a: *nobody\n", "bad.yaml:1:4: error: "),
        ] {
            let failure = Document::parse("bad.yaml", text.to_owned()).unwrap_err();
            let shown = failure.to_string();
            assert!(shown.starts_with(place), "{shown}");
        }
    }

    #[test]
    fn a_file_made_to_exhaust_the_reader_is_refused() {
        let deep = "[".repeat(100_000);
        assert!(Document::parse("deep", deep).is_err());
        let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let of = vec![format!("*a{}", level - 1); 10].join(", ");
            laughs.push_str(&format!("a{level}: &a{level} [{of}]\n"));
        }
        assert!(Document::parse("laughs", laughs).is_err());
    }
}
