//! A file that knows of when the set is that was read from it.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;

use crate::machine::WarmStart;
use crate::{FileShelf, Shelf};

/// A [`FileShelf`] that says how old the set of an earlier life is. Clones share it.
#[derive(Clone, Debug)]
pub struct DatedShelf {
    file: FileShelf,
    read: Arc<OnceLock<Timestamp>>,
}

impl DatedShelf {
    /// The file at this path; its folder has to exist.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self { file: FileShelf::new(path), read: Arc::default() }
    }

    /// Up to when, by the server's clock, the set holds everything that was read; none before one
    /// was, and where there was none.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.read.get().copied()
    }

    /// How old it is by the clock of this machine.
    #[expect(clippy::disallowed_methods, reason = "the service is where the clocks are read")]
    pub(super) fn age(&self) -> Option<Duration> {
        let age = Timestamp::now().duration_since(self.as_of()?);
        // A clock that was set back makes no set of the future.
        Some(Duration::try_from(age).unwrap_or_default())
    }
}

impl Shelf for DatedShelf {
    fn load(&self) -> io::Result<Option<WarmStart>> {
        let start = self.file.load()?;
        if let Some(start) = &start {
            let _ = self.read.set(start.cursor);
        }
        Ok(start)
    }

    fn store(&self, start: &WarmStart) -> io::Result<()> {
        self.file.store(start)
    }
}
