//! Websites with their settings in the plugin's own type, and the set of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::layered::Layered;
use crate::wire::short;
use crate::{Website, WebsiteId, Websites};

/// Why a website's settings are not a `T`. The website is in the cache all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the settings do not have the expected shape: {problem}")]
pub struct Misfit {
    problem: String,
}

/// One website, with its settings read as `T` once, when they came.
#[derive(Debug)]
pub struct Entry<T> {
    website: Arc<Website>,
    value: Result<T, Misfit>,
}

impl<T> Entry<T> {
    /// Which website.
    pub fn id(&self) -> WebsiteId {
        self.website.id
    }

    /// The website as the API tells it: token, raw settings, price, plan.
    pub fn website(&self) -> &Arc<Website> {
        &self.website
    }

    /// The settings in the plugin's own type.
    ///
    /// # Errors
    /// When they do not have its shape; the raw JSON is in [`website`](Self::website).
    pub fn settings(&self) -> Result<&T, &Misfit> {
        self.value.as_ref()
    }

    /// The settings, when they have the right shape.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref().ok()
    }
}

impl<T: DeserializeOwned> Entry<T> {
    /// Reads the settings. A `Deserialize` of the plugin's that panics makes a misfit, no more.
    pub(super) fn new(website: Arc<Website>) -> Self {
        let read = catch_unwind(AssertUnwindSafe(|| website.settings.parse::<T>()));
        let value = match read {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(problem)) => Err(Misfit { problem: short(problem) }),
            Err(_) => Err(Misfit { problem: "reading them panicked".to_owned() }),
        };
        Self { website, value }
    }
}

/// All websites at one moment. It never changes; the cache has a newer one when something did.
#[derive(Debug)]
pub struct View<T> {
    entries: Layered<Arc<Entry<T>>>,
    generation: u64,
}

impl<T> Clone for View<T> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), generation: self.generation }
    }
}

impl<T> Default for View<T> {
    fn default() -> Self {
        Self { entries: Layered::default(), generation: 0 }
    }
}

impl<T> View<T> {
    /// The website with this id.
    pub fn get(&self, id: &WebsiteId) -> Option<&Arc<Entry<T>>> {
        self.entries.get(id)
    }

    /// How many websites there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.len() == 0
    }

    /// All websites, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry<T>>> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    /// Counts up with every change of the cache.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

impl<T: DeserializeOwned> View<T> {
    /// The view after these changes.
    pub(super) fn after(
        &self,
        changes: &[crate::Change],
        generation: u64,
    ) -> (Self, Vec<Change<T>>) {
        let mut entries = self.entries.clone();
        let mut told = Vec::with_capacity(changes.len());
        for change in changes {
            let id = change.website();
            let new = match change {
                crate::Change::Added { new } | crate::Change::Updated { new, .. } => {
                    Some(Arc::new(Entry::new(new.clone())))
                }
                crate::Change::Removed { .. } => None,
            };
            let old = match &new {
                Some(new) => entries.insert(id, new.clone()),
                None => entries.remove(&id),
            };
            told.extend(Change::between(old, new));
        }
        (Self { entries, generation }, told)
    }

    /// The view of a set, all read anew.
    pub(super) fn of(websites: &Websites, generation: u64) -> Self {
        let entry = |website: &Arc<Website>| (website.id, Arc::new(Entry::new(website.clone())));
        Self { entries: websites.iter().map(entry).collect(), generation }
    }
}

/// What happened to one website, with the plugin's own type. Clones are cheap.
#[derive(Debug)]
pub enum Change<T> {
    /// The website was not known before.
    Added {
        /// As it is now.
        new: Arc<Entry<T>>,
    },
    /// Its settings, token, price or plan are different.
    Updated {
        /// As it was.
        old: Arc<Entry<T>>,
        /// As it is now.
        new: Arc<Entry<T>>,
    },
    /// The plugin was uninstalled there.
    Removed {
        /// As it was last.
        old: Arc<Entry<T>>,
    },
}

impl<T> Clone for Change<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Added { new } => Self::Added { new: new.clone() },
            Self::Updated { old, new } => Self::Updated { old: old.clone(), new: new.clone() },
            Self::Removed { old } => Self::Removed { old: old.clone() },
        }
    }
}

impl<T> Change<T> {
    /// The website that changed.
    pub fn website(&self) -> WebsiteId {
        match self {
            Self::Added { new } | Self::Updated { new, .. } => new.id(),
            Self::Removed { old } => old.id(),
        }
    }

    /// The website as it is now; `None` when it was removed.
    pub fn now(&self) -> Option<&Arc<Entry<T>>> {
        match self {
            Self::Added { new } | Self::Updated { new, .. } => Some(new),
            Self::Removed { .. } => None,
        }
    }

    fn between(old: Option<Arc<Entry<T>>>, new: Option<Arc<Entry<T>>>) -> Option<Self> {
        match (old, new) {
            (None, Some(new)) => Some(Self::Added { new }),
            (Some(old), Some(new)) => Some(Self::Updated { old, new }),
            (Some(old), None) => Some(Self::Removed { old }),
            (None, None) => None,
        }
    }

    /// What leads from one view to another, in the order of the ids. Looks at every website.
    pub(super) fn all_between(old: &View<T>, new: &View<T>) -> Vec<Self> {
        let changed = new.entries.iter().filter_map(|(id, entry)| {
            let known = old.get(id).cloned();
            let same = known.as_ref().is_some_and(|known| Arc::ptr_eq(known, entry));
            let change = (!same).then(|| Self::between(known, Some(entry.clone())))?;
            Some((*id, change?))
        });
        let gone = old.entries.iter().filter(|(id, _)| new.get(id).is_none());
        let gone = gone.map(|(id, entry)| (*id, Self::Removed { old: entry.clone() }));
        // The identifiers are sorted beside the changes, so that nothing is looked up for it.
        let mut changes: Vec<_> = changed.chain(gone).collect();
        changes.sort_unstable_by_key(|(id, _)| *id);
        changes.into_iter().map(|(_, change)| change).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    fn website(number: u128, settings: &str) -> Arc<Website> {
        Arc::new(Website {
            id: WebsiteId::from_number(number),
            token: None,
            settings: Settings::from_json(settings).unwrap(),
            price: None,
            plan: None,
        })
    }

    #[derive(Debug)]
    struct Panics;

    impl<'de> serde::Deserialize<'de> for Panics {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("a plugin's own code")
        }
    }

    #[test]
    fn settings_of_another_shape_do_not_lose_the_website() {
        let entry = Entry::<u32>::new(website(1, r#"{"a":1}"#));
        assert!(entry.settings().is_err());
        assert_eq!(entry.website().settings.as_json(), r#"{"a":1}"#);
    }

    #[test]
    fn a_plugin_type_that_panics_makes_a_misfit() {
        let entry = Entry::<Panics>::new(website(1, "{}"));
        let misfit = entry.settings().unwrap_err().to_string();
        assert!(misfit.ends_with("reading them panicked"), "{misfit}");
    }

    #[test]
    fn changes_lead_from_one_view_to_the_next_one_by_one_or_at_once() {
        let start = View::<u32>::default();
        let added = crate::Change::Added { new: website(1, "1") };
        let (one, _) = start.after(&[added], 1);
        let changes = [
            crate::Change::Updated { old: website(1, "1"), new: website(1, "2") },
            crate::Change::Added { new: website(2, "3") },
        ];
        let (two, told) = one.after(&changes, 2);
        assert_eq!(told.len(), 2);
        assert_eq!(two.get(&WebsiteId::from_number(1)).unwrap().value(), Some(&2));
        let at_once = Change::all_between(&start, &two);
        assert!(at_once.iter().all(|change| matches!(change, Change::Added { .. })));
        assert_eq!(at_once.len(), 2);
        assert_eq!(Change::all_between(&two, &start).len(), 2);
        assert!(Change::all_between(&two, &two.clone()).is_empty());
    }
}
