//! The journal as a file: one JSON object a line, one line a request.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crisp_mock_server::journal::Entry;
use parking_lot::Mutex;
use serde::Serialize;

use crate::failure::Failure;
use crate::terminal;

/// A file that every request is written to when it has ended.
///
/// Each line is one write, so that a reader sees whole lines only, and a killed program leaves all
/// lines so far. What arrived of a line that does not fit on the disk is taken back, and nothing is
/// written after it. A slow disk slows the requests down: a journal may not drop any.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    /// None once a line could not be written.
    file: Mutex<Option<File>>,
}

/// Whether a file ends in a line break; a program that was killed may have left half a line.
fn ends_a_line(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Appends a line, or nothing of it where the file is one that can be shortened.
fn write_whole(file: &mut File, line: &[u8]) -> io::Result<()> {
    let mut left = line;
    while !left.is_empty() {
        let error = match file.write(left) {
            Ok(0) => io::ErrorKind::WriteZero.into(),
            Ok(more) => {
                left = &left[more..];
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => error,
        };
        let arrived = (line.len() - left.len()) as u64;
        let metadata = file.metadata()?;
        if arrived > 0 && metadata.is_file() {
            // Its lock keeps others out: what arrived is what it ends with.
            file.set_len(metadata.len().saturating_sub(arrived))?;
        }
        return Err(error);
    }
    Ok(())
}

#[derive(Serialize)]
struct Line<'a> {
    space: &'a str,
    #[serde(flatten)]
    entry: &'a Entry,
}

impl JournalFile {
    /// Opens the file to add to it, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// [`Failure::Environment`] when it cannot be written, [`Failure::Usage`] when another program
    /// writes to it.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = || Failure::environment(format!("writing the journal {}", path.display()));
        let mut file = OpenOptions::new().append(true).create(true).open(path).map_err(failed())?;
        let metadata = file.metadata().map_err(failed())?;
        // A pipe or a terminal has no other writers to mix with, and no end.
        if metadata.is_file() {
            // Where a file system has no locks, there is none to be had.
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                let taken = format!("another crisp-mock writes the journal {}", path.display());
                return Err(Failure::usage(taken, "name another file with `--journal`"));
            }
            if metadata.len() > 0 && !ends_a_line(path).map_err(failed())? {
                file.write_all(b"\n").map_err(failed())?;
            }
        }
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
        if let Err(error) = write_whole(open, &line) {
            *file = None;
            let (path, seq) = (self.path.display(), entry.seq);
            terminal::complain(&format!(
                "error: the journal {path} ends before request {seq} of space {space}: {error}\n  \
                 = hint: the emulator goes on without it, and ends with a failure; make room, and \
                 start it anew"
            ));
        }
    }

    /// Whether every line so far was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.file.lock().is_some()
    }
}
