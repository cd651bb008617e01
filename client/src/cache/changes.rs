//! The stream of changes: never loses one, never needs more memory than the cache has.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::entry::{Change, View};
use super::shared::Shared;

/// One step of the cache: what changed, and the view after it.
#[derive(Debug)]
pub(super) struct Step<T> {
    pub(super) changes: Vec<Change<T>>,
    pub(super) view: Arc<View<T>>,
}

/// A reader of all changes, in order.
///
/// Starts from an empty set: the first changes are every website there is, as added. A reader
/// that falls behind is told the sum of what it missed: for each website one change from what it
/// was last told to what is now.
#[derive(Debug)]
pub struct Changes<T> {
    shared: Arc<Shared<T>>,
    steps: Receiver<Arc<Step<T>>>,
    told: Arc<View<T>>,
    waiting: VecDeque<Change<T>>,
}

impl<T> Changes<T> {
    pub(super) fn new(shared: Arc<Shared<T>>, steps: Receiver<Arc<Step<T>>>) -> Self {
        let mut changes = Self { shared, steps, told: Arc::default(), waiting: VecDeque::new() };
        changes.catch_up();
        changes
    }

    /// Leaves out what is in the cache already: tells only what happens from now on.
    #[must_use]
    pub fn from_now_on(mut self) -> Self {
        self.waiting.clear();
        self
    }

    /// The next change; `None` when the cache was stopped and everything has been told.
    ///
    /// Cancellation-safe: a change is not lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Change<T>> {
        loop {
            if let Some(change) = self.waiting.pop_front() {
                return Some(change);
            }
            match self.steps.recv().await {
                Ok(step) if step.view.generation() <= self.told.generation() => {}
                Ok(step) => {
                    self.told = step.view.clone();
                    self.waiting.extend(step.changes.iter().cloned());
                }
                Err(RecvError::Lagged(_)) => self.catch_up(),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The generation that the changes told last lead to.
    #[cfg(feature = "service")]
    pub(crate) fn generation(&self) -> u64 {
        self.told.generation()
    }

    /// All changes of the next step, and the generation that they lead to; `None` as with
    /// [`next`](Self::next). Cancellation-safe, too.
    #[cfg(feature = "service")]
    pub(crate) async fn next_step(&mut self) -> Option<(u64, Vec<Change<T>>)> {
        let first = self.next().await?;
        let step = std::iter::once(first).chain(self.waiting.drain(..)).collect();
        Some((self.generation(), step))
    }

    /// From what was told last to what is now, in one go.
    fn catch_up(&mut self) {
        let now = self.shared.view.load_full();
        self.waiting.extend(Change::all_between(&self.told, &now));
        self.told = now;
    }
}
