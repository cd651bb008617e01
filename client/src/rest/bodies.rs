//! The bodies of the routes that the cache does not need. Every member that the API may leave
//! out is optional (docs/wire.md).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{PluginId, Settings, WebsiteId};

/// Where the real-time API is (docs/wire.md#endpoints).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Endpoints {
    /// The relay.
    pub socket: Socket,
    /// A second address, when the API gives one.
    #[serde(default)]
    pub rescue: Option<Rescue>,
}

/// The address of a relay.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Socket {
    /// A `wss://` address whose path belongs to it.
    pub app: String,
}

/// A second address.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Rescue {
    /// The relay.
    #[serde(default)]
    pub socket: Option<Socket>,
}

/// A subscription of a website to a plugin (docs/wire.md#subscription).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "named as in the specification, which says no more about them")]
pub struct Subscription {
    pub id: Option<String>,
    pub urn: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub category: Option<String>,
    pub name: Option<String>,
    pub summary: Option<String>,
    pub price: Option<u32>,
    pub plans: Vec<SubscriptionPlan>,
    pub icon: Option<String>,
    pub website_url: Option<String>,
    pub contact_url: Option<String>,
    pub terms_url: Option<String>,
    pub privacy_url: Option<String>,
    pub help_url: Option<String>,
    pub video_url: Option<String>,
    pub configurable: Option<bool>,
    pub since: Option<String>,
    pub active: Option<bool>,
    pub bill_period: Option<String>,
    pub bill_valid_until: Option<String>,
    pub website_id: Option<WebsiteId>,
    pub card_id: Option<String>,
}

/// A plan that a plugin offers (docs/wire.md#subscription).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "named as in the specification, which says no more about them")]
pub struct SubscriptionPlan {
    pub id: Option<String>,
    pub name: Option<String>,
    pub price: Option<u32>,
}

/// The settings of one website with all that belongs to them (docs/wire.md#settings).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SubscriptionSettings {
    /// The plugin.
    #[serde(default)]
    pub plugin_id: Option<PluginId>,
    /// The website.
    #[serde(default)]
    pub website_id: Option<WebsiteId>,
    /// The secret that its settings page sends along.
    #[serde(default)]
    pub token: Option<String>,
    /// The plugin's JSON Schema.
    #[serde(default)]
    pub schema: Option<Value>,
    /// The settings, `{}` when unconfigured.
    #[serde(default = "Settings::unconfigured")]
    pub settings: Settings,
    /// The page that configures the plugin.
    #[serde(default)]
    pub settings_form_url: Option<String>,
    /// The plugin's call-back address.
    #[serde(default)]
    pub callback_url: Option<String>,
}

/// A usage to be billed (docs/wire.md#usage).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageBill {
    /// What was used, as the customer reads it.
    pub name: String,
    /// How much of it.
    pub units: u32,
    /// The price of one unit.
    pub price: f64,
}

/// An attestation of where a call comes from (docs/wire.md#provenance).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Provenance {
    /// What is attested.
    pub payload: ProvenancePayload,
    /// The signature.
    pub signed: String,
    /// Until when it holds, as epoch; the unit is not documented.
    pub expire_at: u64,
}

/// What is attested: who, where, for which plugin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProvenancePayload {
    /// Where.
    pub website: ProvenanceWebsite,
    /// Who.
    pub user: ProvenanceUser,
    /// For which plugin.
    pub plugin: ProvenancePlugin,
}

/// Where an attested call comes from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProvenanceWebsite {
    /// The website.
    pub website_id: WebsiteId,
}

/// Who makes an attested call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProvenanceUser {
    /// The operator.
    pub user_id: String,
    /// The operator's role on the website.
    pub role: String,
}

/// Which plugin an attested call is for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ProvenancePlugin {
    /// The plugin.
    pub plugin_id: PluginId,
}

/// A message to the plugin's channel (docs/wire.md#events-and-channels).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelMessage {
    /// What kind of message.
    pub namespace: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// Its content, an object.
    pub payload: Value,
}

/// A plugin event (docs/wire.md#events-and-channels).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PluginEvent {
    /// Its name, such as `order:paid`.
    pub name: String,
    /// Its content, an object.
    pub data: Value,
}
