//! What a fault does to the request that it meets.

use std::time::Duration;

use http::{Method, StatusCode};

use super::armed::Circumstances;
use super::rate::Rate;
use crate::operation::Operation;

/// How far back a stale answer may reach: what the engine keeps of its past.
pub const STALE_AT_MOST: Duration = Duration::from_secs(600);

/// What a fault does. Of each kind one can act on a request; different kinds combine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Another answer than the honest one.
    Answer(Answer),
    /// Another end of the connection than the orderly one.
    Ending(Ending),
    /// The answer comes later.
    Delay(Delay),
    /// The body trickles.
    Drip(Rate),
    /// The answer is computed now and delivered after the next one of its operation.
    HoldOrder,
    /// A clock shows another time; the request itself is left alone.
    Clock(ClockFault),
}

/// An answer that is not the honest one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// That status, in the API's envelope.
    Status {
        /// 200 to 599.
        status: StatusCode,
        /// The envelope's `reason`; without it, one that fits the status.
        reason: Option<String>,
        /// Sent as `Retry-After`, in whole seconds rounded up.
        retry_after: Option<Duration>,
    },
    /// A refusal as the API throttles.
    Throttle {
        /// With which of the two statuses.
        status: Throttle,
        /// Sent as `Retry-After`, in whole seconds rounded up.
        retry_after: Option<Duration>,
    },
    /// 200 with bytes that are not JSON.
    Garbage,
    /// 200 with a web page, as a proxy in the way would send it.
    Html,
    /// 200 with no body at all.
    EmptyBody,
    /// 200 with a `data` of a type that no route has.
    WrongType,
    /// 200 whose envelope says `error: true`.
    ErrorEnvelope,
    /// 200 whose envelope has no `data`.
    MissingData,
    /// 200 whose envelope has `data: null`.
    NullData,
    /// What the server would have answered so long ago, at most [`STALE_AT_MOST`].
    Stale(Duration),
    /// A list answer without its items.
    EmptyPage,
    /// A list answer without its last item.
    ShortPage,
    /// The page before the one that was asked for.
    RepeatPage,
}

/// The two statuses with which the API throttles (specification §1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// 429 Too Many Requests.
    TooManyRequests,
    /// 420 Enhance Your Calm.
    EnhanceYourCalm,
}

/// An end of the connection that is not the orderly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The head declares the full body, so many bytes of it follow, then the connection ends.
    CutBody(u64),
    /// No answer until the client gives up.
    Hang,
    /// A TCP reset before any byte of an answer.
    Reset,
    /// An orderly close before any byte of an answer.
    Close,
    /// The request is carried out, then the connection is reset.
    LoseAnswer,
    /// The request is not carried out, and the connection is reset.
    LoseRequest,
}

/// How much later an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    /// By exactly so much.
    Fixed(Duration),
    /// By anything from one duration to another, drawn like a chance from the fault's seed (0
    /// without one).
    Uniform(Duration, Duration),
}

/// A clock that shows another time while the window is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockFault {
    /// The server's wall clock is off by so many milliseconds.
    Server {
        /// Ahead when positive, behind when negative.
        skew_millis: i64,
    },
    /// The client's clock is moved by so many milliseconds. Only virtual time can do that.
    Client {
        /// Forward when positive, back when negative.
        step_millis: i64,
    },
}

impl Throttle {
    /// The status on the wire.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::TooManyRequests => 429,
            Self::EnhanceYourCalm => 420,
        }
    }
}

impl Ending {
    /// Whether any byte of an answer reaches the client.
    #[must_use]
    pub fn answers(self) -> bool {
        matches!(self, Self::CutBody(_))
    }

    /// Whether the request is carried out all the same.
    #[must_use]
    pub fn carries_out(self) -> bool {
        matches!(self, Self::CutBody(_) | Self::LoseAnswer)
    }
}

impl Answer {
    /// Whether the engine is asked at all. Those for which it is only ever meet reads, so nothing
    /// but the reading is carried out.
    #[must_use]
    pub fn carries_out(&self) -> bool {
        self.alters_a_list() || matches!(self, Self::Stale(_))
    }

    /// Whether it makes sense for list answers only.
    #[must_use]
    pub fn alters_a_list(&self) -> bool {
        matches!(self, Self::EmptyPage | Self::ShortPage | Self::RepeatPage)
    }

    /// Whether it can meet a request like this one: only a read can be stale, only a list can have
    /// a page too few, and only a second page can be the first once more.
    fn fits(&self, request: &Circumstances<'_>) -> bool {
        match self {
            Self::Stale(_) => [Method::GET, Method::HEAD].contains(request.method),
            Self::EmptyPage | Self::ShortPage => {
                matches!(request.operation, Operation::List | Operation::Since)
            }
            Self::RepeatPage => {
                request.operation == Operation::List && request.page.is_some_and(|page| page > 1)
            }
            _ => true,
        }
    }
}

impl Effect {
    /// The keys under which effects are written in a plan, all of them.
    pub const KEYS: [&str; 23] = super::parse::EFFECTS;

    /// The key under which the effect is written in a plan.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Answer(answer) => match answer {
                Answer::Status { .. } => "status",
                Answer::Throttle { .. } => "throttle",
                Answer::Garbage => "garbage",
                Answer::Html => "html",
                Answer::EmptyBody => "empty_body",
                Answer::WrongType => "wrong_type",
                Answer::ErrorEnvelope => "error_envelope",
                Answer::MissingData => "missing_data",
                Answer::NullData => "null_data",
                Answer::Stale(_) => "stale",
                Answer::EmptyPage => "empty_page",
                Answer::ShortPage => "short_page",
                Answer::RepeatPage => "repeat_page",
            },
            Self::Ending(ending) => match ending {
                Ending::CutBody(_) => "cut_body",
                Ending::Hang => "hang",
                Ending::Reset => "reset",
                Ending::Close => "close",
                Ending::LoseAnswer => "lose_answer",
                Ending::LoseRequest => "lose_request",
            },
            Self::Delay(_) => "delay",
            Self::Drip(_) => "drip",
            Self::HoldOrder => "hold_order",
            Self::Clock(_) => "clock",
        }
    }

    pub(super) fn fits(&self, request: &Circumstances<'_>) -> bool {
        match self {
            Self::Answer(answer) => answer.fits(request),
            _ => true,
        }
    }
}
