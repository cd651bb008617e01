//! The journal as a file: one JSON object a line, one line a request.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crisp_mock_server::journal::Entry;
use parking_lot::Mutex;
use serde::Serialize;

use crate::failure::Failure;
use crate::terminal;

/// A file that every request is written to when it has ended.
///
/// Each line is one write, so that a reader sees whole lines only, and a killed program leaves all
/// lines so far. A slow disk slows the requests down: a journal may not drop any.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    /// None once a line could not be written.
    file: Mutex<Option<File>>,
}

#[derive(Serialize)]
struct Line<'a> {
    space: &'a str,
    #[serde(flatten)]
    entry: &'a Entry,
}

impl JournalFile {
    /// Makes the file, or empties the one that is there.
    ///
    /// # Errors
    ///
    /// [`Failure::Environment`] when it cannot be written.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let doing = format!("writing the journal {}", path.display());
        let file = File::create(path).map_err(Failure::environment(doing))?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(Some(file)) })
    }

    /// Writes a request down. The first failure is said on stderr and is the last one.
    pub fn note(&self, space: &str, entry: &Entry) {
        let Ok(mut line) = serde_json::to_vec(&Line { space, entry }) else {
            return; // an entry is always JSON
        };
        line.push(b'\n');
        let mut file = self.file.lock();
        let Some(open) = file.as_mut() else { return };
        if let Err(error) = open.write_all(&line) {
            *file = None;
            let path = self.path.display();
            terminal::complain(&format!(
                "warning: the journal {path} ends here, it cannot be written: {error}"
            ));
        }
    }

    /// Whether every line so far was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.file.lock().is_some()
    }
}
