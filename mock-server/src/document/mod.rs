//! Documents that people write, YAML or JSON: one tree with positions, one kind of problem, one
//! renderer.
//!
//! Scenario, fault plan, server config, state, view and the bodies of control calls are all read
//! the same way. The text becomes a [`Node`] in which every part knows its line and column. The
//! JSON Schema that `schemars` derives from the type is held against the tree (`check.rs`), which
//! finds every mistake at once; then `serde` makes the value, and [`Language::problems`] says what
//! is well spelt and still contradicts itself. So a key stands in one place: the field of a type.
//!
//! # Examples
//!
//! ```
//! use crisp_mock_server::document::Document;
//! use crisp_mock_server::fault::FaultPlan;
//!
//! let document = Document::parse("plan.yaml", "- { at: since#2, stauts: 503 }\n").unwrap();
//! let invalid = document.read::<FaultPlan>().unwrap_err();
//! assert_eq!(invalid.problems[0].pointer, "/0/stauts");
//! assert!(invalid.to_string().starts_with("plan.yaml:1:18: a fault has no key `stauts`\n"));
//! ```

mod check;
mod language;
mod node;
mod pairs;
mod problem;
mod render;
mod text;
mod wanted;
mod yaml;

#[cfg(test)]
mod tests;

pub use language::{
    Language, inline_schema, json_schema, read, read_body, read_in_part, without_words,
};
pub use node::{Entry, Kind, Node, Position};
pub use pairs::{As, Maybe, OneOrMany, Pairs, True};
pub use problem::{Invalid, Part, Problem, Severity, list, member};
pub use render::render;
pub use text::{Complaint, Form, TextForm, complain, shortened};

pub(crate) use text::text_form;

use serde_json::Value;

use crate::exact;

/// A document has at most so many bytes.
pub const MOST_BYTES: usize = 16 << 20;

/// A text, the tree that it is, and what to call it in messages.
#[derive(Debug, Clone)]
pub struct Document {
    name: String,
    text: String,
    root: Node,
}

impl Document {
    /// Reads a text; `name` is what messages call it, a file's path or the like.
    ///
    /// # Errors
    ///
    /// When it is no YAML (JSON is YAML, too), a key is given twice, or it is larger or deeper than
    /// a document may be; with line and column.
    pub fn parse(name: &str, text: impl Into<String>) -> Result<Self, Invalid> {
        let text = text.into();
        match with_room(&|| yaml::read(&text)) {
            Ok(root) => Ok(Self { name: name.to_owned(), text, root }),
            Err((position, problem)) => Err(Invalid::at(name, &text, position, problem)),
        }
    }

    /// Reads bytes, which have to be UTF-8; a byte order mark at the start is dropped.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and when the bytes are no UTF-8.
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, Invalid> {
        Self::parse(name, utf8(name, bytes)?)
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its tree.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The whole as a JSON value; null for an empty text.
    #[must_use]
    pub fn value(&self) -> Value {
        self.root.to_value()
    }

    /// The whole as a JSON value. If the text is JSON, the numbers of its websites' settings are to the
    /// digit ([`exact`]); those of YAML are doubles and whole numbers of 64 bits.
    #[must_use]
    pub fn exact_value(&self) -> Value {
        exact::read_document(self.text.as_bytes()).unwrap_or_else(|_| self.value())
    }

    /// The whole as a value of a language.
    ///
    /// # Errors
    ///
    /// Every mistake, each with line and column.
    pub fn read<L: Language>(&self) -> Result<L, Invalid> {
        read(&self.root).map_err(|problems| self.invalid(problems))
    }

    /// These problems, in the order of the text, with the lines they speak of.
    #[must_use]
    pub fn invalid(&self, problems: Vec<Problem>) -> Invalid {
        Invalid::new(&self.name, &self.text, &self.root, problems)
    }

    /// The same as a result: an error if there is any problem.
    ///
    /// # Errors
    ///
    /// The problems.
    pub fn refuse(&self, problems: Vec<Problem>) -> Result<(), Invalid> {
        if problems.is_empty() { Ok(()) } else { Err(self.invalid(problems)) }
    }
}

/// Reading goes as deep as the document does, further than the stack of a thread may reach.
fn with_room<T: Send>(read: &(impl Fn() -> T + Sync)) -> T {
    const STACK: usize = 16 << 20;
    std::thread::scope(|scope| {
        match std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read) {
            Ok(reader) => match reader.join() {
                Ok(read) => read,
                Err(panic) => std::panic::resume_unwind(panic),
            },
            // Where no thread is to be had, there is only this one.
            Err(_) => read(),
        }
    })
}

/// The text that the bytes are, without a byte order mark.
///
/// # Errors
///
/// When they are no UTF-8: the place of the first byte that is none.
pub fn utf8(name: &str, bytes: Vec<u8>) -> Result<String, Invalid> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let shown = String::from_utf8_lossy(error.as_bytes());
            let position = Position::of_offset(&shown, good);
            let problem =
                Problem::value("", "from here on the file is not UTF-8").hint("save it as UTF-8");
            Err(Invalid::at(name, &shown, position, problem))
        }
    }
}
