//! HTTP/1.1 over TCP, carrying out every [`Delivery`](crate::fault::Delivery).
//!
//! [`HttpServer::serve`] accepts connections and hands each request, with its body, to a service that
//! answers with a `Reply`. What the reply describes then happens on the wire: a reset is a TCP
//! RST, a close a FIN, a cut body declares its full length and ends early, a drip trickles. Waits
//! run on the elapsed time of the request's space, so that advancing a manual clock ends them.
//!
//! After an answer that switches protocols the frames of a WebSocket are carried between the client and
//! the session of its space (`frames`), or one elsewhere (`relayed`).
//!
//! HTTP/2 is refused with the error code `HTTP_1_1_REQUIRED`. A handler that panics gives a 500 in
//! the envelope.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use crisp_mock_server::socket::{HttpServer, Limits};
//! use crisp_mock_server::spaces::Reply;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let server = HttpServer::new(
//!     |_request| async { Reply::from(http::Response::new("hello".into())) },
//!     Limits::default(),
//! );
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
//! stop.send(()).ok();
//! server.serve(listener, async { stopped.await.unwrap_or_default() }).await;
//! # Ok::<(), std::io::Error>(()) })?;
//! # Ok::<(), std::io::Error>(())
//! ```

mod accept;
mod body;
mod connection;
mod exchange;
mod frames;
mod held;
mod http2;
mod intake;
mod relayed;
mod state;
mod stop;
mod unparsed;
mod wire;

#[cfg(test)]
mod tests;

pub use accept::{HttpServer, Limits, Spare, WantsBody};
pub use stop::StopSignal;
