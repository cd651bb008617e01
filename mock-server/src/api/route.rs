//! Every route of the plugin area (docs/wire.md), as a table.

use http::Method;

use crate::api::access::Tier::{self, Plugin, User};
use crate::api::envelope::{Answer, Refused};
use crate::api::{Call, connect, settings, subscription};
use crate::nearest::{distance, nearest};
use crate::operation::Operation;

/// One route: what it is called, who may use it, and what answers it.
pub struct Route {
    /// Its short name.
    pub operation: Operation,
    /// Its method; where that is GET, HEAD works too.
    pub method: Method,
    /// Its path below `/v1/`, with names in braces for what varies.
    pub pattern: &'static str,
    /// Its path up to the first name, by which it is told from others.
    fixed: &'static str,
    /// Who may use it (docs/wire.md#tiers).
    pub tiers: &'static [Tier],
    /// What answers it.
    pub answer: fn(&mut Call<'_>) -> Result<Answer, Refused>,
}

impl Route {
    /// Whether it reads and so may be answered from a cache.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// Whether it looks at a body.
    pub(super) fn reads_body(&self) -> bool {
        !self.is_read() && self.method != Method::DELETE
    }

    fn takes(&self, method: &Method) -> bool {
        self.method == *method || (self.method == Method::GET && *method == Method::HEAD)
    }

    /// What stands for the names in its pattern, if the path fits it.
    fn matched(&self, path: &str) -> Option<Vec<(&'static str, String)>> {
        let varying = path.strip_prefix(self.fixed)?;
        let Some(names) = self.pattern.get(self.fixed.len()..).filter(|names| !names.is_empty())
        else {
            return varying.is_empty().then(Vec::new);
        };
        let mut params = Vec::new();
        let mut wanted = names.split('/');
        for given in varying.split('/') {
            let wanted = wanted.next()?;
            match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !given.is_empty() => {
                    params.push((
                        name,
                        percent_encoding::percent_decode_str(given)
                            .decode_utf8_lossy()
                            .into_owned(),
                    ));
                }
                None if wanted == given => {}
                _ => return None,
            }
        }
        wanted.next().is_none().then_some(params)
    }
}

macro_rules! routes {
    ($($operation:ident $method:ident $pattern:literal [$($tier:ident)+] $answer:path;)+) => {
        /// Every route, in the order of the specification.
        pub const ROUTES: &[Route] = &[$(Route {
            operation: Operation::$operation,
            method: Method::$method,
            pattern: $pattern,
            fixed: fixed($pattern),
            tiers: &[$($tier),+],
            answer: $answer,
        }),+];
    };
}

/// What comes before the first name of a pattern.
const fn fixed(pattern: &str) -> &str {
    let mut end = 0;
    while end < pattern.len() && pattern.as_bytes()[end] != b'{' {
        end += 1;
    }
    pattern.split_at(end).0
}

routes! {
    Account GET "plugin/connect/account" [Plugin] connect::account;
    Session HEAD "plugin/connect/session" [Plugin] connect::session;
    List GET "plugin/connect/websites/all" [Plugin] connect::list;
    List GET "plugin/connect/websites/all/{page}" [Plugin] connect::list;
    Since GET "plugin/connect/websites/since" [Plugin] connect::since;
    Endpoints GET "plugin/connect/endpoints" [Plugin] connect::endpoints;
    Subscription GET "plugins/subscription" [User] subscription::list_all;
    Subscription GET "plugins/subscription/{website}" [User] subscription::list_website;
    Subscription GET "plugins/subscription/{website}/{plugin}" [User Plugin] subscription::get;
    Subscription POST "plugins/subscription/{website}" [User] subscription::subscribe;
    Subscription DELETE "plugins/subscription/{website}/{plugin}" [User] subscription::unsubscribe;
    GetSettings GET "plugins/subscription/{website}/{plugin}/settings" [User Plugin] settings::get;
    SaveSettings PUT "plugins/subscription/{website}/{plugin}/settings" [User Plugin] settings::save;
    UpdateSettings PATCH "plugins/subscription/{website}/{plugin}/settings" [User Plugin] settings::update;
    Usage GET "plugins/subscription/{website}/{plugin}/bill/usage" [User Plugin] subscription::list_usage;
    Usage POST "plugins/subscription/{website}/{plugin}/bill/usage" [Plugin] subscription::report_usage;
    Provenance GET "plugins/subscription/{website}/{plugin}/attest/provenance" [User Plugin] subscription::attest;
    Channel POST "plugins/subscription/{website}/{plugin}/channel" [User Plugin] subscription::channel;
    Event POST "plugins/subscription/{website}/{plugin}/event" [User Plugin] subscription::event;
}

/// What a path and a method lead to.
pub enum Match {
    /// A route, and what stood for the names in its pattern.
    Route(&'static Route, Vec<(&'static str, String)>),
    /// Routes with other methods.
    OtherMethods(Vec<&'static Method>),
    /// Nothing.
    Nothing,
}

/// Finds the route for a path below `/v1/`; one slash at the end is tolerated
/// (docs/wire.md#base-url).
#[must_use]
pub fn route(method: &Method, path: &str) -> Match {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut others = Vec::new();
    for route in ROUTES {
        let Some(params) = route.matched(path) else {
            continue;
        };
        if route.takes(method) {
            return Match::Route(route, params);
        }
        others.push(&route.method);
    }
    if others.is_empty() { Match::Nothing } else { Match::OtherMethods(others) }
}

/// The pattern that a path without a route was most likely meant to fit: what stands for a name
/// in it is not compared.
#[must_use]
pub fn nearest_route(path: &str) -> Option<&'static str> {
    let given: Vec<_> = path.trim_end_matches('/').split('/').collect();
    let alike = ROUTES.iter().filter_map(|route| {
        let wanted: Vec<_> = route.pattern.split('/').collect();
        if wanted.len() != given.len() {
            return None;
        }
        let pairs = || wanted.iter().zip(&given);
        let literals = || pairs().filter(|(wanted, _)| !wanted.starts_with('{'));
        let far: usize = literals().map(|(wanted, given)| distance(wanted, given)).sum();
        let length: usize = literals().map(|(wanted, _)| wanted.len()).sum();
        (far <= length / 4 + 1).then_some((far, route.pattern))
    });
    let whole = || nearest(path, ROUTES.iter().map(|route| route.pattern));
    alike.min().map(|(_, pattern)| pattern).or_else(whole)
}
