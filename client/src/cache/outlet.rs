//! What the machine's thread hands to readers, until the cache is stopped.

use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use tokio::sync::broadcast;
use tokio::time::Instant;

use super::changes::Step;
use super::entry::{Change as TypedChange, View};
use super::shared::Shared;
use crate::machine::Status;
#[cfg(feature = "persist")]
use crate::machine::WarmStart;
use crate::{Change, Websites, telling};

type Steps<T> = broadcast::Sender<Arc<Step<T>>>;

pub(super) struct Outlet<T> {
    shared: Arc<Shared<T>>,
    /// `None`: the cache was stopped. A step that was under way then shows nothing any more.
    steps: Mutex<Option<Steps<T>>>,
    /// What a later process can go on from.
    #[cfg(feature = "persist")]
    warm: Mutex<Option<WarmStart>>,
}

impl<T> Outlet<T> {
    pub(super) fn new(shared: Arc<Shared<T>>, steps: Steps<T>) -> Self {
        Self {
            shared,
            steps: Mutex::new(Some(steps)),
            #[cfg(feature = "persist")]
            warm: Mutex::default(),
        }
    }

    /// Nothing is shown any more, and the streams of changes end.
    pub(super) fn close(&self) {
        let steps = locked(&self.steps).take();
        drop(steps);
    }

    pub(super) fn tell(&self, status: &Status) {
        let told = Arc::new((status.clone(), Instant::now()));
        let open = locked(&self.steps);
        if open.is_some() {
            self.shared.status.store(Some(told));
        }
    }

    #[cfg(feature = "persist")]
    pub(super) fn keep(&self, warm: Option<WarmStart>) {
        // The old one is dropped after the lock, since it may be big.
        let old = std::mem::replace(&mut *locked(&self.warm), warm);
        drop(old);
    }

    #[cfg(feature = "persist")]
    pub(super) fn warm(&self) -> Option<WarmStart> {
        locked(&self.warm).clone()
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Outlet<T> {
    /// The set that is shown.
    pub(super) fn websites(&self) -> Websites {
        let mut websites = Websites::default();
        for entry in self.shared.view.load().iter() {
            let _none = websites.insert(entry.website().clone());
        }
        websites
    }

    /// Shows the set of an earlier life. Who reads the changes already is told all of it.
    pub(super) fn begin_with(&self, websites: &Websites, generation: u64) {
        let view = View::of(websites, generation);
        let changes = TypedChange::all_between(&View::default(), &view);
        self.show(view, changes);
    }

    /// Shows what changed, if anything did.
    pub(super) fn publish(&self, changes: &[Change], generation: u64) {
        if changes.is_empty() {
            return;
        }
        let (view, changes) = self.shared.view.load().after(changes, generation);
        let told = changes.len();
        if self.show(view, changes) {
            telling::changed(told, generation);
        }
    }

    /// Says whether the cache was still open. All that takes long happens before and after the lock.
    fn show(&self, view: View<T>, changes: Vec<TypedChange<T>>) -> bool {
        let view = Arc::new(view);
        let step = Arc::new(Step { changes, view: view.clone() });
        let open = locked(&self.steps);
        let Some(steps) = &*open else { return false };
        let old = self.shared.view.swap(view);
        // A channel without receivers is no error.
        let unsent = steps.send(step);
        drop(open);
        drop((old, unsent));
        true
    }
}

fn locked<V>(mutex: &Mutex<V>) -> std::sync::MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Settings, Website, WebsiteId};

    fn added(number: u128) -> Change {
        let id = WebsiteId::from_number(number);
        let settings = Settings::from_json("1").unwrap();
        let website = Website { id, token: None, settings, price: None, plan: None };
        Change::Added { new: Arc::new(website) }
    }

    #[test]
    fn what_comes_after_the_end_is_not_shown() {
        let shared = Arc::new(Shared::<u32>::new());
        let (steps, mut told) = broadcast::channel(8);
        let outlet = Outlet::new(shared.clone(), steps);
        outlet.publish(&[added(1)], 1);
        outlet.close();
        outlet.publish(&[added(2)], 2);
        outlet.begin_with(&Websites::default(), 3);
        assert_eq!((shared.view.load().len(), shared.view.load().generation()), (1, 1));
        assert_eq!(told.try_recv().unwrap().changes.len(), 1);
        assert!(matches!(told.try_recv(), Err(broadcast::error::TryRecvError::Closed)));
    }
}
