//! What a fault does to the request that it meets.

use std::borrow::Cow;
use std::time::Duration;

use http::{Method, StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use strum::{EnumCount, IntoStaticStr, VariantNames};

use super::rate::Rate;
use super::request::RequestFacts;
use crate::document::{As, True};
use crate::form::{Span, Wait};
use crate::operation::Operation;

/// How far back a stale answer may reach: what the engine keeps of its past.
pub const STALE_AT_MOST: Duration = Duration::from_secs(600);

/// How many effects act on events or sockets alone.
const EVENT_EFFECTS: usize = 8;

/// What a fault does: a row for each effect, whose name is its key in a plan.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    JsonSchema,
    EnumCount,
    VariantNames,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Effect {
    /// That answer, in the API's envelope; not carried out.
    Status(#[serde(with = "As::<StatusNumber>")] StatusCode),
    /// A refusal as the API throttles; not carried out.
    Throttle(Throttle),
    /// A slow answer: 5s, or {uniform: [1s, 3s]}.
    Delay(Delay),
    /// No answer until the client gives up; not carried out.
    Hang(True),
    /// A TCP reset before any byte of an answer; not carried out.
    Reset(True),
    /// An orderly close before any byte of an answer; not carried out.
    Close(True),
    /// The full Content-Length, so many bytes, then the end.
    CutBody(
        #[schemars(extend(
            "x-name" = "a number of bytes",
            "x-hint" = "the number of bytes that get through: `cut_body: 40`"
        ))]
        u64,
    ),
    /// A slow body: 100B/s, 1kB/s.
    Drip(Rate),
    /// 200 with bytes that are not JSON; not carried out.
    Garbage(True),
    /// 200 with a web page, as a proxy in the way would send it; not carried out.
    Html(True),
    /// 200 without a body; not carried out.
    EmptyBody(True),
    /// 200 with `data` of a type that no route has; not carried out.
    WrongType(True),
    /// 200 with `error: true`; not carried out.
    ErrorEnvelope(True),
    /// 200 without `data`; not carried out.
    MissingData(True),
    /// 200 with `data: null`; not carried out.
    NullData(True),
    /// Carried out, then a reset instead of the answer.
    LoseAnswer(True),
    /// Not carried out, and a reset instead of an answer.
    LoseRequest(True),
    /// The answer as of so long ago, 10m at most, with Bloom-Status: HIT.
    Stale(#[serde(with = "As::<Wait>")] Duration),
    /// A list answer without its items.
    EmptyPage(True),
    /// A list answer without its last item.
    ShortPage(True),
    /// The page before the one that was asked for.
    RepeatPage(True),
    /// Computed now, delivered after the next answer of its operation.
    HoldOrder(True),
    /// A clock shows another time while the window is open, the client's in virtual time only; the
    /// request itself is left alone.
    Clock(Side),
    // What acts on events or sockets alone stands at the end (EVENT_EFFECTS).
    /// An event that is never sent.
    Drop(True),
    /// An event that is sent twice.
    Duplicate(True),
    /// A delivery of a hook whose signature does not fit.
    BadSignature(True),
    /// A delivery of a hook, well signed, from so long ago.
    OldTimestamp(#[serde(with = "As::<Wait>")] Duration),
    /// A delivery of a hook, well signed, about a website that does not have the plugin.
    OtherWebsite(True),
    /// The server sends and answers no heartbeats on the socket of this handshake: the client gives it up.
    MutePings(True),
    /// The socket of this handshake is refused when it authenticates, whatever its credentials are.
    RefuseAuth(True),
    /// The socket is closed: of a handshake once it is authenticated, of an event in its place.
    Kick(True),
}

/// Which part of an exchange an effect takes; of each part one effect acts on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Another answer than the honest one.
    Answer,
    /// Another end of the connection, after part of an answer.
    Cut,
    /// Another end of the connection, without any byte of an answer.
    Silence,
    /// The time of the answer.
    Delay,
    /// The speed of the body.
    Drip,
    /// The order of answers.
    Order,
    /// Whether an event is sent, and how often.
    Copies,
    /// No part of the handshake: the socket that follows, or that an event is for.
    Socket,
    /// What is not as Crisp would send it.
    Forgery,
    /// No part of an exchange: a clock.
    Clock,
}

/// Whose clock.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schemars(extend(
    "x-name" = "a clock, `server` or `client`,",
    "x-hint" = "write `clock: server` with `skew: -60s`, or `clock: client` with `step: +60s`"
))]
pub enum Side {
    /// The server's.
    Server,
    /// The client's.
    Client,
}

/// The two statuses with which the API throttles
/// ([docs/wire.md](https://github.com/crisp-mock/crisp-mock/blob/main/docs/wire.md#throttling)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "u16", try_from = "u16")]
pub enum Throttle {
    /// 429 Too Many Requests.
    TooManyRequests,
    /// 420 Enhance Your Calm.
    EnhanceYourCalm,
}

/// How much later an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend(
    "x-name" = "a delay",
    "x-hint" = "write `5s`, or `{uniform: [1s, 3s]}`"
))]
pub enum Delay {
    /// By exactly so much.
    Fixed(#[serde(with = "As::<Wait>")] Duration),
    /// By anything between two durations, drawn like a chance from the fault's seed (0 without
    /// one).
    #[schemars(extend("additionalProperties" = false, "x-name" = "a delay"))]
    Uniform {
        /// The least and the most.
        #[schemars(extend("x-hint" = "write `{uniform: [1s, 3s]}`"))]
        uniform: [Span; 2],
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

impl From<Throttle> for u16 {
    fn from(throttle: Throttle) -> Self {
        throttle.code()
    }
}

impl TryFrom<u16> for Throttle {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, Self::Error> {
        match status {
            429 => Ok(Self::TooManyRequests),
            420 => Ok(Self::EnhanceYourCalm),
            _ => Err("429 or 420"),
        }
    }
}

impl JsonSchema for Throttle {
    fn schema_name() -> Cow<'static, str> {
        "Throttle".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "enum": [429, 420],
            "x-name": "a status with which the API throttles",
            "x-hint": "429 or 420; `status` gives any other answer",
        })
    }
}

/// A status as it is written: a number from 200 to 599.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-hint" = "a status from 200 to 599"))]
pub(super) struct StatusNumber(#[schemars(range(min = 200, max = 599))] u16);

impl From<StatusCode> for StatusNumber {
    fn from(status: StatusCode) -> Self {
        Self(status.as_u16())
    }
}

impl From<StatusNumber> for StatusCode {
    fn from(number: StatusNumber) -> Self {
        // The schema bounds the number, so every value that is read is a status.
        Self::from_u16(number.0).unwrap_or(Self::INTERNAL_SERVER_ERROR)
    }
}

impl Effect {
    /// The keys under which effects are written in a plan, all of them.
    pub const KEYS: [&'static str; Self::COUNT] = match Self::VARIANTS.first_chunk() {
        Some(keys) => *keys,
        None => unreachable!(),
    };

    /// The keys of those that act on requests, or on clocks: all but the last `EVENT_EFFECTS`.
    pub const REQUEST_KEYS: [&'static str; Self::COUNT - EVENT_EFFECTS] =
        match Self::VARIANTS.first_chunk() {
            Some(keys) => *keys,
            None => unreachable!(),
        };

    /// The key under which the effect is written in a plan.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.into()
    }

    pub(super) fn part(&self) -> Part {
        match self {
            Self::Hang(_) | Self::Reset(_) | Self::Close(_) => Part::Silence,
            Self::LoseAnswer(_) | Self::LoseRequest(_) => Part::Silence,
            Self::CutBody(_) => Part::Cut,
            Self::Delay(_) => Part::Delay,
            Self::Drip(_) => Part::Drip,
            Self::HoldOrder(_) => Part::Order,
            Self::Drop(_) | Self::Duplicate(_) => Part::Copies,
            Self::MutePings(_) | Self::RefuseAuth(_) | Self::Kick(_) => Part::Socket,
            Self::BadSignature(_) | Self::OldTimestamp(_) | Self::OtherWebsite(_) => Part::Forgery,
            Self::Clock(_) => Part::Clock,
            _ => Part::Answer,
        }
    }

    /// Whether the client gets another answer than the honest one.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.part() == Part::Answer
    }

    /// Whether the connection ends in another way than the orderly one.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        matches!(self.part(), Part::Cut | Part::Silence)
    }

    /// Whether the engine is asked at all. The answers for which it is only ever meet reads, so
    /// nothing but the reading is carried out.
    #[must_use]
    pub fn carries_out(&self) -> bool {
        match self.part() {
            Part::Answer => self.alters_a_list() || matches!(self, Self::Stale(_)),
            Part::Silence => matches!(self, Self::LoseAnswer(_)),
            _ => true,
        }
    }

    /// Whether it makes sense for list answers only.
    #[must_use]
    pub fn alters_a_list(&self) -> bool {
        matches!(self, Self::EmptyPage(_) | Self::ShortPage(_) | Self::RepeatPage(_))
    }

    /// Whether it acts on events alone, and not on requests.
    #[must_use]
    pub fn is_for_events(&self) -> bool {
        matches!(self.part(), Part::Copies | Part::Forgery)
    }

    /// Whether it makes of a delivery something that Crisp would not send.
    #[must_use]
    pub fn is_forgery(&self) -> bool {
        self.part() == Part::Forgery
    }

    /// Whether it can act on a delivery of a hook.
    #[must_use]
    pub fn fits_hooks(&self) -> bool {
        matches!(self.part(), Part::Copies | Part::Forgery | Part::Delay | Part::Order)
    }

    /// Whether it acts on the socket that follows a handshake.
    #[must_use]
    pub fn is_for_sockets(&self) -> bool {
        self.part() == Part::Socket
    }

    /// Whether it can act on an event on its way to a socket, which has no answer.
    #[must_use]
    pub fn fits_socket_events(&self) -> bool {
        matches!(self.part(), Part::Copies | Part::Delay | Part::Order)
            || matches!(self, Self::Kick(_) | Self::Reset(_) | Self::Close(_))
    }

    /// Whether it can meet a request like this one: only a read can be stale, only a list can have
    /// an item too few, and only a second page can be the first once more.
    pub(super) fn fits(&self, request: &RequestFacts<'_>) -> bool {
        match self {
            _ if request.operation == Operation::RtmEvent => self.fits_socket_events(),
            _ if request.operation == Operation::Hook => self.fits_hooks(),
            _ if self.is_for_events() => false,
            _ if self.is_for_sockets() => request.operation == Operation::Rtm,
            Self::Stale(_) => [Method::GET, Method::HEAD].contains(request.method),
            Self::EmptyPage(_) | Self::ShortPage(_) => {
                matches!(request.operation, Operation::List | Operation::Since)
            }
            Self::RepeatPage(_) => {
                request.operation == Operation::List && request.page.is_some_and(|page| page > 1)
            }
            _ => true,
        }
    }
}
