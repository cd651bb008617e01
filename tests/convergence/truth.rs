//! What the emulator really held, and when.

use std::collections::BTreeMap;
use std::time::Duration;

use crisp_mock_server::space::Space;
use crisp_sync::{Website, WebsiteId};
use serde_json::Value;

/// A website as one side holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    pub token: String,
    pub settings: Value,
    pub price: Option<u32>,
}

impl Held {
    pub fn by_client(website: &Website) -> Self {
        Self {
            token: website.token.as_deref().unwrap_or_default().to_owned(),
            settings: website.settings.parse().unwrap(),
            price: website.price,
        }
    }
}

/// The states of every website since the start; `None`: it did not have the plugin.
#[derive(Debug, Default)]
pub struct Truth {
    pub of: BTreeMap<WebsiteId, Vec<(Duration, Option<Held>)>>,
    generation: Option<u64>,
}

impl Truth {
    /// Notes what changed; to be called after everything that may have changed the world.
    pub fn look(&mut self, space: &Space, now: Duration) {
        let installed = space.world.directory().installed();
        let held = |website: &crisp_mock_server::engine::Website| Held {
            token: website.token.to_string(),
            settings: serde_json::from_str(website.settings_or_empty()).unwrap(),
            price: Some(website.price.into()),
        };
        let present: BTreeMap<WebsiteId, Held> = installed
            .iter()
            .map(|website| (website.id.to_string().parse().unwrap(), held(website)))
            .collect();
        let ids: Vec<_> = self.of.keys().chain(present.keys()).copied().collect();
        let first = self.generation.is_none();
        self.generation = Some(0);
        for id in ids {
            let states = self.of.entry(id).or_insert_with(|| {
                // A website that comes later was absent at the start.
                if first { Vec::new() } else { vec![(Duration::ZERO, None)] }
            });
            let state = present.get(&id).cloned();
            if states.last().is_none_or(|(_, last)| *last != state) {
                states.push((now, state));
            }
        }
    }

    /// What is there now.
    pub fn now(&self) -> impl Iterator<Item = (WebsiteId, &Held)> {
        self.of.iter().filter_map(|(id, states)| {
            let (_, state) = states.last()?;
            Some((*id, state.as_ref()?))
        })
    }

    /// Whether the website has had the plugin all the time.
    pub fn was_always_there(&self, id: WebsiteId) -> bool {
        self.of[&id].iter().all(|(_, state)| state.is_some())
    }
}
