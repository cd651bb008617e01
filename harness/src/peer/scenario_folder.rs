//! A folder for what a program keeps on disc in one scenario.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use tempfile::TempDir;

use super::PeerError;

/// A folder of one scenario's own: empty when it begins, kept over a restart of the client, removed with
/// the last clone of this.
#[derive(Debug, Clone)]
pub struct ScenarioFolder {
    folder: Arc<TempDir>,
    since: SystemTime,
}

impl ScenarioFolder {
    /// An empty one, for a scenario that begins now.
    ///
    /// # Errors
    ///
    /// When the system's folder for temporary files takes none.
    pub fn new() -> Result<Self, PeerError> {
        let folder = tempfile::Builder::new().prefix("crisp-mock-scenario-").tempdir();
        let folder = folder.map_err(|error| {
            PeerError::NeverStarted(format!(
                "no folder for a scenario can be made: {error}\n  = hint: TMPDIR names a folder that can be written"
            ))
        })?;
        let since = folder.path().metadata().and_then(|folder| folder.modified());
        let since = since.unwrap_or(SystemTime::UNIX_EPOCH);
        Ok(Self { folder: Arc::new(folder), since })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// When the scenario began, by the clock of files.
    #[must_use]
    pub const fn since(&self) -> SystemTime {
        self.since
    }
}

impl PartialEq for ScenarioFolder {
    fn eq(&self, other: &Self) -> bool {
        self.path() == other.path()
    }
}

impl Eq for ScenarioFolder {}
