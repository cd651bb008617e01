//! The failures of a run, as text.

use super::path::Path;

/// Bytes of the text that is kept; what goes beyond is cut, and how many failures there were is
/// told.
const LONGEST: usize = 16 * 1024;

/// The failures so far. Only their text is kept, and no more of it than is told.
#[derive(Default)]
pub(super) struct Report {
    text: String,
    count: usize,
    /// Where the first failure that counts is
    pointer: Option<String>,
}

/// How far a report was at some time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    bytes: usize,
    count: usize,
}

impl Report {
    pub fn mark(&self) -> Mark {
        Mark { bytes: self.text.len(), count: self.count }
    }

    pub fn has_more_than(&self, mark: Mark) -> bool {
        self.count > mark.count
    }

    /// Forgets what came after a mark.
    pub fn reset(&mut self, mark: Mark) {
        self.text.truncate(mark.bytes);
        self.count = mark.count;
        if mark.count == 0 {
            self.pointer = None;
        }
    }

    /// Adds a failure; without words where nothing of it will ever be told.
    pub fn add(&mut self, path: &Path<'_>, words: Option<&dyn Fn() -> String>) {
        let tells = words.filter(|_| self.text.len() <= LONGEST);
        if let Some(words) = tells {
            if self.pointer.is_none() {
                self.pointer = Some(path.pointer());
            }
            if self.count > 0 {
                self.text.push_str(", ");
            }
            self.text.push_str("data");
            self.text.push_str(&path.told());
            self.text.push(' ');
            self.text.push_str(&words());
        }
        self.count += 1;
    }

    /// The text, and where the first failure is.
    pub fn told(mut self) -> (String, String) {
        if self.text.len() > LONGEST {
            let cut = (0..=LONGEST).rev().find(|at| self.text.is_char_boundary(*at));
            self.text.truncate(cut.unwrap_or(0));
            self.text.push_str(&format!("… ({} failures in all)", self.count));
        }
        (self.text, self.pointer.unwrap_or_default())
    }
}
