//! The envelope around every answer (docs/wire.md#envelope).

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::clock::Moment;
use crate::id::derive_uuid;
use crate::quirks::{DateHeader, Reason};

/// The type that every answer declares (docs/wire.md#envelope).
pub const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// How many bytes an envelope takes beside its data, to reserve room in advance.
pub(super) const ENVELOPE: usize = 80;

/// What an answer says, before or after it was put into its envelope.
#[derive(Debug, Clone, PartialEq)]
enum Text {
    /// The JSON text of the `data` member.
    Data(String),
    /// The whole body.
    Sealed(Bytes),
}

/// An answer before it is put into its envelope.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    status: u16,
    error: bool,
    reason: Cow<'static, str>,
    text: Text,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// A success whose `data` is this JSON text.
    #[must_use]
    pub fn new(status: u16, reason: &'static str, data: String) -> Self {
        Self {
            status,
            error: false,
            reason: reason.into(),
            text: Text::Data(data),
            headers: Vec::new(),
        }
    }

    /// What a stub answers: a refusal from 400 on.
    #[must_use]
    pub fn stubbed(status: u16, reason: Option<String>, data: String) -> Self {
        let mut answer = Self { error: status >= 400, ..Self::new(status, "stubbed", data) };
        answer.reason = reason.map_or(answer.reason, Cow::Owned);
        answer
    }

    /// A success of a write: no data, and a reason that a quirk may replace.
    #[must_use]
    pub fn written(status: u16, reason: &'static str, quirk: &Reason) -> Self {
        let mut answer = Self::new(status, reason, "{}".to_owned());
        if let Some(text) = &quirk.0 {
            answer.reason = text.clone().into();
        }
        answer
    }

    /// Adds a header; a value that cannot stand in one is left out.
    pub fn add_header(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
    }

    /// The answer in its envelope; a HEAD gets the same status and headers without a body.
    #[must_use]
    pub fn into_response(
        mut self,
        method: &Method,
        now: Moment,
        date: DateHeader,
    ) -> Response<Bytes> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let own_headers = std::mem::take(&mut self.headers);
        let body = if method == Method::HEAD { Bytes::new() } else { self.into_body() };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        if date == DateHeader::Sent
            && let Ok(value) = HeaderValue::from_str(&now.wall.http_date())
        {
            headers.insert(DATE, value);
        }
        headers.extend(own_headers);
        response
    }

    /// That the client has this answer already: no body, and the headers that it had.
    pub(super) fn not_modified(mut self) -> Self {
        self.status = 304;
        self.text = Text::Sealed(Bytes::new());
        self
    }

    /// A tag that differs when the body does, in quotes.
    pub(super) fn tag_of(body: &[u8]) -> String {
        format!("\"{}\"", derive_uuid(&["etag", &String::from_utf8_lossy(body)]).simple())
    }

    /// The body, made in advance.
    pub(super) fn sealed(&mut self) -> Bytes {
        self.seal();
        match &self.text {
            Text::Data(_) => Bytes::new(), // it was just sealed
            Text::Sealed(body) => body.clone(),
        }
    }

    /// The header of that name that it has so far.
    pub(super) fn header(&self, name: &str) -> Option<&HeaderValue> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Makes the body in advance, so that clones share it; returns its length.
    pub(super) fn seal(&mut self) -> usize {
        if let Text::Data(data) = &mut self.text {
            let data = std::mem::take(data);
            self.text = Text::Sealed(self.envelope(data));
        }
        match &self.text {
            Text::Data(text) => text.len(),
            Text::Sealed(body) => body.len(),
        }
    }

    fn into_body(mut self) -> Bytes {
        match std::mem::replace(&mut self.text, Text::Sealed(Bytes::new())) {
            Text::Data(data) => self.envelope(data),
            Text::Sealed(body) => body,
        }
    }

    /// The envelope is put around the data where it lies: a page is kilobytes, a move within it is
    /// cheaper than memory for a second one.
    fn envelope(&self, data: String) -> Bytes {
        let error = if self.error { "true" } else { "false" };
        // The reason is in lower_snake_case, so there is nothing to escape.
        let before =
            [r#"{"error":"#, error, r#","reason":""#, &self.reason, r#"","data":"#].concat();
        let mut body = data;
        body.reserve_exact(before.len() + 1);
        body.insert_str(0, &before);
        body.push('}');
        Bytes::from(body)
    }
}

/// A refusal: what the client is told, and what the journal explains.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    answer: Answer,
    explanation: Option<String>,
}

impl Refused {
    /// A refusal with empty data.
    #[must_use]
    pub fn new(status: u16, reason: &'static str) -> Self {
        let answer = Answer { error: true, ..Answer::new(status, reason, "{}".to_owned()) };
        Self { answer, explanation: None }
    }

    /// No route has this path (docs/wire.md#statuses).
    #[must_use]
    pub fn no_route() -> Self {
        let data = r#"{"message":"the route does not exist"}"#.to_owned();
        let answer = Answer { error: true, ..Answer::new(404, "not_found", data) };
        Self { answer, explanation: None }
    }

    /// A throttled request: 420 or 429, each with its reason (docs/wire.md#statuses).
    #[must_use]
    pub fn throttled(status: u16, explanation: String) -> Self {
        let reason = if status == 420 { "enhance_your_calm" } else { "too_many_requests" };
        Self::new(status, reason).explain(explanation)
    }

    /// Input that cannot be taken, with the place and the problem in `data`
    /// (docs/wire.md#schema-errors).
    #[must_use]
    pub fn invalid(status: u16, reason: &Reason, namespace: &str, message: &str) -> Self {
        let mut refused = Self::new(status, "invalid_data");
        if let Some(text) = &reason.0 {
            refused.answer.reason = text.clone().into();
        }
        refused.answer.text =
            Text::Data(Value::to_string(&json!({"namespace": namespace, "message": message})));
        refused.explain(message.to_owned())
    }

    /// Says in the journal why, and what to do about it.
    #[must_use]
    pub fn explain(mut self, explanation: String) -> Self {
        self.explanation = Some(explanation);
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.answer.add_header(name, &value);
        self
    }

    /// Why, in words that name the fix.
    #[must_use]
    pub fn explanation(&self) -> Option<&str> {
        self.explanation.as_deref()
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.answer.status
    }

    /// The `reason` on the wire.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.answer.reason
    }

    /// What the client is told.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        self.answer
    }
}
