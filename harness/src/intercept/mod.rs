//! Crisp's own addresses, answered by the emulator: for plugins that know no other host than
//! `api.crisp.chat`.
//!
//! ```text
//!  plugin ── CONNECT api.crisp.chat:443 ──► proxy ── TLS ends here ──► emulator
//!         ── CONNECT other.example:443 ───► proxy: 403, and it is noted
//!         ── preload (Node, Python): the same connection, without proxy and TLS ──► emulator
//! ```
//!
//! `hosts` says which host goes where, `request` what is answered to the head of a request: both are
//! pure. `authority` makes a certificate authority that lives as long as this process, `proxy` listens
//! and relays, `files` writes what the processes of the plugin read, into a `folder` that goes with this
//! process, and `variables` has the names under which they find it. Nothing here ever resolves or dials a
//! host of Crisp's.

mod authority;
mod files;
mod folder;
mod hosts;
mod proxy;
mod relay;
mod request;
mod roots;
mod variables;

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

pub use files::NotWritten;
pub use hosts::{Allowed, PATTERNS};
pub use proxy::{Proxy, Refused, RefusedHosts};
pub use variables::Route;

use authority::Authority;
use crisp_mock_server::server::reachable;
use files::Files;
use hosts::Hosts;
use parking_lot::Mutex;
use proxy::Shared;

/// Why Crisp's addresses cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum InterceptError {
    /// No certificate could be made.
    #[error("the certificate for api.crisp.chat cannot be made: {0}")]
    Certificate(String),
    /// A file for the plugin's processes could not be written.
    #[error(transparent)]
    Files(#[from] NotWritten),
    /// The proxy found no port.
    #[error("the proxy for api.crisp.chat cannot listen on 127.0.0.1: {0}")]
    Listen(std::io::Error),
}

/// All that interceptions of one run share: the authority, the files, the rules. Dropping it removes the
/// files.
pub struct Interception {
    files: Files,
    shared: Arc<Shared>,
}

impl Interception {
    /// Makes an authority and writes the files; `allowed` are the hosts beside Crisp's that the plugin may
    /// reach.
    ///
    /// # Errors
    ///
    /// [`InterceptError`] when the machine refuses a file.
    pub fn new(allowed: &[Allowed]) -> Result<Self, InterceptError> {
        let authority = Authority::new().map_err(InterceptError::Certificate)?;
        let files = Files::write(&roots::bundle(&authority.pem))?;
        let shared = Shared {
            hosts: Hosts::new(allowed),
            tls: authority.server.into(),
            refused: Mutex::default(),
        };
        Ok(Self { files, shared: Arc::new(shared) })
    }

    /// A proxy on a free port of 127.0.0.1, whose connections to Crisp's hosts reach this emulator.
    ///
    /// # Errors
    ///
    /// [`InterceptError::Listen`] when there is no port.
    pub async fn proxy(&self, emulator: SocketAddr) -> Result<Proxy, InterceptError> {
        let shared = Arc::clone(&self.shared);
        Proxy::start(reachable(emulator), shared).await.map_err(InterceptError::Listen)
    }

    /// The variables by which a program's processes find the proxy, the certificate and the preloads.
    /// `present` gives a variable as the program would find it without them.
    #[must_use]
    pub fn variables(
        &self,
        proxy: &Proxy,
        route: Route,
        present: &dyn Fn(&str) -> Option<OsString>,
    ) -> Vec<(&'static str, OsString)> {
        self.files.variables(proxy.address(), proxy.emulator(), route, present)
    }

    /// What was refused so far, by all proxies.
    #[must_use]
    pub fn refused(&self) -> RefusedHosts {
        self.shared.refused.lock().clone()
    }
}

impl fmt::Debug for Interception {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Interception").field("files", &self.files).finish_non_exhaustive()
    }
}
