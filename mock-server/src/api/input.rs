//! What a request brings, and which of it anybody read.
//!
//! A misspelt query parameter is the commonest mistake of a client's author, and a server that
//! ignores it silently hides it. So every parameter, every header of Crisp's and every member of a
//! body is noted as read when a route reads it, and what is left over goes into the journal.

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{Method, Uri};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::envelope::Refused;
use crate::quirks::{BodyLimit, Reason};

/// What was sent and never read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Unread {
    /// Query parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<String>,
    /// Headers whose name starts with `X-Crisp-`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Members of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<String>,
}

impl Unread {
    /// Whether everything was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.query.is_empty() && self.headers.is_empty() && self.body.is_empty()
    }
}

/// A request, taken apart.
#[derive(Debug)]
pub struct Input {
    /// Its method.
    pub method: Method,
    /// Its path and query as sent, for the cache.
    pub target: Uri,
    /// The headers that somebody may read: [`READ`] and Crisp's.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What stood for `{website}`, `{plugin}` and `{page}` in the route.
    pub params: Vec<(&'static str, String)>,
    query: Vec<(String, String, bool)>,
    body: Bytes,
    unread_members: Vec<String>,
    routed: bool,
}

impl Input {
    /// Takes a request apart.
    #[must_use]
    pub fn new(request: &http::Request<Bytes>, params: Vec<(&'static str, String)>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        Self {
            method: request.method().clone(),
            target: request.uri().clone(), // counts a reference, copies nothing
            headers: request
                .headers()
                .iter()
                .filter(|(name, _)| is_read(name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            params,
            query: pairs
                .map(|(name, value)| (name.into_owned(), value.into_owned(), false))
                .collect(),
            body: request.body().clone(),
            unread_members: Vec::new(),
            routed: false,
        }
    }

    /// The text of a header that [`READ`] names or that is Crisp's; of several with one name, the
    /// first.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        debug_assert!(is_read(name), "`{name}` has to stand in READ");
        let found = self.headers.iter().find(|(known, _)| known == name);
        found?.1.to_str().ok()
    }

    /// What stood for a name in the route's pattern.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Reads a query parameter; of several with one name, the last counts.
    pub fn query(&mut self, name: &str) -> Option<&str> {
        let mut found = None;
        for (known, value, read) in &mut self.query {
            if known == name {
                *read = true;
                found = Some(value.as_str());
            }
        }
        found
    }

    /// Reads a flag: `1` and `true` in any case mean yes, all else no (specification §2.3).
    pub fn flag(&mut self, name: &str) -> bool {
        self.query(name)
            .is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    ///
    /// 413 over the limit, 400 for a wrong content type or for what is no JSON.
    pub fn json(&mut self, limit: BodyLimit) -> Result<Value, Refused> {
        let invalid = |message: &str| Refused::invalid(400, &Reason::default(), "body", message);
        if limit
            .0
            .is_some_and(|kib| self.body.len() > kib as usize * 1024)
        {
            return Err(Refused::new(413, "payload_too_large").explain(format!(
                "the body has {} bytes, and quirk body-limit is {limit}",
                self.body.len()
            )));
        }
        let declared = self.header("content-type").map(str::to_ascii_lowercase);
        if let Some(declared) = declared.filter(|declared| !is_json(declared)) {
            return Err(invalid(&format!(
                "Content-Type is `{declared}`: send application/json"
            )));
        }
        if self.body.is_empty() {
            return Err(invalid("the body is empty: send a JSON object"));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| invalid(&format!("the body is not JSON: {error}")))
    }

    /// Reads the body as an object of which only `known` members are looked at.
    ///
    /// # Errors
    ///
    /// As [`Input::json`], and 400 when it is JSON but no object.
    pub fn object(
        &mut self,
        known: &[&str],
        limit: BodyLimit,
    ) -> Result<Map<String, Value>, Refused> {
        let Value::Object(body) = self.json(limit)? else {
            return Err(Refused::invalid(
                400,
                &Reason::default(),
                "body",
                "the body has to be a JSON object",
            ));
        };
        let unread = body.keys().filter(|key| !known.contains(&key.as_str()));
        self.unread_members = unread.take(20).cloned().collect();
        Ok(body)
    }

    /// Its route is about to read it: what is not read from here on is unread.
    pub(super) fn route(&mut self) {
        self.routed = true;
    }

    /// What was sent and never read; nothing when it was answered before its route could read it.
    #[must_use]
    pub fn unread(&self) -> Unread {
        if !self.routed {
            return Unread::default();
        }
        let crisps = self.headers.iter().map(|(name, _)| name.as_str());
        let crisps = crisps.filter(|name| name.starts_with("x-crisp-") && *name != "x-crisp-tier");
        let query = self
            .query
            .iter()
            .filter(|(_, _, read)| !read)
            .map(|(name, _, _)| name.clone());
        Unread {
            query: query.take(20).collect(),
            headers: crisps.take(20).map(str::to_owned).collect(),
            body: self.unread_members.clone(),
        }
    }
}

/// The headers that are read, besides those of Crisp's own.
const READ: [&str; 3] = ["authorization", "content-type", "user-agent"];

fn is_read(name: &str) -> bool {
    READ.contains(&name) || name.starts_with("x-crisp-")
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json") || essence == "text/json"
}
