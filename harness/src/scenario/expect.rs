//! What a scenario expects of the client, beside what the oracles demand of every client.

use std::time::Duration;

use crisp_mock_server::document::{As, Maybe, OneOrMany, Pairs};
use crisp_mock_server::form::{Span, WebsiteName};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::forms::{ByWebsite, Off};
use crate::words::{Rule, SaveEnd, Standing, is_default};

/// What the client must have made of it, beside what the oracles demand of every client.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "`expect`"))]
pub struct Expect {
    /// The cache equals the server within this time after the last change and the last fault.
    #[serde(with = "Maybe::<Span>", default, skip_serializing_if = "Option::is_none")]
    pub converged_within: Option<Duration>,
    /// The client says that it is ready within this time.
    #[serde(with = "Maybe::<Span>", default, skip_serializing_if = "Option::is_none")]
    pub ready_within: Option<Duration>,
    /// What the cache holds at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub websites: Option<Holds>,
    /// What the cache holds at some times before the end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub checkpoints: Vec<Checkpoint>,
    /// How many requests of these operations were made.
    #[serde(with = "Pairs::<Operation, u64>", default, skip_serializing_if = "is_default")]
    pub requests: Vec<(Operation, u64)>,
    /// At most so many requests in any hour; a shorter run counts in proportion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_hour: Option<u64>,
    /// What the cache must not show at any time.
    #[serde(with = "ByWebsite", default, skip_serializing_if = "is_default")]
    pub never_seen: Vec<(WebsiteId, Value)>,
    /// What the client says of itself at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Standing>,
    /// How the client's saves ended, in the order in which they were ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saves: Option<Vec<SaveEnd>>,
    /// Oracles that are not to judge, each with the reason.
    #[serde(
        rename = "oracles",
        with = "Pairs::<Rule, Off>",
        default,
        skip_serializing_if = "is_default"
    )]
    pub off: Vec<(Rule, String)>,
}

/// What a cache holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-name" = "websites, or websites with their settings,"))]
pub enum Holds {
    /// These websites with these settings.
    Settings(#[serde(with = "ByWebsite")] Vec<(WebsiteId, Value)>),
    /// These websites, whatever their settings.
    Websites(#[serde(with = "OneOrMany::<WebsiteName>")] Vec<WebsiteId>),
}

/// What a cache holds at one time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("additionalProperties" = false, "x-name" = "a checkpoint"))]
pub struct Checkpoint {
    /// When, from the start on.
    #[serde(with = "As::<Span>")]
    pub at: Duration,
    /// What it holds then.
    pub websites: Holds,
}
