//! What can be wrong with a settings schema.

use std::fmt;

use super::locate::{Aim, Position, locate};

/// One thing wrong with a schema, or worth a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaProblem {
    /// Where in the schema, as a JSON pointer (RFC 6901); empty for the whole.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where in the text, when the schema came as a text.
    pub position: Option<Position>,
    /// Whether the member's name is at fault, not its value.
    aim: Aim,
}

impl SchemaProblem {
    pub(super) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
            hint: None,
            position: None,
            aim: Aim::Value,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn at_key(mut self) -> Self {
        self.aim = Aim::Key;
        self
    }

    pub(super) fn at_position(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// Finds the place in the text, unless it is known already.
    pub(super) fn locate_in(&mut self, text: &str) {
        if self.position.is_none() {
            self.position = Some(locate(text, &self.pointer, self.aim));
        }
    }
}

impl fmt::Display for SchemaProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { line, column }) = self.position {
            write!(out, "line {line}, column {column}: ")?;
        }
        if !self.pointer.is_empty() {
            write!(out, "{}: ", self.pointer)?;
        }
        out.write_str(&self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(out, " ({hint})"))
    }
}

/// A schema that is refused, and why.
///
/// There is at least one problem; several come together where finding them costs nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", summary(.0))]
pub struct InvalidSchema(Vec<SchemaProblem>);

fn summary(problems: &[SchemaProblem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

impl InvalidSchema {
    pub(super) fn new(problems: Vec<SchemaProblem>) -> Self {
        debug_assert!(!problems.is_empty(), "a refusal says why");
        Self(problems)
    }

    /// What is wrong, most important first.
    #[must_use]
    pub fn problems(&self) -> &[SchemaProblem] {
        &self.0
    }

    pub(super) fn locate_in(&mut self, text: &str) {
        for problem in &mut self.0 {
            problem.locate_in(text);
        }
    }
}

impl From<SchemaProblem> for InvalidSchema {
    fn from(problem: SchemaProblem) -> Self {
        Self(vec![problem])
    }
}
