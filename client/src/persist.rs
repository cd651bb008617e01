//! Warm start: the known set and the cursor survive a restart (feature `persist`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::Website;
use crate::machine::{Machine, WarmStart};
use crate::telling;

/// The set is written at most this often: it is written whole.
const EVERY: Duration = Duration::from_secs(60);

/// A place where one set and its cursor can be kept. Both calls may block; they are made beside
/// the cache, one at a time.
pub trait Shelf: Send + Sync + 'static {
    /// What was stored last; `None` when nothing was.
    ///
    /// # Errors
    /// When something is there and cannot be read. The cache logs it and starts cold.
    fn load(&self) -> io::Result<Option<WarmStart>>;

    /// Stores this in place of what was stored before: afterwards, and after a crash at any
    /// moment, `load` gives either the old or the new one, whole.
    ///
    /// # Errors
    /// When it cannot be stored. The cache logs it and tries again later.
    fn store(&self, start: &WarmStart) -> io::Result<()>;
}

/// A file, replaced atomically: written beside, synced, renamed. It holds the tokens of the
/// websites, so on Unix only its owner may read it.
#[derive(Clone, Debug)]
pub struct FileShelf {
    path: PathBuf,
}

impl FileShelf {
    /// The file at this path; its folder has to exist.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned() }
    }
}

/// The form of the file. A later version of this crate that changes it raises `format`.
#[derive(Serialize, Deserialize)]
struct Form {
    format: u32,
    cursor: Timestamp,
    websites: Vec<Website>,
}

const FORMAT: u32 = 1;

impl Shelf for FileShelf {
    fn load(&self) -> io::Result<Option<WarmStart>> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let form: Form = serde_json::from_slice(&bytes)?;
        if form.format != FORMAT {
            let words = format!("format {} is not {FORMAT}, which this version reads", form.format);
            return Err(io::Error::new(io::ErrorKind::InvalidData, words));
        }
        let websites = form.websites.into_iter().collect();
        Ok(Some(WarmStart { websites, cursor: form.cursor }))
    }

    fn store(&self, start: &WarmStart) -> io::Result<()> {
        let mut websites: Vec<_> = start.websites.iter().map(|w| Website::clone(w)).collect();
        websites.sort_unstable_by_key(|website| website.id);
        let form = Form { format: FORMAT, cursor: start.cursor, websites };
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let beside = self.path.with_file_name(name);
        let written = write_synced(&beside, &serde_json::to_vec(&form)?)
            .and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            // Leave nothing lying about; the first error is the one that matters.
            let _ = fs::remove_file(&beside);
        }
        written?;
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            // The rename itself survives a power cut only once the folder is synced, which not
            // every platform can do.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Stores the set now and then, never two at once.
pub(crate) struct Keeper {
    shelf: Arc<dyn Shelf>,
    stored: Option<(u64, Instant)>,
    under_way: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(crate) fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf, stored: None, under_way: None }
    }

    pub(crate) async fn fetch(&self) -> Option<WarmStart> {
        let shelf = self.shelf.clone();
        match tokio::task::spawn_blocking(move || shelf.load()).await {
            Ok(Ok(start)) => start,
            Ok(Err(error)) => {
                telling::set_not_read(&error);
                None
            }
            Err(_) => None,
        }
    }

    /// Stores a changed set at most every minute, and an unchanged one often enough that its
    /// cursor can still be gone on from.
    pub(crate) fn store_if_due(&mut self, machine: &Machine) {
        let now = Instant::now();
        let generation = machine.snapshot().generation;
        let due = self.stored.is_none_or(|(stored, at)| {
            let age = now.saturating_duration_since(at);
            age >= machine.config().longest_gap / 4 || (generation != stored && age >= EVERY)
        });
        let busy = self.under_way.as_ref().is_some_and(|task| !task.is_finished());
        if !due || busy {
            return;
        }
        if let Some(start) = machine.warm_start() {
            self.stored = Some((generation, now));
            let shelf = self.shelf.clone();
            self.under_way = Some(tokio::task::spawn_blocking(move || store(&*shelf, &start)));
        }
    }

    /// Stores the set for the next life.
    pub(crate) async fn store_last(&mut self, start: Option<WarmStart>) {
        if let Some(task) = self.under_way.take() {
            // Whatever became of it, the next one is newer.
            let _ = task.await;
        }
        if let Some(start) = start {
            let shelf = self.shelf.clone();
            let _ = tokio::task::spawn_blocking(move || store(&*shelf, &start)).await;
        }
    }
}

fn store(shelf: &dyn Shelf, start: &WarmStart) {
    if let Err(error) = shelf.store(start) {
        telling::set_not_stored(&error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, WebsiteId};

    fn start(count: u128) -> WarmStart {
        let website = |number| Website {
            id: WebsiteId::from_number(number),
            token: Some("secret".into()),
            settings: Settings::from_json(r#"{"a": 1}"#).unwrap(),
            price: Some(1),
            plan: None,
        };
        let cursor = "2026-01-01T00:00:00.123Z".parse().unwrap();
        WarmStart { websites: (1..=count).map(website).collect(), cursor }
    }

    #[test]
    fn what_is_stored_comes_back_and_replaces_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = FileShelf::new(folder.path().join("set.json"));
        assert!(shelf.load().unwrap().is_none());
        shelf.store(&start(3)).unwrap();
        shelf.store(&start(2)).unwrap();
        let read = shelf.load().unwrap().unwrap();
        assert_eq!((read.websites.len(), read.cursor), (2, start(2).cursor));
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
}
