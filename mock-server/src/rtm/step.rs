//! What a socket has to do next, for the edge that does it.

use std::time::Duration;

use super::queue::Handling;

/// How a connection ends, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// By an RST in place of a WebSocket close.
    pub by_reset: bool,
    /// The reason, for the journal.
    pub why: String,
}

/// What the edge is to do for a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Frames to send, in this order.
    pub frames: Vec<String>,
    /// The events that were found to be for this socket since the last step, by their numbers, and what
    /// becomes of each: every one is an occurrence of `rtm_event`, in this order.
    pub taken: Vec<(u64, Handling)>,
    /// Which of the frames carry an event, by their places, and its number.
    pub carried: Vec<(usize, u64)>,
    /// The socket ends after those.
    pub end: Option<End>,
    /// Outside time at which to ask again at the latest.
    pub due: Option<Duration>,
    /// Elapsed time of the world at which to ask again at the latest; what has passed already means at
    /// once, after the frames were sent.
    pub elapsed_due: Option<Duration>,
}
