//! One delivery: an event on its way to one hook, over all its attempts.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::{Hook, Signed};
use crate::fault::{Fired, Forgery};
use crate::id::WebsiteId;

/// The number of a delivery: from 1 after each start or reset of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct DeliveryId(pub u64);

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// With an answer of this status.
    Answered(u16),
    /// Nothing could be sent, and why.
    NotSent(String),
    /// No whole answer came in time.
    TimedOut,
    /// The receiver ended the connection before a whole answer, and how.
    ClosedEarly(String),
}

impl Outcome {
    /// What happened, in a word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Answered(status) => Some(*status),
            _ => None,
        }
    }

    /// Why there was no answer, if there is more to say than its name.
    #[must_use]
    pub fn error(&self) -> Option<&str> {
        match self {
            Self::NotSent(error) | Self::ClosedEarly(error) => Some(error),
            Self::Answered(_) | Self::TimedOut => None,
        }
    }

    /// Whether the receiver took the delivery: a status of 200 to 299.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which, from 1.
    pub count: u32,
    /// When it was sent, in milliseconds of the world's elapsed time.
    pub elapsed_ms: u64,
    /// How it ended; none while it is under way.
    pub ended: Option<Ended>,
}

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// How long it took, in milliseconds of real time.
    pub took_ms: u64,
    /// The beginning of the answer's body.
    pub answer: String,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum State {
    /// The next attempt is due at this elapsed time.
    Waiting {
        /// When.
        due: Duration,
    },
    /// An attempt is under way.
    Sending,
    /// The receiver answered 2xx.
    Delivered,
    /// All attempts failed.
    Failed,
    /// A fault dropped it: it is never sent.
    Dropped,
    /// Its hook is suspended: it is not sent.
    Suspended,
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// An event on its way to one hook.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// The place of its hook among the hooks.
    pub hook: usize,
    /// Where it goes.
    pub to: Arc<Hook>,
    /// The number of its event.
    pub event_seq: u64,
    /// The event's name.
    pub event: String,
    /// The event's website, as the world has it.
    pub website_id: WebsiteId,
    /// Body, time stamp and signature of all attempts.
    pub signed: Signed,
    /// Where it stands.
    pub state: State,
    /// What was tried, oldest first.
    pub attempts: Vec<Attempt>,
    /// How often it is tried at most, not counting what is redelivered by hand.
    pub limit: u32,
    /// It waits until a later delivery of its hook was sent.
    pub(super) is_held: bool,
    /// What a forger would send, if it is that.
    pub forgery: Option<Forgery>,
    /// The faults that acted on it.
    pub faults: Vec<Fired>,
}

impl Delivery {
    /// When the next attempt is due, if one is to come.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        match self.state {
            State::Waiting { due } => Some(due),
            _ => None,
        }
    }

    /// Whether nothing more happens to it by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        !matches!(self.state, State::Waiting { .. } | State::Sending)
    }

    /// Whether it is a forgery that the receiver answered with 2xx.
    #[must_use]
    pub fn is_forgery_taken(&self) -> bool {
        let taken = |attempt: &Attempt| {
            attempt.ended.as_ref().is_some_and(|ended| ended.outcome.is_taken())
        };
        self.forgery.is_some() && self.attempts.iter().any(taken)
    }
}
