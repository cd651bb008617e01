//! A folder that is removed with its process, at the latest by the next one that makes such a folder.
//!
//! A process that is killed removes nothing. So each holds a lock on a file in its folder, which the system
//! lets go of however the process ends, and a folder whose lock can be had is a leftover. A number of a
//! process would not do: containers that share a folder for temporary files number their own.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};

const PREFIX: &str = "crisp-mock-intercept-";

/// The file that is locked.
const LOCK: &str = "lock";

/// How many entries of the folder for temporary files are looked at.
const MOST_ENTRIES: usize = 10_000;

/// The folder, which its owner alone can look into.
#[derive(Debug)]
pub(super) struct Folder {
    /// Goes before the folder: Windows removes no file that is open.
    _lock: File,
    folder: TempDir,
}

impl Folder {
    /// Makes one in the folder for temporary files, and removes leftovers there.
    ///
    /// # Errors
    ///
    /// When that folder takes none.
    pub(super) fn make(place: &Path) -> io::Result<Self> {
        remove_leftovers(place);
        loop {
            let folder = for_its_owner(Builder::new().prefix(PREFIX)).tempdir_in(place)?;
            let file = folder.path().join(LOCK);
            let lock = File::create(&file)?;
            // A file system without locks gives none to others either: then leftovers stay.
            let _ = lock.lock();
            // Another process may have had the lock first, and taken the folder for a leftover.
            if file.exists() {
                return Ok(Self { _lock: lock, folder });
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of processes that have ended. What cannot be removed is tried again at the next start.
fn remove_leftovers(place: &Path) {
    let entries = fs::read_dir(place).into_iter().flatten().take(MOST_ENTRIES).flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    for folder in ours.map(|entry| entry.path()) {
        if let Some(_held) = leftover(&folder) {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// The lock of a folder, if no process holds it.
fn leftover(folder: &Path) -> Option<File> {
    // A link may lead anywhere.
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir());
    let lock: PathBuf = is_folder.then(|| folder.join(LOCK))?;
    let lock = File::options().read(true).write(true).open(lock).ok()?;
    match lock.try_lock() {
        Ok(()) => Some(lock),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
    }
}

/// A folder that others cannot look into.
#[cfg(unix)]
fn for_its_owner<'a, 'b, 'c>(folder: &'c mut Builder<'a, 'b>) -> &'c mut Builder<'a, 'b> {
    use std::os::unix::fs::PermissionsExt as _;
    folder.permissions(fs::Permissions::from_mode(0o700))
}

/// The folder for temporary files is a user's own on this platform.
#[cfg(not(unix))]
fn for_its_owner<'a, 'b, 'c>(folder: &'c mut Builder<'a, 'b>) -> &'c mut Builder<'a, 'b> {
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(place: &Path) -> Vec<String> {
        let entries = fs::read_dir(place).unwrap().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_folder_of_a_process_that_is_there_stays_and_one_that_was_left_goes() {
        let place = tempfile::tempdir().unwrap();
        let held = Folder::make(place.path()).unwrap();
        let left = place.path().join("crisp-mock-intercept-left");
        fs::create_dir_all(left.join("node")).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        let begun = place.path().join("crisp-mock-intercept-begun");
        fs::create_dir(&begun).unwrap();
        fs::create_dir(place.path().join("other")).unwrap();

        let new = Folder::make(place.path()).unwrap();
        assert!(held.path().is_dir() && new.path().is_dir());
        assert!(begun.is_dir(), "its process has not come to its lock yet");
        assert!(!left.exists());
        drop((held, new));
        assert_eq!(names(place.path()), ["crisp-mock-intercept-begun", "other"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_is_called_like_a_folder_of_ours_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let mine = tempfile::tempdir().unwrap();
        fs::write(mine.path().join(LOCK), "").unwrap();
        let link = place.path().join("crisp-mock-intercept-link");
        std::os::unix::fs::symlink(mine.path(), &link).unwrap();
        drop(Folder::make(place.path()).unwrap());
        assert!(mine.path().join(LOCK).exists());
    }
}
