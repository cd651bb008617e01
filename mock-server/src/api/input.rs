//! What a request brings, and which of it a route has read.
//!
//! A misspelt query parameter is the commonest mistake of a client's author, and a server that
//! ignores it silently hides it. So every parameter, every header of Crisp's and every member of a
//! body is noted as read when a route reads it, and what is left over goes into the journal.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use bytes::Bytes;
use http::header::{AsHeaderName, CONTENT_TYPE};
use http::{HeaderMap, Request};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::Unsent;
use crate::api::envelope::Refused;
use crate::engine::numbers;
use crate::exact;
use crate::nearest::nearest;
use crate::quirks::{BodyLimit, Numbers, Quirks, Reason};

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

/// What stood for the names in a route's pattern.
pub type Params<'a> = Cow<'a, [(&'static str, String)]>;

/// A request, taken apart where it lies: nothing of it is copied that need not be.
#[derive(Debug)]
pub struct Input<'a> {
    request: &'a Request<Bytes>,
    /// What stood for `{website}`, `{plugin}` and `{page}` in the route.
    pub params: Params<'a>,
    query: Vec<Parameter<'a>>,
    unread_members: RefCell<Vec<String>>,
    routed: Cell<bool>,
}

#[derive(Debug)]
struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
    read: Cell<bool>,
}

impl<'a> Parameter<'a> {
    fn new(pair: &'a str) -> Self {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Self { name: decoded(name), value: decoded(value), read: Cell::new(false) }
    }
}

/// A name or a value of a query, as forms encode them. Most are written as they are.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return text.into();
    }
    let spaced = if text.contains('+') { text.replace('+', " ").into() } else { Cow::from(text) };
    let mut bytes = Vec::with_capacity(spaced.len());
    bytes.extend(percent_encoding::percent_decode_str(&spaced));
    let text = String::from_utf8(bytes);
    text.unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned()).into()
}

impl<'a> Input<'a> {
    /// Takes a request apart.
    #[must_use]
    pub fn new(request: &'a Request<Bytes>, params: Params<'a>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        Self {
            request,
            params,
            query: pairs.map(Parameter::new).collect(),
            unread_members: RefCell::default(),
            routed: Cell::new(false),
        }
    }

    /// Its path and query as sent.
    #[must_use]
    pub fn target(&self) -> &str {
        let target = self.request.uri().path_and_query();
        target.map_or("", http::uri::PathAndQuery::as_str)
    }

    /// Its headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// A header's text; of several with one name, the first.
    #[must_use]
    pub fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// What stood for a name in the route's pattern.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Reads a query parameter; of several with one name, the last counts.
    pub fn query(&self, name: &str) -> Option<&str> {
        let named = self.query.iter().filter(|parameter| parameter.name == name);
        named
            .inspect(|parameter| parameter.read.set(true))
            .last()
            .map(|parameter| &*parameter.value)
    }

    /// Reads a flag: `1` and `true` in any case mean yes, all else no (docs/wire.md#pages).
    pub fn flag(&self, name: &str) -> bool {
        self.query(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("true"))
    }

    /// What refuses the body before it is looked at: its length and its type.
    ///
    /// # Errors
    ///
    /// 413 over the limit, 400 for a wrong content type.
    pub(super) fn check_body(&self, limit: BodyLimit) -> Result<(), Refused> {
        let unsent = self.request.extensions().get::<Unsent>();
        let bytes = unsent.map_or(self.request.body().len() as u64, |unsent| unsent.declared);
        if limit.0.is_some_and(|kib| bytes > u64::from(kib) * 1024) {
            return Err(Refused::new(413, "payload_too_large")
                .explain(format!("the body has {bytes} bytes, and quirk body-limit is {limit}")));
        }
        let declared = self.header(CONTENT_TYPE).map(str::to_ascii_lowercase);
        if let Some(declared) = declared.filter(|declared| !is_json(declared)) {
            return Err(invalid(&format!("Content-Type is `{declared}`: send application/json")));
        }
        Ok(())
    }

    /// Reads the body as JSON, numbers as the quirks keep them.
    ///
    /// # Errors
    ///
    /// 413 over the limit, 400 for a wrong content type or for what is no JSON.
    pub fn json(&self, quirks: &Quirks) -> Result<Value, Refused> {
        self.read(quirks, |body| numbers::read(body, quirks.numbers))
    }

    fn read(
        &self,
        quirks: &Quirks,
        read: impl FnOnce(&[u8]) -> serde_json::Result<Value>,
    ) -> Result<Value, Refused> {
        self.check_body(quirks.body_limit)?;
        let body = self.request.body();
        if body.is_empty() {
            return Err(invalid("the body is empty: send a JSON object"));
        }
        read(body).map_err(|error| invalid(&format!("the body is not JSON: {error}")))
    }

    /// Reads the body as an object of which only `known` members are looked at.
    ///
    /// # Errors
    ///
    /// As [`Input::json`], and 400 when it is JSON but no object.
    pub fn object(&self, known: &[&str], quirks: &Quirks) -> Result<Map<String, Value>, Refused> {
        let read = |body: &[u8]| match quirks.numbers {
            Numbers::JavaScript => serde_json::from_slice(body),
            Numbers::AsSent => exact::read_document(body),
        };
        let Value::Object(body) = self.read(quirks, read)? else {
            return Err(invalid("the body has to be a JSON object"));
        };
        let unread = body.keys().filter(|key| !known.contains(&key.as_str()));
        self.unread_members.replace(unread.take(20).cloned().collect());
        Ok(body)
    }

    /// Its route is about to read it: what is not read from here on is unread.
    pub(super) fn route(&self) {
        self.routed.set(true);
    }

    /// What was sent and never read; nothing when it was answered before its route could read it.
    #[must_use]
    pub fn unread(&self) -> Unread {
        if !self.routed.get() {
            return Unread::default();
        }
        let crisps = self.request.headers().keys().map(http::HeaderName::as_str);
        let crisps = crisps.filter(|name| name.starts_with("x-crisp-") && *name != "x-crisp-tier");
        let query = self
            .query
            .iter()
            .filter(|parameter| !parameter.read.get())
            .map(|parameter| parameter.name.clone().into_owned());
        Unread {
            query: query.take(20).collect(),
            headers: crisps.take(20).map(str::to_owned).collect(),
            body: self.unread_members.borrow().clone(),
        }
    }
}

/// The query parameters that any route reads.
const PARAMETERS: [&str; 3] = ["date_since", "filter_configured", "include_plan"];

impl Input<'_> {
    /// What a parameter that nothing read was most likely to be, in words.
    #[must_use]
    pub fn misspelt(&self) -> Option<String> {
        let unread = self.query.iter().filter(|parameter| !parameter.read.get());
        let meant = unread.filter(|_| self.routed.get()).filter_map(|parameter| {
            let near = nearest(&parameter.name, PARAMETERS)?;
            let name: String = parameter.name.chars().take(60).collect();
            Some(format!("nothing reads `{name}`: did you mean `{near}`?"))
        });
        let meant: Vec<_> = meant.take(3).collect();
        (!meant.is_empty()).then(|| meant.join(" "))
    }
}

fn invalid(message: &str) -> Refused {
    Refused::invalid(400, &Reason::default(), "body", message)
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence == "application/json" || essence.ends_with("+json") || essence == "text/json"
}
