//! The sockets of a client outside in virtual time: real ones, whose frames the world takes and gives.
//!
//! A frame is handed to the client for real, and then counted: the client has come to rest when it has
//! read every byte that was written to it, and every byte that it wrote was read here.

use bytes::Bytes;
use crisp_mock_server::api;
use crisp_mock_server::rtm;
use crisp_mock_server::spaces::{Relay, Relayed, relay};
use http::{Request, Response};

use crate::peer::SocketCount;
use crate::subject::{SocketAction, SocketEvent};
use crate::world::ADDRESS;

/// Why nothing is held against a client that has several.
pub(super) const SEVERAL: &str =
    "it had several sockets of the RTM API at a time, and only one of a client is followed";

/// Why nothing is held against a client that does not tell.
pub(super) const UNTOLD: &str =
    "it opened a socket, and does not tell how far it has read what comes over it";

/// Why nothing is held against a client that does not read.
pub(super) const UNREAD: &str =
    "it does nothing any more, and has not read all that came over its socket";

/// Whether a request is a handshake.
pub(super) fn is_handshake<T>(request: &Request<T>) -> bool {
    rtm::space_of(request.uri().path()).is_some()
}

/// The answer of discovery with the address at which the client finds the server; others as they are. In
/// a history the server has one address, so that equal runs are equal.
pub(super) fn found_at(url: &str, response: Response<Bytes>) -> Response<Bytes> {
    let (named, found) = (api::sockets_at(ADDRESS), api::sockets_at(url));
    let app = format!("\"app\":\"{named}/");
    let body = std::str::from_utf8(response.body()).ok().filter(|body| body.contains(&app));
    let body = body.map(|body| Bytes::from(body.replace(&named, &found)));
    match body {
        Some(body) => response.map(|_| body),
        None => response,
    }
}

/// The sockets of one client.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    /// The one that is followed.
    open: Option<Relayed>,
    /// Those that the server has ended, and that the client may not have noticed.
    ending: Vec<Relayed>,
}

impl Sockets {
    /// A handshake is answered; what carries its frames.
    pub(super) fn begin(&mut self) -> Relay {
        self.end(false);
        let (relay, relayed) = relay();
        self.open = Some(relayed);
        relay
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Does for real what happens on the socket.
    pub(super) fn happens(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Text(text) => {
                if let Some(open) = &mut self.open {
                    open.send(text);
                }
            }
            SocketEvent::Closed { by_reset } => self.end(by_reset),
            // The answer to its handshake says so.
            SocketEvent::Opened | SocketEvent::Refused => {}
        }
    }

    fn end(&mut self, by_reset: bool) {
        if let Some(open) = self.open.take() {
            open.end(by_reset);
            self.ending.push(open);
        }
    }

    /// Whether nothing lies between the two ends, by what the client counts.
    pub(super) fn is_settled(&mut self, counts: Option<&[SocketCount]>) -> bool {
        let of = |port| counts.and_then(|counts| counts.iter().find(|count| count.port == port));
        // One that has ended may stay open at the client, who has read all of it.
        let has_ended = |socket: &Relayed| {
            let progress = socket.progress();
            let is_read = of(progress.port).is_none_or(|it| it.read == progress.written);
            progress.is_over && is_read
        };
        self.ending.retain(|socket| !has_ended(socket));
        let Some(open) = &self.open else { return self.ending.is_empty() };
        let progress = open.progress();
        let is_even = match of(progress.port) {
            Some(count) => count.read == progress.written && count.written == progress.read,
            None => counts.is_none(),
        };
        self.ending.is_empty() && (has_ended(open) || (is_even && !open.is_behind()))
    }

    /// What the client has done on its socket since.
    pub(super) fn take(&mut self) -> Vec<SocketAction> {
        let Some(open) = &mut self.open else { return Vec::new() };
        let is_over = open.progress().is_over;
        let mut done: Vec<_> =
            std::iter::from_fn(|| open.heard()).map(SocketAction::Text).collect();
        if is_over {
            self.open = None;
            done.push(SocketAction::Close);
        }
        done
    }

    /// Completes when the socket has got further.
    pub(super) async fn changed(&mut self) {
        match &mut self.open {
            Some(open) => open.changed().await,
            None => std::future::pending().await,
        }
    }
}
