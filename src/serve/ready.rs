//! The ready file: a fixture waits for it and reads addresses and credentials from it.

use std::path::{Path, PathBuf};

use crisp_mock_server::spaces::Info;

use crate::failure::Failure;

/// Addresses and credentials on one line.
pub fn line(info: &Info) -> String {
    // An Info is nothing but texts and a number.
    serde_json::to_string(info).unwrap_or_default()
}

/// Removes the file of an earlier server, which a fixture would take for that of this one.
///
/// # Errors
///
/// [`Failure::Environment`] when it stays there.
pub fn remove_stale(file: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(file)(error)),
        _ => Ok(()),
    }
}

/// Writes the file by a rename: it appears whole.
///
/// # Errors
///
/// [`Failure::Environment`] when it cannot be written.
pub fn write(file: &Path, info: &Info) -> Result<(), Failure> {
    let beside = beside(file);
    std::fs::write(&beside, line(info) + "\n")
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(|error| {
            let _ = std::fs::remove_file(&beside);
            failed(file)(error)
        })
}

/// A name in the same folder: a rename within one file system is atomic.
fn beside(file: &Path) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn failed(file: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    Failure::environment(format!("writing the ready file {}", file.display()))
}
