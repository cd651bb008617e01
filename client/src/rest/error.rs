//! What can go wrong with a call, and what to do about it.

use std::time::Duration;

use crate::machine::Failure;
use crate::transport::TransportError;
use crate::wire::{Refused, Unreadable};

/// A call without the answer that was asked for. Every variant says what to do; [`advice`]
/// says it to a program.
///
/// [`advice`]: Self::advice
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No whole answer. Repeat a read; whether a write was carried out is unknown, unless
    /// the failure is [`Failure::Connect`].
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A success status around something that is not the API's. Repeat a read; the outcome of a
    /// write is unknown.
    #[error("the answer cannot be read: {0}")]
    Unreadable(#[from] Unreadable),
    /// 5xx, 408 or a status that makes no sense here. Repeat a read, waiting longer each time;
    /// the outcome of a write is unknown.
    #[error("the API is in trouble: {0}")]
    Server(Refused),
    /// 429 or 420: too many requests. Be silent for the time given, else for longer each time; if
    /// it is the daily quota, until tomorrow.
    #[error("asked too much: {refused}")]
    Throttled {
        /// What the API says.
        refused: Refused,
        /// How long it wants silence, when it says so.
        retry_after: Option<Duration>,
    },
    /// 401: the token is wrong or was rolled. A person has to give a new one.
    #[error("the token is not accepted: {0}")]
    Credentials(Refused),
    /// 403: the token is right, but not for this: another tier or scope is needed.
    #[error("the token may not do this: {0}")]
    NotAllowed(Refused),
    /// 404 `not_subscribed` or `website_not_found`: the plugin is not installed there (any more).
    #[error("the plugin is not installed there: {0}")]
    NotSubscribed(Refused),
    /// 400 or 422: what was sent is wrong, usually settings that the schema does not allow. Mend
    /// them.
    #[error("what was sent is wrong: {0}")]
    Invalid(Refused),
    /// Any other refusal. Repeating it will hardly help.
    #[error(transparent)]
    Refused(Refused),
    /// The value cannot be written as JSON. Nothing was sent.
    #[error("the value cannot be written as JSON: {0}")]
    Unwritable(String),
}

/// What to do after an [`ApiError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Wait, longer each time, and ask again; read back before repeating a write that
    /// [may have been carried out](ApiError::may_have_been_carried_out).
    Repeat,
    /// Ask again after this time and not before.
    RepeatAfter(Duration),
    /// Asking again will not help: a person or the program has to change something.
    Mend,
}

impl ApiError {
    pub(crate) fn of(refused: Refused, retry_after: Option<Duration>) -> Self {
        match (refused.status, refused.reason.as_str()) {
            (429 | 420, _) => Self::Throttled { refused, retry_after },
            (401, _) => Self::Credentials(refused),
            (403, _) => Self::NotAllowed(refused),
            (404, "not_subscribed" | "website_not_found") => Self::NotSubscribed(refused),
            (400 | 422, _) => Self::Invalid(refused),
            (408, _) => Self::Server(refused),
            (400..=499, _) => Self::Refused(refused),
            _ => Self::Server(refused),
        }
    }

    /// What to do.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Transport(_) | Self::Unreadable(_) | Self::Server(_) => Advice::Repeat,
            Self::Throttled { retry_after: Some(wait), .. } => Advice::RepeatAfter(*wait),
            Self::Throttled { retry_after: None, .. } => Advice::Repeat,
            _ => Advice::Mend,
        }
    }

    /// Whether a write that ended like this may have changed something after all.
    pub fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::Transport(error) => error.failure != Failure::Connect,
            Self::Unreadable(_) | Self::Server(_) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, reason: &str) -> ApiError {
        ApiError::of(Refused { status, reason: reason.to_owned(), message: None }, None)
    }

    #[test]
    fn every_refusal_says_whether_to_repeat_or_to_mend() {
        for (status, advice) in [
            (429, Advice::Repeat),
            (420, Advice::Repeat),
            (503, Advice::Repeat),
            (408, Advice::Repeat),
            (401, Advice::Mend),
            (403, Advice::Mend),
            (404, Advice::Mend),
            (400, Advice::Mend),
            (423, Advice::Mend),
        ] {
            assert_eq!(of(status, "").advice(), advice, "{status}");
        }
    }

    #[test]
    fn a_refusal_was_not_carried_out_and_a_server_error_may_have_been() {
        assert!(!of(400, "invalid_data").may_have_been_carried_out());
        assert!(of(500, "").may_have_been_carried_out());
        let broken =
            |failure| ApiError::Transport(TransportError { failure, detail: String::new() });
        assert!(broken(Failure::Broken).may_have_been_carried_out());
        assert!(!broken(Failure::Connect).may_have_been_carried_out());
    }

    #[test]
    fn only_a_known_reason_means_not_subscribed() {
        assert!(matches!(of(404, "not_subscribed"), ApiError::NotSubscribed(_)));
        assert!(matches!(of(404, "not_found"), ApiError::Refused(_)));
    }
}
