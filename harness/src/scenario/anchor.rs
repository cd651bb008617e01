//! When something happens: at a time, or around a request of the client.

use std::fmt;
use std::time::Duration;

use crisp_mock_server::document::As;
use crisp_mock_server::duration;
use crisp_mock_server::form::Span;
use crisp_mock_server::operation::Operation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::Spot;

/// When something happens.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Anchor {
    /// At this time since the start.
    At(#[serde(with = "As::<Span>")] Duration),
    /// When the answer to this request has just arrived, and the client has not yet looked at it.
    After(Spot),
    /// While the answer to this request is under way: it is computed and held.
    During(Spot),
}

impl Anchor {
    /// The key under which it is written.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.into()
    }
}

impl Anchor {
    /// Whether it waits for a handshake of the RTM API, or for an event on its way to a socket.
    #[must_use]
    pub fn is_on_a_socket(self) -> bool {
        match self {
            Self::After(spot) | Self::During(spot) => {
                matches!(spot.operation, Operation::Rtm | Operation::RtmEvent)
            }
            Self::At(_) => false,
        }
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(time) => out.write_str(&duration::format(*time)),
            Self::After(spot) | Self::During(spot) => spot.fmt(out),
        }
    }
}
