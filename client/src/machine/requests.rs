//! The requests, ready to go.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use jiff::Timestamp;

use crate::wire::date_text;
use crate::{Config, PluginId, Settings, WebsiteId};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TIER: HeaderName = HeaderName::from_static("x-crisp-tier");
/// Room for a path and query below the base; the longest is that of a differential.
const USUAL: usize = 128;

/// Builds the requests of one plugin (docs/wire.md#credentials).
#[derive(Clone, Debug)]
pub(crate) struct Requests {
    base: Uri,
    headers: HeaderMap,
    include_plan: char,
}

impl Requests {
    pub(crate) fn new(config: &Config) -> Self {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(AUTHORIZATION, config.credentials.authorization());
        headers.insert(TIER, HeaderValue::from_static("plugin"));
        headers.insert(ACCEPT, JSON);
        headers.insert(USER_AGENT, config.user_agent.clone());
        let include_plan = if config.include_plan { '1' } else { '0' };
        // The base was checked when it was made.
        Self { base: config.base.as_str().parse().unwrap_or_default(), headers, include_plan }
    }

    /// A request for any route below the base.
    pub(crate) fn request(
        &self,
        method: Method,
        route: &str,
        body: Option<Bytes>,
    ) -> Request<Bytes> {
        self.to(self.below_base(&[route]), method, body)
    }

    /// A path and query: the base's path, and these pieces.
    fn below_base(&self, pieces: &[&str]) -> String {
        let mut target = String::with_capacity(USUAL);
        target.push_str(self.base.path());
        pieces.iter().for_each(|piece| target.push_str(piece));
        target
    }

    fn to(&self, target: String, method: Method, body: Option<Bytes>) -> Request<Bytes> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = method;
        let mut parts = self.base.clone().into_parts();
        parts.path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(target)).ok();
        // Routes are made of identifiers, numbers and dates; should an address be refused all the
        // same, the root answers 404, no more.
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_else(|_| Uri::from_static("/"));
        *request.headers_mut() = self.headers.clone();
        if let Some(body) = body {
            request.headers_mut().insert(CONTENT_TYPE, JSON);
            *request.body_mut() = body;
        }
        request
    }

    /// The account of the token.
    pub(crate) fn account(&self) -> Request<Bytes> {
        self.request(Method::GET, "plugin/connect/account", None)
    }

    /// Where the RTM API is (docs/wire.md#endpoints).
    pub(crate) fn endpoints(&self) -> Request<Bytes> {
        self.request(Method::GET, "plugin/connect/endpoints", None)
    }

    /// A page of the list (docs/wire.md#pages); the flags are always sent, so that no default is
    /// relied upon. `turned` puts them in the other order: the same question at an address that a
    /// cache has not seen.
    pub(crate) fn list(&self, page: u32, configured_only: bool, turned: bool) -> Request<Bytes> {
        let (configured, plan) = (flag(configured_only), self.include_plan);
        let query = match turned {
            false => format!("filter_configured={configured}&include_plan={plan}"),
            true => format!("include_plan={plan}&filter_configured={configured}"),
        };
        let page = page.to_string();
        let target = self.below_base(&["plugin/connect/websites/all/", &page, "?", &query]);
        self.to(target, Method::GET, None)
    }

    /// The differential (docs/wire.md#differential); the colons of the date are percent-encoded.
    pub(crate) fn since(&self, date: Timestamp, configured_only: bool) -> Request<Bytes> {
        let mut target = self.below_base(&["plugin/connect/websites/since?date_since="]);
        for character in date_text(date).chars() {
            match character {
                ':' => target.push_str("%3A"),
                other => target.push(other),
            }
        }
        target.push_str("&filter_configured=");
        target.push(flag(configured_only));
        target.push_str("&include_plan=");
        target.push(self.include_plan);
        self.to(target, Method::GET, None)
    }

    /// Settings of a website (docs/wire.md#settings): read, replaced or merged, by method.
    pub(crate) fn settings(
        &self,
        method: Method,
        website: WebsiteId,
        plugin: PluginId,
        body: Option<&Settings>,
    ) -> Request<Bytes> {
        let route = format!("plugins/subscription/{website}/{plugin}/settings");
        let body = body.map(|settings| Bytes::copy_from_slice(settings.as_json().as_bytes()));
        self.request(method, &route, body)
    }
}

fn flag(on: bool) -> char {
    if on { '1' } else { '0' }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    fn requests() -> Requests {
        Requests::new(&Config::new(Credentials::new("id", "key")))
    }

    #[test]
    fn every_request_carries_the_credentials_and_the_plugin_tier() {
        let request = requests().account();
        assert_eq!(request.uri(), "https://api.crisp.chat/v1/plugin/connect/account");
        assert_eq!(request.headers()["authorization"], "Basic aWQ6a2V5");
        assert_eq!(request.headers()["x-crisp-tier"], "plugin");
        assert!(!request.headers().contains_key("content-type"));
    }

    #[test]
    fn the_lists_are_asked_with_both_flags_spelt_out() {
        let list = requests().list(3, false, false);
        let path = list.uri().path_and_query().unwrap().as_str();
        let all = "/v1/plugin/connect/websites/all/3?filter_configured=0&include_plan=0";
        assert_eq!(path, all);
        let since = requests().since("2026-01-01T00:00:00.25Z".parse().unwrap(), false);
        let query = "date_since=2026-01-01T00%3A00%3A00.250Z&filter_configured=0&include_plan=0";
        assert_eq!(since.uri().query(), Some(query));
    }

    #[test]
    fn a_save_is_the_bare_object() {
        let settings = Settings::from_json(r#"{"a":1}"#).unwrap();
        let (website, plugin) = (WebsiteId::from_number(1), PluginId::from_number(2));
        let put = requests().settings(Method::PUT, website, plugin, Some(&settings));
        assert_eq!(put.body(), r#"{"a":1}"#);
        assert_eq!(put.headers()["content-type"], "application/json");
        let path = "/v1/plugins/subscription/00000000-0000-0000-0000-000000000001/\
                    00000000-0000-0000-0000-000000000002/settings";
        assert_eq!(put.uri().path(), path);
    }
}
