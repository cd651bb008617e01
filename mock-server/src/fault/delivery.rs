//! What reaches the client, as a description: a socket carries it out, virtual time schedules it.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::rate::Rate;

/// How long an answer that waits for the next one of its operation waits at most, counted from
/// when it would have gone out.
pub const HOLD_ORDER_AT_MOST: Duration = Duration::from_secs(30);

/// How the engine is to carry a request out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carry {
    /// As it was asked.
    AsAsked,
    /// As the world was at this elapsed time; only reads are asked so.
    AsOf(Duration),
    /// With this page of the list instead of its own.
    Page(u32),
}

/// What reaches the client, and when.
#[derive(Debug, Clone)]
#[must_use = "a delivery that is dropped never reaches the client"]
pub struct Delivery {
    /// How long nothing happens after the request's arrival, in elapsed time of its world.
    pub hold: Duration,
    /// What happens then.
    pub outcome: Outcome,
    /// Set when the answer is kept back until another answer of its operation has gone out since
    /// the request arrived, or this long (elapsed time, after `hold`) if none does. Only what
    /// carries bytes of an answer ([`Outcome::response`]) counts as another answer.
    pub after_next: Option<Duration>,
}

/// How a request ends.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// With a whole answer.
    Answer(Response<Bytes>),
    /// With a head that declares the whole body and the first `bytes` bytes of it, at `pace` if
    /// there is one; then the connection ends in an orderly way.
    Cut {
        /// The whole answer.
        response: Response<Bytes>,
        /// How many bytes of its body get through.
        bytes: u64,
        /// How fast they do.
        pace: Option<Rate>,
    },
    /// With a whole answer whose body trickles.
    Drip {
        /// The whole answer.
        response: Response<Bytes>,
        /// How fast the body comes.
        pace: Rate,
    },
    /// With a TCP reset, before any byte of an answer.
    Reset,
    /// With an orderly close, before any byte of an answer.
    Close,
    /// Not at all: the client gives up, or the server stops.
    Hang,
}

impl Delivery {
    /// An honest answer at once.
    pub fn honest(response: Response<Bytes>) -> Self {
        Self { hold: Duration::ZERO, outcome: Outcome::Answer(response), after_next: None }
    }
}

impl From<Response<Bytes>> for Delivery {
    fn from(response: Response<Bytes>) -> Self {
        Self::honest(response)
    }
}

impl Outcome {
    /// The answer of which the client sees at least the head, if it sees one.
    #[must_use]
    pub fn response(&self) -> Option<&Response<Bytes>> {
        match self {
            Self::Answer(response) | Self::Cut { response, .. } | Self::Drip { response, .. } => {
                Some(response)
            }
            Self::Reset | Self::Close | Self::Hang => None,
        }
    }

    /// The same, to add headers to. The body is not to be made longer or shorter.
    pub fn response_mut(&mut self) -> Option<&mut Response<Bytes>> {
        match self {
            Self::Answer(response) | Self::Cut { response, .. } | Self::Drip { response, .. } => {
                Some(response)
            }
            Self::Reset | Self::Close | Self::Hang => None,
        }
    }
}
