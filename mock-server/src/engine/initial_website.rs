//! The websites that a world starts with, installed before its first moment.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use crate::clock::Moment;
use crate::engine::settings::{is_configured, text};
use crate::engine::website::{Plan, Record, Website};
use crate::engine::{World, token};
use crate::id::WebsiteId;
use crate::quirks::Numbers;

/// How long before the start of a world its initial websites installed the plugin: 30 days.
pub const INSTALLED_BEFORE: Duration = Duration::from_secs(30 * 86_400);

/// A website that had the plugin before the world began.
///
/// A value of its own, so that many can be made in parallel.
#[derive(Debug, Clone)]
pub struct InitialWebsite {
    id: WebsiteId,
    token: Uuid,
    settings: Option<Arc<str>>,
    plan: Arc<Plan>,
    price: u16,
}

impl InitialWebsite {
    /// A website of the world with this seed; its settings have to fit the schema, which is not
    /// checked again.
    #[must_use]
    pub fn new(
        seed: u64,
        id: WebsiteId,
        settings: Option<&Value>,
        plan: Arc<Plan>,
        price: u16,
    ) -> Self {
        Self {
            id,
            token: token(seed, id, 0),
            settings: settings
                .and_then(Value::as_object)
                .map(|settings| text(settings, Numbers::JavaScript)),
            plan,
            price,
        }
    }
}

impl World {
    /// Adds websites that installed the plugin before the world began, without an event or a
    /// history. One whose id is known already stays as it is.
    pub fn add_initial(
        &mut self,
        then: Moment,
        websites: impl ExactSizeIterator<Item = InitialWebsite>,
    ) {
        self.directory.reserve(websites.len());
        for initial in websites {
            if self.directory.record(initial.id).is_some() {
                continue;
            }
            let settings = initial.settings;
            let configured = is_configured(settings.as_deref(), &self.schema, &self.quirks);
            let version = self.version(then);
            let website = Website {
                id: initial.id,
                token: initial.token,
                settings,
                plan: initial.plan,
                price: initial.price,
                earlier_installations: 0,
                installed: version,
                changed: version,
                left: None,
                configured_since: configured.then_some(version.stamp),
                unconfigured_since: None,
            };
            self.directory.put(initial.id, Some(Record::Live(Arc::new(website))));
        }
        self.generation += 1;
    }
}
