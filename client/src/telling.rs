//! What the plugin's operator is told by `tracing`; without that feature, nothing.
//!
//! Levels: an *error* is a bug somewhere, a *warning* costs something at the next restart, *info*
//! is a change of state, *debug* is everything else. No secret and no setting is ever told.

#![cfg_attr(
    not(feature = "tracing"),
    expect(unused_variables, reason = "without tracing nothing reads it")
)]

use std::fmt::Display;

use crate::WebsiteId;
use crate::machine::{Operation, SocketState, State};

/// The span of one request, from sending it to its last byte.
#[cfg(feature = "tracing")]
pub(crate) fn request<F: Future>(
    operation: Operation,
    exchange: F,
) -> impl Future<Output = F::Output> {
    use tracing::Instrument;
    let operation = operation.name();
    exchange.instrument(tracing::debug_span!("crisp_request", operation))
}

/// The span of one request: none.
#[cfg(not(feature = "tracing"))]
pub(crate) fn request<F: Future>(_: Operation, exchange: F) -> F {
    exchange
}

pub(crate) fn machine_panicked(words: &str) {
    #[cfg(feature = "tracing")]
    tracing::error!(panic = words, "the sync machine panicked; it begins anew with a full list");
}

pub(crate) fn no_answer(operation: Operation, error: &dyn Display) {
    #[cfg(feature = "tracing")]
    tracing::debug!(operation = operation.name(), %error, "no whole answer");
}

pub(crate) fn over_bound(error: &str) {
    #[cfg(feature = "tracing")]
    tracing::warn!(error, "more than the cache may hold; nothing of it is used");
}

pub(crate) fn state_changed(from: State, to: State, error: Option<String>) {
    #[cfg(feature = "tracing")]
    tracing::info!(%from, %to, error, "the cache's state changed");
}

pub(crate) fn socket_changed(socket: SocketState, error: Option<&str>) {
    #[cfg(feature = "tracing")]
    match (socket, error) {
        (SocketState::Down { .. }, Some(error)) => {
            tracing::info!(error, "the socket is down; polls go on at the usual interval");
        }
        (SocketState::Live, _) => tracing::info!("listening: polls are rare while events arrive"),
        _ => tracing::debug!(%socket, "the socket's state changed"),
    }
}

pub(crate) fn ready(websites: usize) {
    #[cfg(feature = "tracing")]
    tracing::info!(websites, "ready");
}

pub(crate) fn changed(changes: usize, generation: u64) {
    #[cfg(feature = "tracing")]
    tracing::debug!(changes, generation, "the cache changed");
}

pub(crate) fn meter_panicked() {
    #[cfg(feature = "tracing")]
    tracing::error!("the plugin's meter panicked; it is not called any more");
}

pub(crate) fn listener_panicked(website: WebsiteId) {
    #[cfg(feature = "tracing")]
    tracing::error!(%website, "the plugin's listener panicked");
}

#[cfg(feature = "persist")]
pub(crate) fn set_not_read(error: &dyn Display) {
    #[cfg(feature = "tracing")]
    tracing::warn!(%error, "the stored set cannot be read; starting without it");
}

#[cfg(feature = "persist")]
pub(crate) fn set_not_stored(error: &dyn Display) {
    #[cfg(feature = "tracing")]
    tracing::warn!(%error, "the set cannot be stored; a restart would begin without it");
}

#[cfg(feature = "store")]
pub(crate) fn store_is_away(error: &dyn Display) {
    #[cfg(feature = "tracing")]
    tracing::warn!(%error, "the store does not do what it is asked; without it this replica polls by itself");
}
