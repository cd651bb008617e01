//! The websites that a world begins with: many, and all before its time.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::clock::Moment;
use crate::engine::website::{Plan, Record, Website};
use crate::engine::{World, is_configured, text, token};
use crate::id::WebsiteId;

/// A website that had the plugin before the world began.
///
/// Made apart from the world, so that many can be made side by side.
#[derive(Debug, Clone)]
pub struct Founder {
    id: WebsiteId,
    token: Uuid,
    settings: Option<Arc<str>>,
    plan: Arc<Plan>,
    price: u16,
}

impl Founder {
    /// A founder of the world with this seed; its settings have to fit the schema, which is not
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
            settings: settings.and_then(Value::as_object).map(text),
            plan,
            price,
        }
    }
}

impl World {
    /// Has websites that installed the plugin before the world began: no event, no past. One that
    /// is known already stays as it is.
    pub fn found(&mut self, then: Moment, founders: impl ExactSizeIterator<Item = Founder>) {
        self.directory.reserve(founders.len());
        for founder in founders {
            if self.directory.record(founder.id).is_some() {
                continue;
            }
            let settings = founder.settings;
            let configured = is_configured(settings.as_deref(), &self.schema, &self.quirks);
            let version = self.version(then);
            let website = Website {
                id: founder.id,
                token: founder.token,
                settings,
                plan: founder.plan,
                price: founder.price,
                earlier_installations: 0,
                installed: version,
                changed: version,
                left: None,
                configured_since: configured.then_some(version.stamp),
                unconfigured_since: None,
            };
            self.directory.put(founder.id, Some(Record::Live(Arc::new(website))));
        }
        self.generation += 1;
    }
}
