//! The ready file: a fixture waits for it and reads addresses and credentials from it.

use std::io::Write as _;
use std::path::Path;

use crisp_mock_server::spaces::Info;

use crate::failure::Failure;
use crate::intercept::Intercepting;

/// Addresses and credentials on one line.
pub fn line(info: &Info) -> String {
    // An Info is nothing but texts and a number.
    serde_json::to_string(info).unwrap_or_default()
}

/// The same, with what a program needs in its environment so that Crisp's own addresses lead here.
pub fn line_with(info: &Info, intercepting: Option<&Intercepting>) -> String {
    let Some(intercepting) = intercepting else { return line(info) };
    let mut all = serde_json::to_value(info).unwrap_or_default();
    let variables = intercepting.variables(&|name| std::env::var_os(name));
    let variables = variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_string_lossy().into_owned().into()));
    if let Some(all) = all.as_object_mut() {
        all.insert("intercept".to_owned(), serde_json::Value::Object(variables.collect()));
    }
    all.to_string()
}

/// Removes the file of an earlier server, which a fixture would take for that of this one.
///
/// # Errors
///
/// [`Failure::Usage`] when it is no regular file: a link, a device or a folder is left as it is.
/// [`Failure::Environment`] when it stays there.
pub fn remove_stale(file: &Path) -> Result<(), Failure> {
    match std::fs::symlink_metadata(file) {
        Ok(found) if !found.is_file() => Err(Failure::usage(
            format!("the ready file {} is no regular file, and was left alone", file.display()),
            "name a file that may be replaced, or one that does not exist yet",
        )),
        Ok(_) => std::fs::remove_file(file).map_err(failed(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(file)(error)),
    }
}

/// Writes the file by a rename: it appears whole. It holds credentials: only its owner reads it.
///
/// # Errors
///
/// [`Failure::Environment`] when it cannot be written.
pub fn write(file: &Path, info: &Info) -> Result<(), Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    // A new file under a name that cannot be guessed, made for its owner alone.
    let made = tempfile::Builder::new()
        .prefix(".crisp-mock-ready-")
        .tempfile_in(folder.unwrap_or(Path::new(".")));
    let written = made.and_then(|mut beside| {
        beside.write_all((line(info) + "\n").as_bytes())?;
        beside.as_file().sync_all()?;
        beside.persist(file).map_err(|error| error.error)
    });
    written.map(drop).map_err(failed(file))
}

fn failed(file: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    Failure::environment(format!("writing the ready file {}", file.display()))
}
