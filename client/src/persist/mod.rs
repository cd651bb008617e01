//! Warm start: the known set and the cursor survive a restart (feature `persist`).

mod file;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::{Instant, timeout_at};

pub use file::FileShelf;

use crate::machine::WarmStart;
use crate::telling;

/// The set is written at most this often: it is written whole.
const EVERY: Duration = Duration::from_secs(60);

/// So long a stop waits for the last storing.
const LAST: Duration = Duration::from_millis(80);

/// So long it waits where it was asked to wait for the disk.
const FOR_EVER: Duration = Duration::from_secs(3600);

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

/// Stores the set now and then, never two at once.
pub(crate) struct Keeper {
    shelf: Arc<dyn Shelf>,
    stored: Option<(u64, Instant)>,
    under_way: Option<oneshot::Receiver<()>>,
}

impl Keeper {
    pub(crate) fn new(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf, stored: None, under_way: None }
    }

    /// What gives the set of the process before; it may take long.
    pub(crate) fn fetch(&self) -> impl FnOnce() -> Option<WarmStart> + Send + 'static {
        let shelf = self.shelf.clone();
        move || match shelf.load() {
            Ok(start) => start,
            Err(error) => {
                telling::set_not_read(&error);
                None
            }
        }
    }

    /// Stores a changed set at most every minute, and an unchanged one often enough that its
    /// cursor can still be gone on from.
    pub(crate) fn store_if_due(
        &mut self,
        generation: u64,
        longest_gap: Duration,
        set: impl FnOnce() -> Option<WarmStart>,
    ) {
        let now = Instant::now();
        let due = self.stored.is_none_or(|(stored, at)| {
            let age = now.saturating_duration_since(at);
            age >= longest_gap / 4 || (generation != stored && age >= EVERY)
        });
        if !due || self.is_busy() {
            return;
        }
        if let Some(start) = set() {
            self.stored = Some((generation, now));
            self.under_way = store_aside(&self.shelf, start);
        }
    }

    fn is_busy(&mut self) -> bool {
        let under_way = self.under_way.as_mut();
        under_way.is_some_and(|ended| matches!(ended.try_recv(), Err(TryRecvError::Empty)))
    }

    /// Stores the set for the next life, after the storing that is under way. What takes longer
    /// than a stop may wait goes on beside it, unless it is to be waited for.
    pub(crate) async fn store_last(&mut self, start: Option<WarmStart>, wait: bool) {
        let limit = if wait { FOR_EVER } else { LAST };
        let end = Instant::now() + limit;
        let before = self.under_way.take();
        if let Some(ended) = before
            && timeout_at(end, ended).await.is_err()
        {
            // The one under way is as good to go on from.
            return;
        }
        if let Some(ended) = start.and_then(|start| store_aside(&self.shelf, start)) {
            // Late or not, there is nothing more to do here.
            let _ = timeout_at(end, ended).await;
        }
    }
}

/// Stores on a thread of its own. The runtime's own threads for what blocks would keep its end
/// waiting for as long as it takes.
fn store_aside(shelf: &Arc<dyn Shelf>, start: WarmStart) -> Option<oneshot::Receiver<()>> {
    let shelf = shelf.clone();
    let (done, ended) = oneshot::channel();
    let thread = std::thread::Builder::new().name("crisp-sync-store".to_owned());
    let spawned = thread.spawn(move || {
        store(&*shelf, &start);
        // The caller may have stopped waiting.
        let _ = done.send(());
    });
    match spawned {
        Ok(_) => Some(ended),
        Err(error) => {
            telling::set_not_stored(&error);
            None
        }
    }
}

fn store(shelf: &dyn Shelf, start: &WarmStart) {
    if let Err(error) = shelf.store(start) {
        telling::set_not_stored(&error);
    }
}
