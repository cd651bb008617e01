//! A map whose clones are snapshots and whose changes cost the same at any size.
//!
//! A persistent tree alone copies whole nodes for each change and touches the reference count of
//! every value in them: at 100,000 websites that is some hundred cache misses a change. Here a
//! plain hash map, shared and never changed, lies under a small persistent one that holds what
//! changed since. When no older snapshot is left, [`Layered::settle`] moves the changes down.
//! Where one always is and the upper map has grown to an eighth of the lower one, both are
//! merged into a new one: once in so many changes that each pays for about ten copies.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use imbl::shared_ptr::DefaultSharedPtr;

use crate::WebsiteId;

/// Below this many changes a merge is not worth its trouble.
const LEAST: usize = 32;

type Changed<V> = imbl::GenericHashMap<WebsiteId, Option<V>, FixedState, DefaultSharedPtr>;

#[derive(Clone, Debug)]
pub(crate) struct Layered<V> {
    base: Arc<HashMap<WebsiteId, V, FixedState>>,
    /// What is different from the base; `None` is a removal.
    changed: Changed<V>,
    len: usize,
}

impl<V> Default for Layered<V> {
    fn default() -> Self {
        Self { base: Arc::default(), changed: Changed::default(), len: 0 }
    }
}

impl<V> Layered<V> {
    pub(crate) fn get(&self, id: &WebsiteId) -> Option<&V> {
        if self.changed.is_empty() {
            return self.base.get(id);
        }
        match self.changed.get(id) {
            Some(changed) => changed.as_ref(),
            None => self.base.get(id),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&WebsiteId, &V)> {
        let kept = self.base.iter().filter(|(id, _)| !self.changed.contains_key(*id));
        let changed = self.changed.iter();
        kept.chain(changed.filter_map(|(id, value)| Some((id, value.as_ref()?))))
    }

    pub(crate) fn same_snapshot(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.base, &other.base) && self.changed.ptr_eq(&other.changed)
    }
}

impl<V: Clone> Layered<V> {
    pub(crate) fn insert(&mut self, id: WebsiteId, value: V) -> Option<V> {
        self.put(id, Some(value))
    }

    pub(crate) fn remove(&mut self, id: &WebsiteId) -> Option<V> {
        self.put(*id, None)
    }

    fn put(&mut self, id: WebsiteId, value: Option<V>) -> Option<V> {
        let (added, nothing) = (usize::from(value.is_some()), value.is_none());
        let old = match Arc::get_mut(&mut self.base).filter(|_| self.changed.is_empty()) {
            // No snapshot shares this base, so it is changed in place.
            Some(base) => match value {
                Some(value) => base.insert(id, value),
                None => base.remove(&id),
            },
            None => {
                let old = self.get(&id).cloned();
                if !(nothing && old.is_none()) {
                    self.changed.insert(id, value);
                }
                old
            }
        };
        self.len = self.len + added - usize::from(old.is_some());
        if self.changed.len() > LEAST.max(self.base.len() / 8) {
            self.merge();
        }
        old
    }

    /// Puts what changed into the base, in place, unless a snapshot shares it. Called when the snapshot
    /// before this one is gone, it keeps the upper map so small that no change copies much.
    pub(crate) fn settle(&mut self) {
        if let Some(base) = Arc::get_mut(&mut self.base) {
            put_all(base, std::mem::take(&mut self.changed));
        }
    }

    fn merge(&mut self) {
        let mut base = HashMap::clone(&self.base);
        put_all(&mut base, std::mem::take(&mut self.changed));
        self.base = Arc::new(base);
    }
}

fn put_all<V: Clone>(base: &mut HashMap<WebsiteId, V, FixedState>, changed: Changed<V>) {
    for (id, value) in changed {
        match value {
            Some(value) => drop(base.insert(id, value)),
            None => drop(base.remove(&id)),
        }
    }
}

impl<V: Clone> FromIterator<(WebsiteId, V)> for Layered<V> {
    fn from_iter<I: IntoIterator<Item = (WebsiteId, V)>>(pairs: I) -> Self {
        let base: HashMap<_, _, _> = pairs.into_iter().collect();
        Self { len: base.len(), base: Arc::new(base), changed: Changed::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(u128, u32),
        Remove(u128),
        Snapshot,
        Settle,
        /// The same when no snapshot is left.
        SettleAlone,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0_u128..80, any::<u32>()).prop_map(|(id, value)| Step::Insert(id, value)),
            2 => (0_u128..80).prop_map(Step::Remove),
            1 => Just(Step::Snapshot),
            1 => Just(Step::Settle),
            1 => Just(Step::SettleAlone),
        ]
    }

    fn content(map: &Layered<u32>) -> BTreeMap<WebsiteId, u32> {
        map.iter().map(|(id, value)| (*id, *value)).collect()
    }

    type Snapshots = Vec<(Layered<u32>, BTreeMap<WebsiteId, u32>)>;

    /// Whether each snapshot holds what it held when it was taken; afterwards they are gone.
    fn check(snapshots: &mut Snapshots) -> Result<(), TestCaseError> {
        for (snapshot, model) in snapshots.drain(..) {
            prop_assert_eq!(content(&snapshot), model.clone());
            prop_assert!(model.iter().all(|(id, value)| snapshot.get(id) == Some(value)));
            prop_assert_eq!(snapshot.get(&WebsiteId::from_number(99)), None);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn it_is_a_map_and_its_snapshots_never_change(
            steps in prop::collection::vec(step(), 0..300),
        ) {
            let mut map = Layered::default();
            let mut model = BTreeMap::new();
            let mut snapshots = Snapshots::new();
            for step in steps {
                match step {
                    Step::Insert(number, value) => {
                        let id = WebsiteId::from_number(number);
                        prop_assert_eq!(map.insert(id, value), model.insert(id, value));
                    }
                    Step::Remove(number) => {
                        let id = WebsiteId::from_number(number);
                        prop_assert_eq!(map.remove(&id), model.remove(&id));
                    }
                    Step::Snapshot => snapshots.push((map.clone(), model.clone())),
                    Step::Settle => map.settle(),
                    Step::SettleAlone => {
                        check(&mut snapshots)?;
                        map.settle();
                        prop_assert!(map.changed.is_empty());
                    }
                }
                prop_assert_eq!(map.len(), model.len());
            }
            snapshots.push((map, model));
            check(&mut snapshots)?;
        }
    }
}
