//! The emulator that all scenarios of a trial share.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use crisp_mock_server::options::{Blueprint, WorldOptions};
use crisp_mock_server::server::{MockServer, ServerOptions, SpaceListener};
use crisp_mock_server::spaces::{Info, SharedSpace};
use tokio::runtime::Runtime;

use crate::candidate::Untried;
use crate::open_files;
use crate::peer::{Access, PeerError};
use crate::scenario::Client;

/// A space that is not used for so long is forgotten; the run that uses it asks all the time.
const EXPIRES: Duration = Duration::from_secs(600);

/// One emulator for all scenarios.
pub(super) struct SharedEmulator {
    server: MockServer,
    /// Dropped last: the server runs on it.
    pub(super) runtime: Runtime,
}

impl SharedEmulator {
    /// Starts it; where clients may have any credentials, those of no space lead to the default one.
    pub(super) fn start(any_credentials: bool) -> Result<Self, Untried> {
        let failed = |problem: &dyn Display| Untried {
            problem: format!("the emulator cannot be started: {problem}"),
            hint: None,
        };
        let runtime =
            open_files::look().and_then(|()| Runtime::new()).map_err(|error| failed(&error))?;
        let server = runtime
            .block_on(MockServer::start(ServerOptions::from(WorldOptions {
                accept_any_credentials: any_credentials.then_some(true),
                ..WorldOptions::default()
            })))
            .map_err(|error| failed(&error))?;
        Ok(Self { server, runtime })
    }

    /// A space for one run; [`SharedEmulator::remove`] follows.
    pub(super) fn space(&self, blueprint: Blueprint) -> Result<Arc<SharedSpace>, Untried> {
        let made = self.server.spaces().make(None, blueprint, EXPIRES);
        made.map_err(|taken| Untried { problem: taken.to_string(), hint: None })
    }

    pub(super) fn remove(&self, cell: &SharedSpace) {
        self.server.spaces().remove(cell.name());
    }

    /// An address of its own for a space.
    pub(super) async fn listen_for(
        &self,
        cell: &Arc<SharedSpace>,
    ) -> Result<SpaceListener, PeerError> {
        let listener = self.server.listen_for(Arc::clone(cell)).await;
        listener.map_err(|error| PeerError::NeverStarted(format!("no port was free: {error}")))
    }

    /// The space that is there without being asked for, to which credentials of no other lead.
    pub(super) fn default_space(&self) -> &Arc<SharedSpace> {
        self.server.spaces().default_space()
    }

    /// Where a client finds that space.
    pub(super) fn default_access(&self, client: Client, poll: Duration) -> Access {
        self.access(self.default_space(), client, poll)
    }

    /// Where a client finds a space.
    pub(super) fn access(&self, cell: &SharedSpace, client: Client, poll: Duration) -> Access {
        self.access_at(&self.server.info().url, cell, client, poll)
    }

    /// The same at an address of its own.
    pub(super) fn access_at(
        &self,
        url: &str,
        cell: &SharedSpace,
        client: Client,
        poll: Duration,
    ) -> Access {
        let space = cell.lock();
        let info = Info::of(&space, url);
        Access::of(info, poll, space.clock.wall_at_start().timestamp(), client)
    }
}
