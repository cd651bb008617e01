//! What the control API reads from a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use bytes::Bytes;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::control::ControlState;
use crate::control::error::ControlError;
use crate::id::WebsiteId;
use crate::spaces::SharedSpace;

/// The values that stand for names in the path.
type Names = Path<BTreeMap<String, String>>;

/// The space that a call is about: the one in its path, else the default one.
pub struct Chosen(pub Arc<SharedSpace>);

impl FromRequestParts<Arc<ControlState>> for Chosen {
    type Rejection = ControlError;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<ControlState>,
    ) -> Result<Self, ControlError> {
        let names = Names::from_request_parts(parts, state).await.map(|Path(names)| names);
        let name = names.ok().and_then(|mut names| names.remove("space"));
        let Some(name) = name else {
            return Ok(Self(Arc::clone(state.spaces.default_space())));
        };
        state.spaces.named(&name).map(Self).ok_or_else(|| {
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
        let names = Names::from_request_parts(parts, state).await.map(|Path(names)| names);
        let text = names.ok().and_then(|mut names| names.remove("website")).unwrap_or_default();
        text.parse().map(Self).map_err(|error| {
            ControlError::bad_request(
                format!("{error}"),
                "GET /_mock/websites lists the websites that have the plugin",
            )
        })
    }
}

/// A JSON body; an absent one reads as `{}`.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<ControlState>> for Body<T> {
    type Rejection = ControlError;

    async fn from_request(
        request: Request,
        state: &Arc<ControlState>,
    ) -> Result<Self, ControlError> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| ControlError::bad_request(error.to_string(), "send a JSON body"))?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            ControlError::bad_request(
                format!("the body does not fit: {error}"),
                "GET /_mock/openapi.json describes the body of every call",
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
            ControlError::bad_request(
                error.body_text(),
                "GET /_mock/openapi.json describes the query of every call",
            )
        })
    }
}
