//! An address that leads to one space, whatever credentials a request has.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{MockServer, serve};
use crate::socket::StopSignal;
use crate::spaces::SharedSpace;

/// A listener for one space. Dropping it ends it, with its connections.
pub struct SpaceListener {
    address: SocketAddr,
    _stop: watch::Sender<bool>,
}

impl SpaceListener {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl MockServer {
    /// Listens on a further free port of 127.0.0.1, all of whose requests lead to this space: for a client
    /// whose credentials choose none.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub async fn listen_for(&self, space: Arc<SharedSpace>) -> io::Result<SpaceListener> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = StopSignal::new();
        serve(vec![listener], &self.routes.leading_to(space), &self.activity, &stopped);
        Ok(SpaceListener { address, _stop: stop })
    }
}
