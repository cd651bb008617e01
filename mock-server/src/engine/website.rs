//! One website's subscription to the plugin, and what is left of it when it goes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Stamp;
use crate::id::WebsiteId;

/// When something changed: by stamp, and among equal stamps by the order it happened in.
///
/// Stamps come from a wall clock that tests may set back, so the sequence number is what tells two
/// versions of one world apart; the stamp is what the wire speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// What the wall showed.
    pub stamp: Stamp,
    /// The index of the change among all changes of the world, from 1.
    pub seq: u64,
}

/// A payment plan of a website, as `include_plan=1` shows it (docs/wire.md#pages).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// Its name, such as `Mini`.
    pub name: String,
    /// Whether the website is still trying it.
    #[serde(default)]
    pub trialing: bool,
}

impl Plan {
    const FREE: &str = "Free";

    /// The plan of a website that pays nothing.
    #[must_use]
    pub fn free() -> Self {
        Self { id: "free".into(), name: "Free".into(), trialing: false }
    }

    /// Whether nothing is paid for it.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.name == Self::FREE
    }
}

/// A website that has the plugin installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Website {
    /// Its id.
    pub id: WebsiteId,
    /// The secret of this subscription, which the settings page receives
    /// (docs/wire.md#settings-page).
    pub token: Uuid,
    /// The settings as JSON text of an object; none when nothing was ever saved.
    pub settings: Option<Arc<str>>,
    /// What it pays Crisp.
    pub plan: Arc<Plan>,
    /// What it pays for the plugin, 0 to 65,535 (docs/wire.md#pages).
    pub price: u16,
    /// How often it had installed the plugin before this time.
    pub earlier_installations: u32,
    /// When it installed the plugin.
    pub installed: Version,
    /// When anything that the differential reports changed last.
    pub changed: Version,
    /// What was left of it when it last left, if it came back.
    pub left: Option<Arc<Tombstone>>,
    /// When it last became configured.
    pub configured_since: Option<Stamp>,
    /// When it last stopped being configured.
    pub unconfigured_since: Option<Stamp>,
}

impl Website {
    /// The settings as JSON text, `{}` when there are none.
    #[must_use]
    pub fn settings_or_empty(&self) -> &str {
        self.settings.as_deref().unwrap_or("{}")
    }
}

/// What is remembered of a website that uninstalled the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// When it left.
    pub removed: Version,
    /// What it was.
    pub last: Arc<Website>,
}

/// What the directory knows of a website.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// It has the plugin.
    Live(Arc<Website>),
    /// It had the plugin.
    Gone(Arc<Tombstone>),
}

impl Record {
    /// The version of its last reported change.
    #[must_use]
    pub fn version(&self) -> Version {
        match self {
            Self::Live(website) => website.changed,
            Self::Gone(tombstone) => tombstone.removed,
        }
    }

    /// The website as it is, or as it was when it left.
    #[must_use]
    pub fn website(&self) -> &Arc<Website> {
        match self {
            Self::Live(website) => website,
            Self::Gone(tombstone) => &tombstone.last,
        }
    }
}
