//! The set in a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Shelf;
use crate::machine::WarmStart;
use crate::{Website, WebsiteId};

/// The longest file that is read or written, if nothing else is said: what the default bounds of
/// the cache come to, twice over.
const LONGEST: u64 = 4 << 30;

/// A file, replaced atomically: written beside, synced, renamed. It holds the tokens of the
/// websites, so on Unix only its owner may read it.
#[derive(Clone, Debug)]
pub struct FileShelf {
    path: PathBuf,
    longest: u64,
}

impl FileShelf {
    /// The file at this path; its folder has to exist.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), longest: LONGEST }
    }

    /// Neither reads nor writes a file that is longer than this. Default 4 GiB; raise it with the
    /// cache's [`Config::most_bytes`](crate::Config::most_bytes).
    #[must_use]
    pub fn longest(mut self, bytes: u64) -> Self {
        self.longest = bytes;
        self
    }

    fn wrong(&self, problem: impl std::fmt::Display) -> io::Error {
        let words = format!("{}: {problem}", self.path.display());
        io::Error::new(io::ErrorKind::InvalidData, words)
    }

    fn too_long(&self) -> io::Error {
        let longest = self.longest;
        self.wrong(format_args!("longer than {longest} bytes; raise `FileShelf::longest`"))
    }

    /// The whole file, if there is one.
    fn read(&self) -> io::Result<Option<Vec<u8>>> {
        // Opening a pipe would wait for a writer.
        let length = match fs::metadata(&self.path) {
            Ok(about) if about.is_file() => about.len(),
            Ok(_) => return Err(self.wrong("no regular file; move it away")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if length > self.longest {
            return Err(self.too_long());
        }
        let mut bytes = Vec::new();
        // Room for all of it at once saves copies; where there is none, reading says so.
        let _ = bytes.try_reserve_exact(usize::try_from(length).unwrap_or(0).saturating_add(1));
        let file = File::open(&self.path)?;
        file.take(self.longest.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > self.longest {
            return Err(self.too_long());
        }
        Ok(Some(bytes))
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn folder(&self) -> Option<&Path> {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty())
    }

    /// A process that ended while it wrote left its file beside.
    fn tidy(&self) {
        let Ok(entries) = fs::read_dir(self.folder().unwrap_or(Path::new("."))) else { return };
        let start = format!("{}.", self.name());
        let own = std::process::id().to_string();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name =
                name.to_str().and_then(|name| name.strip_prefix(&start)?.strip_suffix(".new"));
            let Some((process, number)) = name.and_then(|name| name.split_once('.')) else {
                continue;
            };
            if process != own && is_number(process) && is_number(number) {
                // One that cannot be removed does no harm.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn write(&self, path: &Path, start: &WarmStart) -> io::Result<()> {
        let mut websites: Vec<&Website> = start.websites.iter().map(|website| &**website).collect();
        websites.sort_unstable_by_key(|website| website.id);
        let WarmStart { cursor, verified, ref learnt, .. } = *start;
        let form = Written { format: FORMAT, cursor, verified, learnt, websites };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let mut pieces = BufWriter::new(Bounded { file, left: self.longest });
        if let Err(error) = serde_json::to_writer(&mut pieces, &form) {
            // What could not be read again is not put in place of what can.
            let over = error.io_error_kind() == Some(io::ErrorKind::FileTooLarge);
            return Err(if over { self.too_long() } else { error.into() });
        }
        match pieces.into_inner() {
            Ok(written) => written.file.sync_all(),
            Err(error) if error.error().kind() == io::ErrorKind::FileTooLarge => {
                Err(self.too_long())
            }
            Err(error) => Err(error.into_error()),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A file that takes only so many bytes more.
struct Bounded {
    file: File,
    left: u64,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.checked_sub(bytes.len() as u64);
        self.left = left.ok_or(io::ErrorKind::FileTooLarge)?;
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The form of the file, as it is read. A later version of this crate that changes it raises
/// `format`.
#[derive(Deserialize)]
struct Form {
    format: u32,
    cursor: Timestamp,
    /// Files of versions that did not say it may come from the time right after a list.
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    learnt: Vec<WebsiteId>,
    websites: Vec<Website>,
}

/// The same, as it is written: without a copy of the set.
#[derive(Serialize)]
struct Written<'a> {
    format: u32,
    cursor: Timestamp,
    verified: bool,
    learnt: &'a [WebsiteId],
    websites: Vec<&'a Website>,
}

const FORMAT: u32 = 1;

impl Shelf for FileShelf {
    fn load(&self) -> io::Result<Option<WarmStart>> {
        self.tidy();
        let Some(bytes) = self.read()? else { return Ok(None) };
        let form: Form = serde_json::from_slice(&bytes).map_err(|problem| self.wrong(problem))?;
        if form.format != FORMAT {
            let format = form.format;
            return Err(self.wrong(format_args!(
                "format {format} is not {FORMAT}, which this version reads; move it away"
            )));
        }
        let Form { cursor, verified, learnt, websites, .. } = form;
        let websites = websites.into_iter().collect();
        Ok(Some(WarmStart { websites, cursor, verified, learnt }))
    }

    fn store(&self, start: &WarmStart) -> io::Result<()> {
        // A storing that a stop did not wait for may still be under way.
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}.{}.{number}.new", self.name(), std::process::id());
        let beside = self.path.with_file_name(name);
        let written = self.write(&beside, start).and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            // Leave nothing lying about; the first error is the one that matters.
            let _ = fs::remove_file(&beside);
        }
        written?;
        if let Some(folder) = self.folder() {
            // The rename itself survives a power cut only once the folder is synced, which not
            // every platform can do.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn start(count: u128) -> WarmStart {
        let website = |number| Website {
            id: WebsiteId::from_number(number),
            token: Some("secret".into()),
            settings: Settings::from_json(r#"{"a": 1}"#).unwrap(),
            price: Some(1),
            plan: None,
        };
        let cursor = "2026-01-01T00:00:00.123Z".parse().unwrap();
        let learnt = vec![WebsiteId::from_number(1)];
        WarmStart { websites: (1..=count).map(website).collect(), cursor, verified: true, learnt }
    }

    #[test]
    fn what_is_stored_comes_back_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = FileShelf::new(folder.path().join("set.json"));
        assert!(shelf.load().unwrap().is_none());
        shelf.store(&start(3)).unwrap();
        shelf.store(&start(2)).unwrap();
        let read = shelf.load().unwrap().unwrap();
        assert_eq!((read.websites.len(), read.cursor, read.verified), (2, start(2).cursor, true));
        assert_eq!(read.learnt, start(2).learnt);
        let id = WebsiteId::from_number(1);
        assert_eq!(read.websites.get(&id), start(2).websites.get(&id));
        let files = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_the_tokens() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.json");
        FileShelf::new(&path).store(&start(1)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_no_set_is_an_error_and_not_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.json");
        let future = r#"{"format":2,"cursor":"2026-01-01T00:00:00Z","websites":[]}"#;
        for text in ["", "{", "[]", future] {
            fs::write(&path, text).unwrap();
            assert!(FileShelf::new(&path).load().is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_is_neither_read_nor_written_beyond_its_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("set.json");
        let shelf = FileShelf::new(&path);
        shelf.store(&start(3)).unwrap();
        let length = fs::metadata(&path).unwrap().len();
        assert!(shelf.clone().longest(length).load().is_ok());
        let short = shelf.clone().longest(length - 1);
        for refused in [short.load().map(drop), short.store(&start(3))] {
            let words = refused.unwrap_err().to_string();
            assert!(
                words.contains("set.json: longer than") && words.contains("longest"),
                "{words}"
            );
        }
        assert_eq!(shelf.load().unwrap().unwrap().websites.len(), 3, "the old one stands");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_is_no_regular_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let error = FileShelf::new(folder.path()).load().unwrap_err().to_string();
        assert!(error.contains("no regular file"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_without_an_end_is_not_read() {
        let error = FileShelf::new("/dev/zero").load().unwrap_err().to_string();
        assert!(error.contains("no regular file"), "{error}");
    }

    #[test]
    fn what_a_process_left_that_ended_while_it_stored_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["set.json.0.7.new", "set.json.7.new", "set.json.x.7.new", "other.json.0.7.new"]
        {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(FileShelf::new(folder.path().join("set.json")).load().unwrap().is_none());
        assert!(!folder.path().join("set.json.0.7.new").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
