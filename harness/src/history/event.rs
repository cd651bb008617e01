//! What can happen in a run.

use std::time::Duration;

use super::values::Val;
use crate::words::{SaveEnd, Side, Standing};

/// A website, by its place in [`History::sites`](super::History::sites).
pub type Site = u32;

/// A request, by its place in [`History::requests`](super::History::requests).
pub type RequestIndex = u32;

/// An event on its way to the client's socket, by its place in [`History::notices`](super::History::notices).
pub type NoticeIndex = u32;

/// A website as the server has it, or as the cache shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// Its settings.
    pub settings: Val,
    /// Its token; none when the client does not give it.
    pub token: Option<Val>,
}

/// Who changed the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// It was so before anything happened.
    Start,
    /// An operator at the dashboard.
    Operator,
    /// The client, by this request.
    Client(RequestIndex),
}

/// What became of the client's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SocketState {
    /// Its handshake was answered: frames go both ways.
    Opened,
    /// Its handshake was refused, or met no whole answer.
    Refused,
    /// The client knows that it is authenticated: from here on events reach it.
    Live,
    /// The client emitted `socket:bind`: events of the websites that there are now reach it.
    Bound,
    /// It has ended: by the client, or by the other side or the network.
    Closed {
        /// By the client.
        by_client: bool,
    },
}

/// Something that happened, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Event {
    /// Elapsed time since the start.
    pub at: Duration,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// The server's truth about a website is different now; none: it does not have the plugin.
    Truth {
        /// Which website.
        site: Site,
        /// What it is now.
        state: Option<State>,
        /// Whose doing that was.
        by: By,
    },
    /// The client sent a request, and the server has dealt with it.
    Sent(RequestIndex),
    /// Its answer, or its failure, is about to be handed to the client.
    Arriving(RequestIndex),
    /// The client gave it up.
    Abandoned(RequestIndex),
    /// The client has dealt with what it was handed.
    Handled(RequestIndex),
    /// Something became of the client's socket.
    Socket(SocketState),
    /// An event was found to be for the client's socket.
    EventSent(NoticeIndex),
    /// An event is about to be handed to the client.
    EventArriving(NoticeIndex),
    /// All sockets were ended, as by a network that fails.
    Kicked,
    /// The cache shows a website differently.
    Shows {
        /// Which website.
        site: Site,
        /// What it shows; none: nothing.
        state: Option<State>,
    },
    /// The last of what the cache shows differently in one step has been noted.
    Step,
    /// The client says that its first set is complete.
    Ready,
    /// The client says how current its cache is.
    Status {
        /// In one word.
        standing: Standing,
        /// How old its knowledge is, if it says.
        age: Option<Duration>,
    },
    /// The client was asked to save; the place in [`History::saves`](super::History::saves).
    SaveOrdered(u32),
    /// The client says how a save ended.
    SaveEnded(u32, SaveEnd),
    /// A wall clock was moved.
    Clock {
        /// Whose.
        side: Side,
        /// By so many milliseconds.
        millis: i64,
    },
    /// The client was started anew.
    Restart,
    /// From here on nothing goes wrong any more.
    Quiet,
    /// A fault with a window began or ended to act on a clock.
    ClockWindow(Side),
    /// A step of the scenario could not be carried out, because of what the world was like.
    Idle(u32),
    /// The run is over.
    End,
}
