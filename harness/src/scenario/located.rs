//! The other YAML files that people write: read with the same limits as a scenario, and with every
//! value found again by its JSON pointer.

use serde_json::Value;

use super::diagnostic::{Diagnostic, InvalidScenario};
use super::tree::Node;

/// A file as a value that knows where its parts stand.
pub(crate) struct Located<'a> {
    file: &'a str,
    text: &'a str,
    node: Node,
}

impl<'a> Located<'a> {
    /// Reads a file; `file` is only for the messages.
    ///
    /// # Errors
    ///
    /// [`InvalidScenario`] when it is no YAML, or would need too much memory.
    pub(crate) fn parse(file: &'a str, text: &'a str) -> Result<Self, InvalidScenario> {
        match Node::parse(text) {
            Ok(node) => Ok(Self { file, text, node }),
            Err(mistake) => Err(InvalidScenario::new(file, text, vec![mistake])),
        }
    }

    /// The file as JSON.
    pub(crate) fn value(&self) -> Value {
        self.node.to_value()
    }

    /// The line of what a JSON pointer leads to.
    pub(crate) fn line(&self, pointer: &str) -> u32 {
        self.node.place_of(pointer).line
    }

    /// Mistakes, each at the value that a JSON pointer leads to, as a person reads them.
    pub(crate) fn invalid(
        &self,
        mistakes: impl IntoIterator<Item = (String, String, Option<String>)>,
    ) -> InvalidScenario {
        let mistakes = mistakes.into_iter().map(|(pointer, message, hint)| Diagnostic {
            place: self.node.place_of(&pointer),
            message,
            hint,
        });
        InvalidScenario::new(self.file, self.text, mistakes.collect())
    }
}
