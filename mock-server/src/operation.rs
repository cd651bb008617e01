//! The short names of routes, by which faults, scenarios and the journal speak of requests.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a request asks for, whatever its path looks like (product surface §4).
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `GET plugin/connect/account`
    Account,
    /// `HEAD plugin/connect/session`
    Session,
    /// `GET plugin/connect/websites/all/{page}`
    List,
    /// `GET plugin/connect/websites/since`
    Since,
    /// `GET plugin/connect/endpoints`
    Endpoints,
    /// `GET plugins/subscription[/{website}[/{plugin}]]`, and its `POST` and `DELETE`
    Subscription,
    /// `GET plugins/subscription/{website}/{plugin}/settings`
    GetSettings,
    /// `PUT plugins/subscription/{website}/{plugin}/settings`
    SaveSettings,
    /// `PATCH plugins/subscription/{website}/{plugin}/settings`
    UpdateSettings,
    /// `GET` and `POST plugins/subscription/{website}/{plugin}/bill/usage`
    Usage,
    /// `GET plugins/subscription/{website}/{plugin}/attest/provenance`
    Provenance,
    /// `POST plugins/subscription/{website}/{plugin}/channel`
    Channel,
    /// `POST plugins/subscription/{website}/{plugin}/event`
    Event,
    /// A route outside the plugin area that `--stub` answers
    Stub,
    /// No route of the API, or a method that its route does not have
    Unmatched,
}

impl Operation {
    /// All of them, in the order of the specification's route table.
    pub const ALL: [Self; 15] = [
        Self::Account,
        Self::Session,
        Self::List,
        Self::Since,
        Self::Endpoints,
        Self::Subscription,
        Self::GetSettings,
        Self::SaveSettings,
        Self::UpdateSettings,
        Self::Usage,
        Self::Provenance,
        Self::Channel,
        Self::Event,
        Self::Stub,
        Self::Unmatched,
    ];

    /// The name as it is written in fault plans, scenarios and the journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Session => "session",
            Self::List => "list",
            Self::Since => "since",
            Self::Endpoints => "endpoints",
            Self::Subscription => "subscription",
            Self::GetSettings => "get_settings",
            Self::SaveSettings => "save_settings",
            Self::UpdateSettings => "update_settings",
            Self::Usage => "usage",
            Self::Provenance => "provenance",
            Self::Channel => "channel",
            Self::Event => "event",
            Self::Stub => "stub",
            Self::Unmatched => "unmatched",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A text that names no operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an operation")]
pub struct UnknownOperation(pub String);

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|operation| operation.name() == text);
        found.ok_or_else(|| UnknownOperation(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_its_name() {
        for operation in Operation::ALL {
            assert_eq!(operation.name().parse(), Ok(operation));
            let json = serde_json::to_value(operation).unwrap();
            assert_eq!(json, operation.name(), "serde and name() must agree");
        }
    }
}
