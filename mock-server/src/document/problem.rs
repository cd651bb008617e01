//! One mistake in a document, and all mistakes of one document.

use std::fmt;

use serde::Serialize;

use super::node::{Node, Position};
use super::render::render;

/// Which part of a member is at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its name.
    Key,
    /// Its value.
    Value,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The document is refused.
    Error,
    /// The document is accepted and probably does not say what its author means.
    Warning,
}

/// One mistake in a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Problem {
    /// Where: a JSON pointer (RFC 6901) into the document; empty for all of it.
    pub pointer: String,
    /// What is wrong there, one line.
    pub message: String,
    /// What to write instead, one line, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the name or the value of the member is at fault.
    #[serde(skip)]
    pub part: Part,
    /// Whether the document is refused for it.
    #[serde(skip)]
    pub severity: Severity,
}

impl Problem {
    /// A value that does not fit.
    pub fn value(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
            hint: None,
            part: Part::Value,
            severity: Severity::Error,
        }
    }

    /// A name that does not fit.
    pub fn key(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { part: Part::Key, ..Self::value(pointer, message) }
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same as a warning: the document is accepted all the same.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same in a document that holds this one at `base`.
    #[must_use]
    pub fn under(mut self, base: &str) -> Self {
        self.pointer.insert_str(0, base);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_empty() {
            write!(out, "{}: ", self.pointer)?;
        }
        out.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(out, " ({hint})"))
    }
}

/// Problems on one line, where no text can be shown.
#[must_use]
pub fn list(problems: &[Problem]) -> String {
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// One more step of a JSON pointer (RFC 6901).
#[must_use]
pub fn member(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A document that is refused: every mistake in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{report}")]
pub struct Invalid {
    /// The mistakes, in the order in which they stand there.
    pub problems: Vec<Problem>,
    /// All of them as a person reads them.
    pub report: String,
}

impl Invalid {
    pub(super) fn new(name: &str, text: &str, root: &Node, problems: Vec<Problem>) -> Self {
        let place = |problem: &Problem| root.position(&problem.pointer, problem.part);
        let mut placed: Vec<_> = problems.into_iter().map(|one| (place(&one), one)).collect();
        placed.sort_by_key(|(position, _)| *position);
        let report = render(name, text, &placed);
        Self { problems: placed.into_iter().map(|(_, problem)| problem).collect(), report }
    }

    /// One problem, whose place is known without a tree.
    #[must_use]
    pub fn at(name: &str, text: &str, position: Position, problem: Problem) -> Self {
        let placed = [(position, problem)];
        let report = render(name, text, &placed);
        let [(_, problem)] = placed;
        Self { problems: vec![problem], report }
    }
}
