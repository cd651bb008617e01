//! The edge: HTTP/1.1 over TCP, and every [`Delivery`](crate::fault::Delivery) for real.
//!
//! [`Edge::serve`] accepts connections and hands each request, with its body, to a service that
//! answers with a [`Reply`]. What the reply describes then happens on the wire: a reset is a TCP
//! RST, a close a FIN, a cut body declares its full length and ends early, a drip trickles. Waits
//! run on the elapsed time of the request's world ([`WorldTime`]), so that advancing a manual
//! clock releases them.
//!
//! HTTP/2 is refused in its own words. A handler that panics gives a 500 in the envelope.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use crisp_mock_server::socket::{Edge, Limits, Reply};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let edge = Edge::new(
//!     |_request| async { Reply::from(http::Response::new("hello".into())) },
//!     Limits::default(),
//! );
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
//! stop.send(()).ok();
//! edge.serve(listener, async { stopped.await.unwrap_or_default() }).await;
//! # Ok::<(), std::io::Error>(()) })?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod accept;
mod body;
mod connection;
mod exchange;
mod halt;
mod http2;
mod intake;
mod line;
mod nudge;
mod order;
mod reply;
mod wire;

#[cfg(test)]
mod tests;

pub use accept::{Edge, Limits};
pub use reply::{Ending, Place, Reply, WorldTime};
