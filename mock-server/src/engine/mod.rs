//! The pure world: websites, their settings, what changed, what it costs.
//!
//! A [`World`] is a value. Nothing in here knows a socket, a clock or a source of chance: the caller
//! passes the time, and ids and tokens follow from the seed. The same calls make the same world.

mod difference;
mod directory;
mod history;
mod initial_website;
mod listing;
pub mod merge;
pub(crate) mod numbers;
mod outbox;
mod payload;
mod quota;
mod reads;
mod restore;
mod settings;
mod usage;
mod website;

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

pub use difference::{Difference, Item};
pub use directory::Directory;
pub use history::{Change, History, Kind, MOST_CHANGES, REACH, Writer};
pub use initial_website::{INSTALLED_BEFORE, InitialWebsite};
pub use listing::{Filter, Listed, Page};
pub use outbox::{Outbox, PluginEvent};
pub use payload::EventName;
pub use quota::{Edge, Quota};
pub use usage::{Bill, Usage};
pub use website::{Plan, Record, Tombstone, Version, Website};

use crate::bounds;
use crate::clock::Moment;
use crate::exact;
use crate::id::{WebsiteId, derive_uuid};
use crate::quirks::{
    OwnWriteEcho, PlanChange, Quirks, ReinstallSettings, ReinstallToken, UnchangedSave,
};
use crate::schema::{Misfit, SettingsSchema};
use settings::{is_configured, kind_of};

/// Ways in which settings do not fit that are told at once.
const MOST_VIOLATIONS: usize = 20;

/// Why the world did not change.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The website does not have the plugin.
    #[error("website {0:?} does not have the plugin: install it first")]
    NotSubscribed(WebsiteId),
    /// The website has the plugin already.
    #[error("website {0:?} has the plugin already: uninstall it first, or name another")]
    AlreadySubscribed(WebsiteId),
    /// Settings have to be a JSON object.
    #[error("settings have to be a JSON object, and this is {0}")]
    NotAnObject(&'static str),
    /// More would be kept than a server keeps (module [`bounds`]).
    #[error("{0}")]
    TooMuch(String),
    /// The settings do not satisfy the schema.
    #[error("{0}")]
    Invalid(Misfit),
}

/// What is installed, and how.
#[derive(Debug, Clone, Default)]
pub struct Installation {
    /// The settings to start with; none: unconfigured.
    pub settings: Option<Value>,
    /// The plan; none: that of a website that pays nothing.
    pub plan: Option<Plan>,
    /// What it pays for the plugin.
    pub price: u16,
}

/// One isolated world of websites around one plugin.
#[derive(Debug, Clone)]
pub struct World {
    /// The undocumented details; [`World::set_quirks`] replaces them.
    pub quirks: Quirks,
    /// The daily quota.
    pub quota: Quota,
    /// The limit at the edge.
    pub edge: Edge,
    /// Bills of usage.
    pub usage: Usage,
    /// The events that a plugin would have received.
    pub outbox: Outbox,
    seed: u64,
    plugin: Uuid,
    schema: SettingsSchema,
    directory: Directory,
    history: History,
    listings: listing::Listings,
    seq: u64,
    /// Raised whenever what a list shows may have changed.
    generation: u64,
    next_number: u32,
}

impl World {
    /// A world without websites.
    #[must_use]
    pub fn new(
        seed: u64,
        plugin: Uuid,
        schema: SettingsSchema,
        quirks: Quirks,
        quota: Option<u64>,
    ) -> Self {
        Self {
            quirks,
            quota: Quota::new(quota),
            edge: Edge::default(),
            usage: Usage::default(),
            outbox: Outbox::default(),
            seed,
            plugin,
            schema,
            directory: Directory::default(),
            history: History::default(),
            listings: listing::Listings::default(),
            seq: 0,
            generation: 0,
            next_number: 1,
        }
    }

    /// All websites.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The website, if it has the plugin.
    #[must_use]
    pub fn website(&self, id: WebsiteId) -> Option<&Arc<Website>> {
        self.directory.get(id)
    }

    /// The plugin's settings schema.
    #[must_use]
    pub fn schema(&self) -> &SettingsSchema {
        &self.schema
    }

    /// Replaces the settings schema; stored settings stay as they are.
    pub fn set_schema(&mut self, schema: SettingsSchema) {
        self.schema = schema;
        self.generation += 1;
    }

    /// Replaces the quirks.
    pub fn set_quirks(&mut self, quirks: Quirks) {
        self.quirks = quirks;
        self.generation += 1;
    }

    /// Whether Crisp would call the website configured.
    #[must_use]
    pub fn is_configured(&self, website: &Website) -> bool {
        is_configured(website.settings.as_deref(), &self.schema, &self.quirks)
    }

    /// The first website in the row w1, w2, … that has no record.
    #[must_use]
    pub fn next_website(&mut self) -> WebsiteId {
        while self.directory.record(WebsiteId::numbered(self.next_number)).is_some() {
            self.next_number += 1;
        }
        WebsiteId::numbered(self.next_number)
    }

    /// Installs the plugin on a website.
    ///
    /// # Errors
    ///
    /// [`Refusal::AlreadySubscribed`], or the settings' refusal.
    pub fn install(
        &mut self,
        now: Moment,
        id: WebsiteId,
        how: Installation,
    ) -> Result<Arc<Website>, Refusal> {
        let website = Arc::new(self.admit(now, id, how)?);
        let after = Record::Live(Arc::clone(&website));
        self.change(now, Kind::Installed, true, after, Writer::Operator);
        let target = &self.quirks.subscription_target.0;
        self.outbox.bound(now.wall, id, self.plugin, true, target);
        Ok(website)
    }

    fn admit(&mut self, now: Moment, id: WebsiteId, how: Installation) -> Result<Website, Refusal> {
        let last = match self.directory.record(id) {
            Some(Record::Live(_)) => return Err(Refusal::AlreadySubscribed(id)),
            Some(Record::Gone(tombstone)) => Some(Arc::clone(tombstone)),
            None => None,
        };
        let kept = match (&last, self.quirks.reinstall_settings) {
            (Some(last), ReinstallSettings::Kept) => last.last.settings.clone(),
            _ => None,
        };
        if last.is_none() && self.directory.known() >= bounds::WEBSITES {
            return Err(Refusal::TooMuch(format!(
                "this world knows {} websites, those that left included, and takes no more: reset it",
                self.directory.known()
            )));
        }
        let settings = match how.settings {
            Some(settings) => Some(self.stored(&self.valid(settings)?, 0)?),
            None => kept,
        };
        let earlier = last.as_ref().map_or(0, |last| last.last.earlier_installations + 1);
        let token = match (&last, self.quirks.reinstall_token) {
            (Some(last), ReinstallToken::Same) => last.last.token,
            _ => self.token(id, earlier),
        };
        let version = self.version(now);
        let configured = is_configured(settings.as_deref(), &self.schema, &self.quirks);
        Ok(Website {
            id,
            token,
            settings,
            plan: Arc::new(how.plan.unwrap_or_else(Plan::free)),
            price: how.price,
            earlier_installations: earlier,
            installed: version,
            changed: version,
            left: last.map(|last| without_its_own_past(&last)),
            configured_since: configured.then_some(version.stamp),
            unconfigured_since: None,
        })
    }

    /// Uninstalls the plugin from a website.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotSubscribed`].
    pub fn uninstall(&mut self, now: Moment, id: WebsiteId) -> Result<(), Refusal> {
        let last = Arc::clone(self.subscribed(id)?);
        let removed = self.version(now);
        let after = Record::Gone(Arc::new(Tombstone { removed, last }));
        self.change(now, Kind::Removed, true, after, Writer::Operator);
        self.usage.forget(id);
        let target = &self.quirks.subscription_target.0;
        self.outbox.bound(now.wall, id, self.plugin, false, target);
        Ok(())
    }

    /// Replaces a website's settings.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotSubscribed`], [`Refusal::NotAnObject`] or [`Refusal::Invalid`]; nothing has
    /// changed then.
    pub fn save(
        &mut self,
        now: Moment,
        id: WebsiteId,
        settings: Value,
        by: Writer,
    ) -> Result<(), Refusal> {
        self.subscribed(id)?;
        let settings = self.valid(settings)?;
        self.write(now, id, settings, by)
    }

    /// Merges members into a website's settings; the whole is validated.
    ///
    /// # Errors
    ///
    /// As [`World::save`].
    pub fn update(
        &mut self,
        now: Moment,
        id: WebsiteId,
        patch: Value,
        by: Writer,
    ) -> Result<(), Refusal> {
        let website = self.subscribed(id)?;
        let Value::Object(patch) = patch else {
            return Err(Refusal::NotAnObject(kind_of(&patch)));
        };
        let stored = numbers::parsed(website.settings_or_empty(), self.quirks.numbers);
        let merged = merge::merge(stored, patch, self.quirks.merge_depth);
        let merged = self.valid(Value::Object(merged))?;
        self.write(now, id, merged, by)
    }

    /// Changes a website's plan, or the price it pays for the plugin.
    ///
    /// # Errors
    ///
    /// [`Refusal::NotSubscribed`].
    pub fn set_plan(
        &mut self,
        now: Moment,
        id: WebsiteId,
        plan: Option<Plan>,
        price: Option<u16>,
    ) -> Result<(), Refusal> {
        let mut website = Website::clone(self.subscribed(id)?);
        if let Some(plan) = plan {
            self.outbox.planned(now.wall, id, &plan);
            website.plan = Arc::new(plan);
        }
        website.price = price.unwrap_or(website.price);
        let reported = self.quirks.plan_change == PlanChange::Updated;
        let version = self.version(now);
        if reported {
            website.changed = version;
        }
        let after = Record::Live(Arc::new(website));
        self.change(now, Kind::Updated, reported, after, Writer::Operator);
        Ok(())
    }

    fn subscribed(&self, id: WebsiteId) -> Result<&Arc<Website>, Refusal> {
        self.directory.get(id).ok_or(Refusal::NotSubscribed(id))
    }

    fn valid(&self, settings: Value) -> Result<Map<String, Value>, Refusal> {
        if settings.is_object() {
            self.schema
                .hold(&exact::plain(&settings), MOST_VIOLATIONS)
                .map_err(Refusal::Invalid)?;
        }
        match settings {
            Value::Object(settings) => Ok(numbers::kept(settings, self.quirks.numbers)),
            other => Err(Refusal::NotAnObject(kind_of(&other))),
        }
    }

    fn write(
        &mut self,
        now: Moment,
        id: WebsiteId,
        settings: Map<String, Value>,
        by: Writer,
    ) -> Result<(), Refusal> {
        let before = self.subscribed(id)?;
        let stored = before.settings.as_deref();
        let unchanged =
            stored.is_some_and(|stored| numbers::parsed(stored, self.quirks.numbers) == settings);
        if unchanged && self.quirks.unchanged_save == UnchangedSave::Silent {
            return Ok(());
        }
        let mut website = Website::clone(before);
        let was_configured = self.is_configured(&website);
        let before = website.settings.as_ref().map_or(0, |settings| settings.len());
        website.settings = Some(self.stored(&settings, before)?);
        let is_configured = self.is_configured(&website);
        let version = self.version(now);
        website.changed = version;
        match (was_configured, is_configured) {
            (false, true) => website.configured_since = Some(version.stamp),
            (true, false) => website.unconfigured_since = Some(version.stamp),
            _ => {}
        }
        self.change(now, Kind::Updated, true, Record::Live(Arc::new(website)), by);
        if by != Writer::Plugin || self.quirks.own_write_echo == OwnWriteEcho::Echoed {
            self.outbox.saved(now.wall, id, self.plugin, settings);
        }
        Ok(())
    }

    fn change(&mut self, now: Moment, kind: Kind, reported: bool, after: Record, by: Writer) {
        let id = after.website().id;
        let before = self.directory.put(id, Some(after.clone()));
        self.history.push(Change { elapsed: now.elapsed, kind, reported, id, before, after, by });
        self.generation += 1;
    }

    fn version(&mut self, now: Moment) -> Version {
        self.seq += 1;
        Version { stamp: now.wall, seq: self.seq }
    }

    fn token(&self, id: WebsiteId, installation: u32) -> Uuid {
        token(self.seed, id, installation)
    }
}

fn token(seed: u64, id: WebsiteId, installation: u32) -> Uuid {
    derive_uuid(&["token", &seed.to_string(), &id.to_string(), &installation.to_string()])
}

/// A tombstone that holds no earlier one, so that coming back often makes no chain.
fn without_its_own_past(tombstone: &Tombstone) -> Arc<Tombstone> {
    let last = Website { left: None, ..Website::clone(&tombstone.last) };
    Arc::new(Tombstone { removed: tombstone.removed, last: Arc::new(last) })
}
