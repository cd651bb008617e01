//! What is judged: a client as a function of time and events, without a socket.
//!
//! A [`Subject`] is one running client; a [`Client`] makes one for each start and restart. The
//! harness carries its requests to the emulator and tells it what came of them. A client
//! of your own in Rust that implements these two is judged by every scenario.

mod guide;
mod guide_events;
mod replicas;
mod sync;

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::id::WebsiteId;
use http::{Request, Response};
use jiff::Timestamp;

pub use guide::Guide;
pub use guide_events::GuideEvents;
pub use replicas::SyncReplicas;
pub use sync::{Running, Sync};

use crate::scenario;
pub use crate::words::{How, RequestId};
use crate::words::{SaveEnd, Standing};

/// The time, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since the start of the world, by a clock that never jumps.
    pub elapsed: Duration,
    /// The client's wall clock, right or wrong.
    pub wall: Timestamp,
}

/// Something that happens to a client.
#[derive(Debug)]
pub enum Event {
    /// It has been started; or its own alarm went off.
    Tick,
    /// A request got its whole answer.
    Answer(RequestId, Response<Bytes>),
    /// A request got no whole answer, and will not.
    Failed(RequestId),
    /// It is to save settings.
    Save {
        /// The order's number, to be named when it ends.
        ticket: u64,
        /// Where.
        website: WebsiteId,
        /// What, as JSON text.
        settings: String,
        /// The website's token at the server, with which its settings page is opened.
        token: Option<String>,
        /// Replace or merge.
        how: How,
    },
    /// Something happens on its socket.
    Socket(SocketEvent),
}

/// What happens on a client's socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// Its handshake was answered: frames go both ways.
    Opened,
    /// Its handshake was refused, or met no whole answer: there is no socket.
    Refused,
    /// A frame came.
    Text(String),
    /// It has ended, and not by the client: there is no socket any more.
    Closed {
        /// By an RST in place of a WebSocket close.
        by_reset: bool,
    },
}

/// What a client does with a socket; it has one at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketAction {
    /// It opens one at this address, or at this path and query under the host of the API:
    /// `/socket.io/?EIO=4&transport=websocket`. One that is open is closed.
    Open(String),
    /// It sends a frame.
    Text(String),
    /// It closes it. Nothing more happens on it.
    Close,
}

/// Something that a client does.
#[derive(Debug)]
pub enum Action {
    /// It sends a request.
    Send(RequestId, Request<Bytes>),
    /// It does not want the answer to a request any more.
    Abandon(RequestId),
    /// Its cache holds something else for a website; none: nothing.
    Shows(WebsiteId, Option<Held>),
    /// It says that its first set is complete.
    Ready,
    /// A save has come to its end.
    SaveEnded(u64, SaveEnd),
    /// It does something with its socket of the RTM API.
    Socket(SocketAction),
}

/// A website as a cache holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its settings, as JSON text.
    pub settings: String,
    /// Its token, when the client keeps it.
    pub token: Option<String>,
}

/// What a client says of how current its cache is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportedStatus {
    /// In one word.
    pub standing: Standing,
    /// How old its knowledge is.
    pub age: Option<Duration>,
}

/// One running client.
pub trait Subject: Send {
    /// Takes an event in and says what it does, in order.
    fn handle(&mut self, now: Moment, event: Event, actions: &mut Vec<Action>);

    /// An answer is about to be handed over, and its alarm is due at the same moment: what it does
    /// of itself comes before what it does because of the answer. A client that takes both in at
    /// once, the answer first, has nothing to do here.
    fn before_answer(&mut self, _now: Moment, _actions: &mut Vec<Action>) {}

    /// An answer broke off, and this is what had come of it; [`Event::Failed`] follows. A client
    /// that drops what is not whole has nothing to do here.
    fn broke_off(
        &mut self,
        _now: Moment,
        _id: RequestId,
        _begun: Response<Bytes>,
        _actions: &mut Vec<Action>,
    ) {
    }

    /// The client after its process has ended and begun anew with what this one has stored on disk,
    /// and what its cache holds at once; none: it stores nothing.
    fn resumed(&self, _now: Moment, _actions: &mut Vec<Action>) -> Option<Box<dyn Subject>> {
        None
    }

    /// When it wants a [`Event::Tick`], on the scale of [`Moment::elapsed`].
    fn next_wake(&self) -> Option<Duration>;

    /// What it says of how current its cache is, if it says anything.
    fn status(&self, now: Moment) -> Option<ReportedStatus>;
}

/// Where the API is and how the scenario wants the client to be set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The API's base, ending in `/v1/`.
    pub base: String,
    /// The plugin token's identifier.
    pub identifier: String,
    /// The plugin token's key.
    pub key: String,
    /// What the scenario says.
    pub client: scenario::Client,
}

/// A client that can be started.
pub trait Client: Send + std::marker::Sync {
    /// Who it is, and what can be judged.
    fn about(&self, setup: &scenario::Client) -> About;

    /// Starts it with an empty memory.
    fn start(&self, setup: &Setup, now: Moment) -> Box<dyn Subject>;

    /// How the server's settings of a website look in its cache (none: unconfigured); none where
    /// the cache is not to have the website at all.
    fn view<'a>(&self, settings: Option<&'a str>) -> Option<Cow<'a, str>> {
        Some(Cow::Borrowed(settings.unwrap_or("{}")))
    }
}

/// Who a client is, what it can do, and how it says that it behaves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it can do.
    pub abilities: Abilities,
    /// How it says that it behaves.
    pub declared: DeclaredTiming,
}

/// What a client can do; what it cannot is not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Abilities {
    /// It saves settings when it is asked to.
    pub saves: bool,
    /// It saves by a page of its own, which may send more than it is given, and whole or in part.
    pub own_page: bool,
    /// Its cache has the tokens.
    pub tokens: bool,
    /// It says how current its cache is.
    pub status: bool,
    /// It declares its waits, so that its pacing can be judged.
    pub waits: bool,
    /// It listens to the RTM API.
    pub listens: bool,
}

/// How a client says that it behaves, from which the bounds are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeclaredTiming {
    /// From one poll to the next.
    pub poll_every: Duration,
    /// From one poll to the next at most, when a quota makes it save.
    pub longest_poll: Duration,
    /// From one poll to the next while its socket is live, when that is longer: a change that no event
    /// tells of has to wait for it. Zero of a client that does not listen, or promises nothing more for it.
    pub while_listening: Duration,
    /// How far back each poll looks.
    pub overlap: Duration,
    /// How long it waits for an answer.
    pub request_timeout: Duration,
    /// The longest first wait after a failure.
    pub first_retry: Duration,
    /// The longest wait after failures of the network and the server.
    pub retry_cap: Duration,
    /// The longest wait after refusals such as 401 and 404.
    pub refused_cap: Duration,
    /// The longest wait after 429 and 420 that do not say how long.
    pub throttled_cap: Duration,
    /// The longest `Retry-After` that is obeyed.
    pub longest_retry_after: Duration,
    /// From one full list to the next; none: never again.
    pub relist_every: Option<Duration>,
    /// Whether it is of a shape that these times do not describe in full, so that it may ask for
    /// more than they make.
    pub leeway: bool,
}

impl DeclaredTiming {
    /// From one poll to the next at most, whatever makes it wait.
    #[must_use]
    pub fn rarest_poll(&self) -> Duration {
        self.longest_poll.max(self.while_listening)
    }
}
