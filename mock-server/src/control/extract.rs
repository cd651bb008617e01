//! What the control API reads from a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use bytes::Bytes;
use http::request::Parts;
use http_body::Body as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::document::{self, Language};
use crate::exact;
use crate::id::WebsiteId;
use crate::spaces::SharedSpace;

/// The values that stand for names in the path.
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// The value of a name; empty where the path has no such name.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl FromRequestParts<Arc<ControlState>> for Names {
    type Rejection = ControlError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<ControlState>,
    ) -> Result<Self, ControlError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            // The path has no names.
            Err(PathRejection::MissingPathParams(_)) => Ok(Self(BTreeMap::new())),
            // Never read as if the name were absent: the call would change the default space.
            Err(error) => Err(ControlError::bad_request(
                error.body_text(),
                "a name in the path is UTF-8, percent-encoded where it has to be",
            )),
        }
    }
}

/// The space that a call is about: the one in its path, else the default one.
pub struct Chosen(pub Arc<SharedSpace>);

impl FromRequestParts<Arc<ControlState>> for Chosen {
    type Rejection = ControlError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<ControlState>,
    ) -> Result<Self, ControlError> {
        let names = Names::from_request_parts(parts, state).await?;
        let Some(name) = names.0.get("space") else {
            return Ok(Self(Arc::clone(state.spaces.default_space())));
        };
        state.spaces.named(name).map(Self).ok_or_else(|| {
            ControlError::not_found(
                format!("there is no space called `{name}`"),
                "make one with POST /_mock/spaces; unused ones expire",
            )
        })
    }
}

/// The website in the path, as a UUID or as `w1`.
pub struct Website(pub WebsiteId);

impl FromRequestParts<Arc<ControlState>> for Website {
    type Rejection = ControlError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<ControlState>,
    ) -> Result<Self, ControlError> {
        let names = Names::from_request_parts(parts, state).await?;
        names.get("website").parse().map(Self).map_err(|error| {
            ControlError::bad_request(
                format!("{error}"),
                "GET /_mock/websites lists the websites that have the plugin",
            )
        })
    }
}

/// A JSON body; an absent one reads as `{}`. What is a website's in it has its numbers to the digit.
pub struct Body(pub Value);

impl FromRequest<Arc<ControlState>> for Body {
    type Rejection = ControlError;

    async fn from_request(
        request: Request,
        state: &Arc<ControlState>,
    ) -> Result<Self, ControlError> {
        let bytes = bytes(request, state).await?;
        json(&bytes, exact::read_document).map(Self)
    }
}

/// A JSON body that has to be there: one that replaces what was there before.
pub struct Replacement(Bytes);

impl Replacement {
    /// The JSON, by a reader that knows where numbers keep their digits.
    pub fn read(&self, reader: Reader) -> Result<Value, ControlError> {
        json(&self.0, reader)
    }
}

impl FromRequest<Arc<ControlState>> for Replacement {
    type Rejection = ControlError;

    async fn from_request(
        request: Request,
        state: &Arc<ControlState>,
    ) -> Result<Self, ControlError> {
        if request.body().is_end_stream() {
            return Err(ControlError::bad_request(
                "there is no body, and nothing was replaced",
                "send what is to stand there as JSON; `{}` for an empty object",
            ));
        }
        bytes(request, state).await.map(Self)
    }
}

/// Reads a value from JSON.
type Reader = fn(&[u8]) -> serde_json::Result<Value>;

fn json(text: &[u8], reader: Reader) -> Result<Value, ControlError> {
    reader(if text.is_empty() { b"{}" } else { text }).map_err(|error| {
        ControlError::bad_request(
            format!("the body does not fit: {error}"),
            "GET /_mock/openapi.json describes the body of every call",
        )
    })
}

async fn bytes(request: Request, state: &Arc<ControlState>) -> Result<Bytes, ControlError> {
    Bytes::from_request(request, state)
        .await
        .map_err(|error| ControlError::bad_request(error.to_string(), "send a JSON body"))
}

/// A JSON body that says what to do: read as a document, all its mistakes at once.
pub struct Order<T>(pub T);

impl<T: Language> FromRequest<Arc<ControlState>> for Order<T> {
    type Rejection = ControlError;

    async fn from_request(
        request: Request,
        state: &Arc<ControlState>,
    ) -> Result<Self, ControlError> {
        let Body(body) = Body::from_request(request, state).await?;
        document::read_body(&body).map(Self).map_err(|problems| {
            ControlError::bad_request(
                document::list(&problems),
                "nothing was changed; GET /_mock/openapi.json describes the body of every call",
            )
        })
    }
}

/// The query, taken apart.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<ControlState>> for Asked<T> {
    type Rejection = ControlError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<ControlState>,
    ) -> Result<Self, ControlError> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(query)| Self(query)).map_err(|error| {
            let told = error.body_text();
            let problem = told.rsplit_once("query string: ").map_or(&*told, |(_, problem)| problem);
            ControlError::bad_request(
                format!("the query cannot be used: {problem}"),
                "GET /_mock/openapi.json describes the query of every call",
            )
        })
    }
}
