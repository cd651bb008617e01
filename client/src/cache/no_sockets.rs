//! The place of the socket to the RTM API in a build without the feature `rtm`.

use std::future::pending;

use super::builder::StartError;
use crate::Config;
use crate::machine::{SocketAction, SocketEvent, SocketId};
use crate::transport::Timeouts;

/// No socket.
pub(super) struct Sockets;

impl Sockets {
    pub(super) fn new(config: &Config, _: Timeouts) -> Result<Self, StartError> {
        config.listening.map_or(Ok(Self), |_| Err(StartError::CannotListen))
    }

    pub(super) fn act(&self, _: SocketId, _: SocketAction) {}

    pub(super) fn close(&self) {}

    /// Never.
    pub(super) async fn next(&self) -> (SocketId, SocketEvent) {
        pending().await
    }
}
