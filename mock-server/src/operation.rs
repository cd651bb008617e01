//! The short names of routes, by which faults, scenarios and the journal speak of requests.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::nearest::nearest;

/// Declares [`Operation`]: a row each, with the methods of its routes and whether their paths name
/// a website. A test compares the rows with the routes of the API.
macro_rules! operations {
    ($($(#[$doc:meta])+ $operation:ident [$($method:ident)*] $website:literal,)+) => {
        /// What a request asks for, whatever its path looks like.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            schemars::JsonSchema, strum::Display, strum::EnumString, strum::IntoStaticStr,
        )]
        #[serde(rename_all = "snake_case")]
        #[strum(
            serialize_all = "snake_case",
            parse_err_fn = UnknownOperation::new,
            parse_err_ty = UnknownOperation
        )]
        pub enum Operation { $($(#[$doc])+ $operation,)+ }

        impl Operation {
            /// All of them, in the order of the API's route table.
            pub const ALL: [Self; [$(stringify!($operation)),+].len()] = [$(Self::$operation),+];

            /// The methods that its routes take; empty where any will do.
            #[must_use]
            pub const fn methods(self) -> &'static [Method] {
                match self { $(Self::$operation => const { &[$(Method::$method),*] },)+ }
            }

            /// Whether the path of one of its routes names a website.
            #[must_use]
            pub const fn names_a_website(self) -> bool {
                match self { $(Self::$operation => $website,)+ }
            }
        }
    };
}

operations! {
    /// `GET plugin/connect/account`
    Account [GET HEAD] false,
    /// `HEAD plugin/connect/session`
    Session [HEAD] false,
    /// `GET plugin/connect/websites/all/{page}`
    List [GET HEAD] false,
    /// `GET plugin/connect/websites/since`
    Since [GET HEAD] false,
    /// `GET plugin/connect/endpoints`
    Endpoints [GET HEAD] false,
    /// `GET plugins/subscription[/{website}[/{plugin}]]`, and its `POST` and `DELETE`
    Subscription [GET HEAD POST DELETE] true,
    /// `GET plugins/subscription/{website}/{plugin}/settings`
    GetSettings [GET HEAD] true,
    /// `PUT plugins/subscription/{website}/{plugin}/settings`
    SaveSettings [PUT] true,
    /// `PATCH plugins/subscription/{website}/{plugin}/settings`
    UpdateSettings [PATCH] true,
    /// `GET` and `POST plugins/subscription/{website}/{plugin}/bill/usage`
    Usage [GET HEAD POST] true,
    /// `GET plugins/subscription/{website}/{plugin}/attest/provenance`
    Provenance [GET HEAD] true,
    /// `POST plugins/subscription/{website}/{plugin}/channel`
    Channel [POST] true,
    /// `POST plugins/subscription/{website}/{plugin}/event`
    Event [POST] true,
    /// A handshake of the RTM API, `GET /p/68/?transport=websocket`
    Rtm [] false,
    /// An event on its way to a socket of the RTM API
    RtmEvent [] true,
    /// A route outside the plugin area that `--stub` answers
    Stub [] true,
    /// No request: a delivery of a web hook, of which faults say what goes wrong with it
    Hook [] true,
    /// No route of the API, or a method that its route does not have
    Unmatched [] true,
}

impl Operation {
    /// The name as it is written in fault plans, scenarios and the journal.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether its requests ask for a page by number.
    #[must_use]
    pub const fn has_pages(self) -> bool {
        matches!(self, Self::List)
    }
}

/// A text that names no operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not an operation", .0.chars().take(80).collect::<String>())]
pub struct UnknownOperation(pub String);

impl UnknownOperation {
    fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The operation that was probably meant, or all there are.
    #[must_use]
    pub fn hint(&self) -> String {
        let names = || Operation::ALL.into_iter().map(Operation::name);
        nearest(&self.0, names()).map_or_else(
            || format!("one of {}", names().collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `{near}`?"),
        )
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
        let unknown = "since_".parse::<Operation>().unwrap_err();
        assert_eq!(unknown.to_string(), "`since_` is not an operation");
        assert_eq!(unknown.hint(), "did you mean `since`?");
    }
}
