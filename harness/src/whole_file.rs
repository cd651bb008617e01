//! Files that appear whole: written beside their place, flushed to the disk, then renamed.
//!
//! A full disk or a killed program leaves what was there before, never half a file. What is no regular
//! file (a pipe, a device) is written directly, and so is a file whose folder takes no other beside
//! it, as one that is mounted by itself.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Writes a file whole, in place of one that is there.
///
/// # Errors
///
/// When it cannot be written; a file that was there is then as it was.
///
/// # Examples
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("report.txt");
/// crisp_harness::whole_file::write(&file, b"all is well\n")?;
/// assert_eq!(std::fs::read(&file)?, b"all is well\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write(target: &Path, bytes: &[u8]) -> io::Result<()> {
    let place = Place::of(target)?;
    let mut beside = match &place {
        Place::Directly(_) => return place.fill(bytes),
        Place::Renamed { existing, .. } => match place.beside() {
            Err(error) if existing.is_some() && takes_no_other(&error) => return place.fill(bytes),
            beside => beside?,
        },
    };
    beside.write_all(bytes)?;
    if let Place::Renamed { existing: Some(permissions), .. } = &place {
        beside.as_file().set_permissions(permissions.clone())?;
    }
    beside.as_file().sync_all()?;
    match beside.persist(place.path()) {
        Err(error) if error.error.kind() == ErrorKind::ResourceBusy => place.fill(bytes),
        persisted => persisted.map(drop).map_err(|error| error.error),
    }
}

/// Whether [`write()`] could write there, as far as that can be known without changing anything.
///
/// # Errors
///
/// Why it could not.
pub fn look(target: &Path) -> io::Result<()> {
    let place = Place::of(target)?;
    let Place::Renamed { existing, .. } = &place else {
        // Opening a pipe would wait for its reader.
        return Ok(());
    };
    match place.beside() {
        Err(error) if existing.is_some() && takes_no_other(&error) => Ok(()),
        beside => beside.map(drop),
    }
}

/// How a file is written.
enum Place {
    /// What is there is no regular file.
    Directly(PathBuf),
    /// A regular file, there already with these permissions, or new.
    Renamed { path: PathBuf, existing: Option<Permissions> },
}

impl Place {
    fn of(target: &Path) -> io::Result<Self> {
        match fs::metadata(target) {
            Ok(found) if found.is_dir() => Err(ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => Ok(Self::Directly(target.to_owned())),
            Ok(found) => {
                // One that may not be written is not to be replaced either.
                OpenOptions::new().append(true).open(target)?;
                // A link stays one: what it leads to is replaced.
                let path = target.canonicalize()?;
                Ok(Self::Renamed { path, existing: Some(found.permissions()) })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Ok(Self::Renamed { path: target.to_owned(), existing: None })
            }
            Err(error) => Err(error),
        }
    }

    fn path(&self) -> &Path {
        let (Self::Directly(path) | Self::Renamed { path, .. }) = self;
        path
    }

    /// A new file in the same folder, under a name that cannot be guessed; it is gone when it is
    /// dropped.
    fn beside(&self) -> io::Result<NamedTempFile> {
        let folder = self.path().parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.prefix(".crisp-mock-").tempfile_in(folder.unwrap_or(Path::new(".")))
    }

    /// Writes what is there already.
    fn fill(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::options().write(true).truncate(true).open(self.path())?;
        file.write_all(bytes)
    }
}

fn takes_no_other(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_there_is_replaced_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "old and longer").unwrap();
        look(&file).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"old and longer");
        write(&file, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_and_a_file_in_no_folder_are_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        assert!(look(folder.path()).is_err());
        assert!(look(&folder.path().join("none/a")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_permissions_stay_what_they_were() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        symlink("a", &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_is_written_directly_and_its_error_is_told() {
        look(Path::new("/dev/null")).unwrap();
        write(Path::new("/dev/null"), b"x").unwrap();
        assert_eq!(write(Path::new("/dev/full"), b"x").unwrap_err().kind(), ErrorKind::StorageFull);
    }
}
