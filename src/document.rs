//! Files that a person names on the command line, as documents.

use std::path::Path;

use crisp_harness::replay::read_bounded;
use crisp_mock_server::document::utf8;

pub use crisp_mock_server::document::{Document, Invalid, Problem, member};

use crate::failure::Failure;

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::BadFile { report: invalid.report }
    }
}

/// Reads a text file.
///
/// # Errors
///
/// [`Failure::Unreadable`] when it does not exist, is a directory or too large, and
/// [`Failure::BadFile`] when it is no UTF-8.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let unreadable = |problem: String| Failure::Unreadable { path: path.to_owned(), problem };
    let failed = |error: std::io::Error| unreadable(error.to_string());
    if path.is_dir() {
        return Err(unreadable("it is a directory".to_owned()));
    }
    let bytes = read_bounded(path).map_err(failed)?;
    Ok(utf8(&path.display().to_string(), bytes)?)
}

/// Reads a file as a document.
///
/// # Errors
///
/// As [`read_text`], and [`Failure::BadFile`] when it is no YAML.
pub fn read(path: &Path) -> Result<Document, Failure> {
    Ok(Document::parse(&path.display().to_string(), read_text(path)?)?)
}
