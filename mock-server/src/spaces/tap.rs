//! Observing a space from inside the process, at the moment a request is handled.

use std::fmt;

use bytes::Bytes;
use http::Request;

use crate::space::{Handled, Space};

/// Called for every request to a space, under the space's own lock: nothing happens between a request
/// and its tap, and a tap is called in the order of the answers.
///
/// A tap is set once with [`SharedSpace::tap`](super::SharedSpace::tap). As it is called under the
/// lock, it must not wait, and must not lock the space again.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use std::sync::Arc;
/// use std::time::Duration;
/// use bytes::Bytes;
/// use crisp_mock_server::server::{MockServer, ServerOptions};
/// use crisp_mock_server::space::{Handled, Space};
/// use crisp_mock_server::spaces::Tap;
///
/// /// Makes every answer wait.
/// #[derive(Debug)]
/// struct Slow;
///
/// impl Tap for Slow {
///     fn handled(&self, _: &mut Space, _: &http::Request<Bytes>, handled: &mut Handled) {
///         handled.delivery.hold += Duration::from_millis(50);
///     }
/// }
///
/// let server = MockServer::start(ServerOptions::default()).await?;
/// assert!(server.spaces().default_space().tap(Arc::new(Slow)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Tap: fmt::Debug + Send + Sync {
    /// A request was handled and its answer is fixed; none of it has been sent. The tap may change the
    /// space, which no longer changes that answer, and may hold or replace the delivery.
    fn handled(&self, space: &mut Space, request: &Request<Bytes>, handled: &mut Handled);

    /// The delivery of the request with this [number](Handled::seq) is complete, or its client
    /// disconnected before (`client_left`): what a client that only ended its side is taken for. Not called under the lock, and not for requests from
    /// before a reset.
    fn ended(&self, seq: u64, client_left: bool) {
        let _ = (seq, client_left);
    }
}
