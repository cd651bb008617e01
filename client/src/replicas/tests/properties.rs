//! What is demanded of every run: nothing goes back, replicas at one place are the same, all converge.

use std::collections::BTreeMap;

use serde_json::Value;

use super::world::{Node, World};
use crate::machine::tests::server::Site;
use crate::{Change, WebsiteId};

impl World {
    /// All replicas at one place of the log have one set.
    pub(super) fn compare_at_place(&mut self, node: usize) {
        let Some(replica) = &self.nodes[node].replica else { return };
        let (Some(place), Some(set)) = (replica.place(), replica.log_set()) else { return };
        let mut lines: Vec<_> = set.iter().map(|website| format!("{website:?}")).collect();
        lines.sort();
        let key = (place.sequence, place.link.author, place.link.count);
        let known = self.sets.entry(key).or_insert_with(|| lines.join("\n"));
        assert_eq!(*known, lines.join("\n"), "two replicas at {place:?} differ");
    }

    /// Where in a website's history these settings are.
    fn age_of(&self, id: WebsiteId, settings: Option<&str>) -> usize {
        let shown: Option<Value> = settings.map(|text| serde_json::from_str(text).unwrap());
        let history = self.server.history(id);
        let at = history
            .iter()
            .rposition(|state| state.as_ref().map(|state| &state.1) == shown.as_ref());
        at.unwrap_or_else(|| panic!("{id} never had {settings:?}"))
    }

    /// What is shown never goes back.
    pub(super) fn look_at(&mut self, node: usize, changes: &[Change]) {
        for change in changes {
            let id = change.website();
            let new = match change {
                Change::Added { new } | Change::Updated { new, .. } => Some(new.settings.as_json()),
                Change::Removed { .. } => None,
            };
            let age = self.age_of(id, new);
            let told = &mut self.nodes[node].told;
            let _before = match change {
                Change::Added { new } | Change::Updated { new, .. } => told.insert(new.clone()),
                Change::Removed { .. } => told.remove(&id),
            };
            let seen = self.nodes[node].seen.insert(id, age).unwrap_or(0);
            assert!(age >= seen, "replica {node} shows {id} at {new:?}, older than before");
        }
    }

    /// The changes that were told of add up to what is shown.
    pub(super) fn compare_with_told(&self, node: usize) {
        let Node { replica: Some(replica), told, .. } = &self.nodes[node] else { return };
        let differing = told.differing(&replica.snapshot().websites);
        assert!(differing.is_empty(), "replica {node} shows {differing:?} as it never told");
    }

    /// What readers of the store see never goes back, and neither do versions.
    pub(super) fn look_at_published(&mut self) {
        for (id, (version, settings)) in self.store.published.clone() {
            let age = self.age_of(id, settings.as_deref());
            let before = self.readers.insert(id, (age, version)).unwrap_or((0, 0));
            assert!(age >= before.0, "readers see {id} at {settings:?}, older than before");
            assert!(version >= before.1, "the version of {id} went back");
        }
    }

    /// Whether every replica follows the log and shows what the API has.
    pub fn has_converged(&self) -> bool {
        let truth = self.server.truth();
        self.nodes.iter().all(|node| {
            node.replica.as_ref().is_some_and(|replica| {
                let shown = &replica.snapshot().websites;
                let is_so = |(id, site): (&WebsiteId, &Site)| {
                    let website = shown.get(id);
                    let settings = website.map(|website| website.settings.as_json().to_owned());
                    settings == Some(site.settings.to_string())
                };
                replica.is_following() && shown.len() == truth.len() && truth.iter().all(is_so)
            })
        })
    }

    /// Everything is as it is at the API: every replica, and what readers see.
    pub fn assert_converged(&self) {
        let truth: BTreeMap<_, _> =
            self.server.truth().into_iter().map(|(id, site)| (id, site.settings)).collect();
        for (number, node) in self.nodes.iter().enumerate() {
            let Some(replica) = &node.replica else { continue };
            let shown: BTreeMap<_, Value> = replica
                .snapshot()
                .websites
                .iter()
                .map(|website| (website.id, website.settings.parse().unwrap()))
                .collect();
            assert_eq!(shown, truth, "replica {number} shows something else than the API has");
            assert!(replica.is_ready(), "replica {number} is not ready");
            assert!(replica.is_following(), "replica {number} does not follow the log again");
        }
        let published = self.store.published.iter().filter_map(|(id, (_, settings))| {
            Some((*id, serde_json::from_str::<Value>(settings.as_ref()?).unwrap()))
        });
        assert_eq!(published.collect::<BTreeMap<_, _>>(), truth, "readers see something else");
        // What a store forgot after it was carried out may be carried out again.
        let (sent, distinct) = (self.server.saves_received(), self.server.saves_distinct());
        assert!(self.forgot || sent == distinct, "a save was sent twice");
    }
}
