//! Watching a space from inside, and acting at the very moment a request is dealt with.

use std::fmt;

use bytes::Bytes;
use http::Request;

use crate::space::{Handled, Space};

/// Hears of every request to a space under the space's own lock: nothing happens between a request
/// and what its tap makes of it, and taps hear of requests in the order of their answers.
///
/// A tap is set once with [`Cell::tap`](super::Cell::tap). Being called under the lock it must not
/// wait, and must not lock the space again.
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use std::sync::Arc;
/// use std::time::Duration;
/// use bytes::Bytes;
/// use crisp_mock_server::server::{MockServer, ServerOptions, Tap};
/// use crisp_mock_server::space::{Handled, Space};
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
    /// A request was dealt with and its answer is fixed; nothing of it has gone out. The tap may
    /// change the space, which that answer then knows nothing of, and hold or end the delivery.
    fn handled(&self, space: &mut Space, request: &Request<Bytes>, handled: &mut Handled);

    /// What was decided for the request with this [number](Handled::seq) has been done to it, or
    /// its client was gone before (`client_left`). Not called under the lock, and not for requests
    /// from before a reset.
    fn ended(&self, seq: u64, client_left: bool) {
        let _ = (seq, client_left);
    }
}
