//! What is told of a socket.

use schemars::JsonSchema;
use serde::Serialize;

use crate::clock::Stamp;
use crate::document::As;
use crate::form::Date;
use crate::id::WebsiteId;

/// One socket that is open, as `GET /_mock/rtm` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SocketInfo {
    /// Its name: `DELETE /_mock/rtm/{sid}` ends it.
    pub sid: String,
    /// The number of its handshake in the journal.
    pub request: u64,
    /// The version of Engine.IO that its client speaks.
    #[schemars(extend("enum" = [3, 4]))]
    pub engine_io: u8,
    /// What the world's wall clock showed when it opened.
    #[serde(serialize_with = "As::<Date>::serialize")]
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub opened: Stamp,
    /// `opening`, `silent` until it is authenticated, then `live`.
    #[schemars(extend("enum" = ["opening", "silent", "live"]))]
    pub state: &'static str,
    /// As whom it is authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<&'static str>,
    /// The names of the events that it wants.
    pub events: Vec<String>,
    /// The only websites that it wants to hear of; all when it is empty.
    #[schemars(with = "Vec<String>")]
    pub rooms: Vec<WebsiteId>,
    /// The number of the last event that was looked at for it.
    pub cursor: u64,
    /// How many events are held back from it.
    pub waiting: usize,
    /// How many events were sent.
    pub sent: u64,
}
