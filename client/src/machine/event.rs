//! What goes into the machine and what comes out of it.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::socket::{SocketAction, SocketEvent, SocketId};
use crate::wire::Refused;
use crate::{Change, Settings, WebsiteId};

/// The time as the driver sees it, handed in with every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Time since any fixed start, by a clock that never jumps. All waits go by it.
    pub elapsed: Duration,
    /// The wall clock, right or wrong. Only looked at while no answer has carried a `Date`.
    pub wall: Timestamp,
}

/// Names one request between [`Action::Send`] and its [`Event::Answer`] or [`Event::Failed`].
/// Counts up from 1 in the order of sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// The caller's name for one save, echoed in its [`Action::SaveEnded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Which route a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `GET plugin/connect/account`.
    Account,
    /// `GET plugin/connect/websites/all/{page}`.
    List(u32),
    /// `GET plugin/connect/websites/since`.
    Since,
    /// `GET plugins/subscription/{w}/{p}/settings`.
    GetSettings(WebsiteId),
    /// `PUT plugins/subscription/{w}/{p}/settings`.
    SaveSettings(WebsiteId),
    /// `PATCH plugins/subscription/{w}/{p}/settings`.
    UpdateSettings(WebsiteId),
    /// `GET plugin/connect/endpoints`, when the machine listens.
    Endpoints,
}

impl Operation {
    /// The short name, as fault plans and journals write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::List(_) => "list",
            Self::Since => "since",
            Self::GetSettings(_) => "get_settings",
            Self::SaveSettings(_) => "save_settings",
            Self::UpdateSettings(_) => "update_settings",
            Self::Endpoints => "endpoints",
        }
    }

    /// Whether this is a save, which must never be sent twice on one order.
    pub fn is_save(self) -> bool {
        matches!(self, Self::SaveSettings(_) | Self::UpdateSettings(_))
    }
}

/// Why there is no whole answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Failure {
    /// No connection came about, so the request was certainly not carried out.
    #[error("no connection to the API came about")]
    Connect,
    /// Nothing, or not everything, came within the time-out.
    #[error("no whole answer within the time-out")]
    Timeout,
    /// The connection broke, before, in the head or in the body of the answer.
    #[error("the connection broke before the whole answer was there")]
    Broken,
}

/// How settings are saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// `PUT`: the website's settings are replaced by these.
    Put,
    /// `PATCH`: these members are put over what the website has.
    Patch,
}

/// Something happened.
#[derive(Debug)]
pub enum Event {
    /// Time has passed: send this first, and whenever [`next_wake`] is reached.
    ///
    /// [`next_wake`]: super::Machine::next_wake
    Tick,
    /// A request got its whole answer just now. Answers to unknown requests are ignored.
    Answer {
        /// The request's name.
        id: RequestId,
        /// Status, headers and the whole body.
        response: http::Response<Bytes>,
    },
    /// A request got no whole answer, and will not.
    Failed {
        /// The request's name.
        id: RequestId,
        /// In which way.
        failure: Failure,
    },
    /// The plugin wants to save settings.
    Save {
        /// The caller's name for it.
        ticket: Ticket,
        /// Where.
        website: WebsiteId,
        /// What.
        settings: Settings,
        /// Replace or merge.
        how: How,
    },
    /// Poll as soon as may be: a web hook came, or a caller is waiting (hazard E2: an event is
    /// a hint, its payload is not applied).
    PollNow,
    /// Something happened to a socket that [`Action::Socket`] opened. What is said of another than
    /// the newest one is ignored.
    Socket {
        /// The socket's name.
        id: SocketId,
        /// What happened.
        event: SocketEvent,
    },
}

/// What the driver has to do.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are `Send`, and none is kept")]
pub enum Action {
    /// Send this request; answer with [`Event::Answer`] or [`Event::Failed`].
    Send {
        /// Its name.
        id: RequestId,
        /// Its route.
        operation: Operation,
        /// Method, absolute address, headers and body, ready to go.
        request: http::Request<Bytes>,
        /// When to stop waiting. The machine stops by itself at that moment, if it is ticked.
        timeout: Duration,
    },
    /// The machine has given this request up; its answer would be ignored.
    Abandon {
        /// Its name.
        id: RequestId,
    },
    /// The cache is different now; [`snapshot`](super::Machine::snapshot) has it whole.
    Changed(Vec<Change>),
    /// The first complete set of websites is in the cache.
    Ready,
    /// A save has come to its end.
    SaveEnded {
        /// The caller's name for it.
        ticket: Ticket,
        /// Its end.
        outcome: SaveOutcome,
    },
    /// To be done with a socket of the RTM API. Never comes unless
    /// [`Config::listening`](crate::Config::listening) is set.
    Socket {
        /// The socket's name.
        id: SocketId,
        /// What to do.
        action: SocketAction,
    },
}

/// How a save ended.
#[derive(Clone, Debug, PartialEq)]
pub enum SaveOutcome {
    /// The API has it, and the cache shows it, or something newer. (A website that the cache does
    /// not have yet is shown as soon as it has been read: a save's answer has no token.)
    Done,
    /// It was certainly not carried out. The cache is as it was.
    Refused(Refusal),
    /// Whether it was carried out is unknown, and reading back did not show it. It is not
    /// sent again by itself: newer settings of another writer could be overwritten.
    Unknown {
        /// What went wrong with the save.
        problem: String,
        /// The website's settings as they were read afterwards; `None` if that failed too.
        /// Then the read-back goes on, and the cache will have the truth when it succeeds.
        holds: Option<Settings>,
    },
}

/// Why a save was certainly not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The API refused it: mend what it says.
    #[error(transparent)]
    Api(Refused),
    /// It never left: no connection. Save again when there is one.
    #[error("the save never left: no connection to the API")]
    NotSent,
    /// It was wrong before it was sent: no JSON, or not what the plugin's schema allows. Mend it.
    #[error("the save was not sent: {problem}")]
    Invalid {
        /// What is wrong with it.
        problem: String,
    },
    /// The cache was stopped before.
    #[error("the save was not sent: the cache was stopped")]
    Stopped,
    /// The API asked for silence, or cannot be asked which plugin this is, for longer than a
    /// save may wait. Save again later.
    #[error("the save was not sent: the API cannot be asked for another {}s", .retry_in.as_secs())]
    Waiting {
        /// How long until sending is allowed again, as far as is known.
        retry_in: Duration,
    },
}
