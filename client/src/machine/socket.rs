//! What goes into a socket of the RTM API and what comes out of it.

use std::fmt;
use std::time::Duration;

/// Names one socket between [`SocketAction::Open`] and its end. Counts up from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// What the driver has to do with a socket. Printed without what its texts hold.
#[derive(Clone, PartialEq, Eq)]
pub enum SocketAction {
    /// Open a WebSocket to this `ws://` or `wss://` address, and say [`SocketEvent::Opened`] or
    /// [`SocketEvent::Closed`]. There is never more than one.
    Open {
        /// The address, with its query.
        url: String,
    },
    /// Send this text in one message. It may hold the plugin's key: it is not to be logged.
    Text(String),
    /// Close it, and do not wait. The machine wants no event of it any more.
    Close,
}

impl fmt::Debug for SocketAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { url } => f.debug_struct("Open").field("url", url).finish(),
            // The key is in an object.
            Self::Text(text) => write!(f, "Text({}…)", text.split('{').next().unwrap_or_default()),
            Self::Close => f.write_str("Close"),
        }
    }
}

/// What happened to a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// The WebSocket is open.
    Opened,
    /// One whole text message came.
    Text(String),
    /// It could not be opened, or has ended, for this reason.
    Closed(String),
}

/// Whether the cache listens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SocketState {
    /// It was not asked to: [`Config::listening`](crate::Config::listening) is `None`.
    #[default]
    Off,
    /// No socket is open.
    Down {
        /// Until the next attempt begins at the earliest.
        retry_in: Duration,
    },
    /// A socket is being opened, or is not authenticated yet.
    Connecting,
    /// Events arrive.
    Live,
}

impl fmt::Display for SocketState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("not listening"),
            Self::Down { retry_in } => {
                write!(f, "not listening, next attempt in {}s", retry_in.as_secs())
            }
            Self::Connecting => f.write_str("connecting"),
            Self::Live => f.write_str("listening"),
        }
    }
}
