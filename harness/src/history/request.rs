//! One request, from its sending to its end.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::operation::Operation;
use jiff::Timestamp;

use super::event::Site;
use crate::words::Spot;

/// What reached the client, as far as it can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quality {
    /// The API's honest answer, whole.
    Good,
    /// The API's honest no, which is news: no such page, not subscribed, not valid.
    Denied,
    /// A refusal: a status from 300 on, with or without a body that makes sense.
    Refusal,
    /// 200 with something that is not the API's answer.
    Unreadable,
    /// No whole answer.
    Broken,
    /// An answer from an earlier time, marked as such.
    Stale,
    /// An answer that leaves something out, or repeats something, without a mark.
    Lie,
    /// A status below 300 that a fault made up.
    Invented,
}

impl Quality {
    /// Whether a client can see that there is nothing to be learnt from it.
    #[must_use]
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Refusal | Self::Unreadable | Self::Broken)
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its operation.
    pub operation: Operation,
    /// Its page, for a list.
    pub page: Option<u32>,
    /// The website in its path.
    pub site: Option<Site>,
    /// Its 1-based index among the requests of its operation.
    pub number: u64,
    /// Its 1-based index among the requests of its page.
    pub page_number: u64,
    /// How often the client had been started anew.
    pub life: u32,
    /// When it was sent, and dealt with by the server.
    pub sent: Duration,
    /// When its end reached the client.
    pub ended: Option<Duration>,
    /// What the client meets.
    pub quality: Quality,
    /// The status, when there is an answer.
    pub status: Option<u16>,
    /// How long the answer asks to be left alone.
    pub retry_after: Option<Duration>,
    /// Whether the server carried it out.
    pub carried_out: bool,
    /// What the clock of the server showed when it dealt with it.
    pub clock: Option<Timestamp>,
    /// Whether it asks for configured websites alone.
    pub configured_only: bool,
    /// What `date_since` asks from, as it was sent: [`Request::asks_from`] reads it.
    pub since: Option<Box<str>>,
    /// The keys of the faults that met it.
    pub faults: Vec<&'static str>,
    /// The save that it belongs to.
    pub save: Option<u32>,
    /// The body of the answer, for reports.
    pub body: Option<Bytes>,
}

impl Request {
    /// Its name in scenarios: `list/2`, `since#3`.
    #[must_use]
    pub fn spot(&self) -> Spot {
        let number = if self.page.is_some() { self.page_number } else { self.number };
        Spot { operation: self.operation, page: self.page, number }
    }

    /// What `date_since` asks from, decoded.
    #[must_use]
    pub fn asks_from(&self) -> Option<Cow<'_, str>> {
        let sent = self.since.as_deref()?;
        Some(percent_encoding::percent_decode_str(sent).decode_utf8_lossy())
    }

    /// Whether it could have changed settings.
    #[must_use]
    pub fn is_save(&self) -> bool {
        matches!(self.operation, Operation::SaveSettings | Operation::UpdateSettings)
    }

    /// Whether it is the handshake of a socket: no question, and no cost of the quota.
    #[must_use]
    pub fn is_handshake(&self) -> bool {
        self.operation == Operation::Rtm
    }

    /// Whether it is about the client's socket: where to open one, or the handshake.
    #[must_use]
    pub fn is_about_a_socket(&self) -> bool {
        self.is_handshake() || self.operation == Operation::Endpoints
    }

    /// Whether it asks what there is, as a load or a poll does.
    #[must_use]
    pub fn is_question(&self) -> bool {
        matches!(self.operation, Operation::Since | Operation::List)
    }

    /// Whether it was refused for what it asks: by no fault, and not for how often it asks.
    #[must_use]
    pub fn is_own_refusal(&self) -> bool {
        let asked_wrongly =
            |status| (400..500).contains(&status) && !matches!(status, 401 | 403 | 408 | 420 | 429);
        self.quality == Quality::Refusal
            && !self.met_fault()
            && self.status.is_some_and(asked_wrongly)
    }

    /// Whether a fault met it.
    #[must_use]
    pub fn met_fault(&self) -> bool {
        !self.faults.is_empty()
    }
}

#[cfg(test)]
impl Request {
    /// One for tests, whose end came at once and has no status.
    pub(crate) fn sent_at(operation: Operation, sent: Duration, quality: Quality) -> Self {
        Self {
            operation,
            page: None,
            site: None,
            number: 1,
            page_number: 1,
            life: 0,
            sent,
            ended: Some(sent),
            quality,
            status: None,
            retry_after: None,
            carried_out: true,
            clock: None,
            configured_only: false,
            since: None,
            faults: Vec::new(),
            save: None,
            body: None,
        }
    }
}
