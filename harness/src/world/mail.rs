//! Answers on their way to the client.

use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::fault::{Delivery, Outcome};
use crisp_mock_server::operation::Operation;
use http::Response;

use crate::history::RequestIndex;
use crate::words::{LATENCY, RequestId};

/// What reaches the client at the end of one request.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) at: Duration,
    /// Among equal times the earlier order comes first.
    pub(super) order: u64,
    pub(super) request: RequestIndex,
    /// Its name at the client; none for the handshake of a socket.
    pub(super) id: Option<RequestId>,
    operation: Operation,
    /// Whether bytes of an answer are among it.
    carries: bool,
    /// Whether it waits until another answer of its operation has gone out.
    waits: bool,
    /// What comes of it.
    pub(super) content: Content,
}

/// What reaches the client of an answer.
#[derive(Debug)]
pub(super) enum Content {
    /// All of it.
    Whole(Response<Bytes>),
    /// Its beginning.
    Begun(Response<Bytes>),
    /// Nothing.
    Nothing,
}

/// All that is on its way.
#[derive(Debug, Default)]
pub(super) struct Mail {
    letters: Vec<Letter>,
    orders: u64,
}

impl Mail {
    /// Takes a delivery in; returns when it will reach the client, if it ever will.
    pub(super) fn post(
        &mut self,
        now: Duration,
        request: RequestIndex,
        id: Option<RequestId>,
        operation: Operation,
        delivery: Delivery,
    ) -> Option<Duration> {
        let carries = delivery.outcome.response().is_some();
        let (trickle, content) = match delivery.outcome {
            Outcome::Answer(response) => (Duration::ZERO, Content::Whole(response)),
            Outcome::Drip { response, pace } => {
                let time = pace.time_for(response.body().len() as u64);
                (time, Content::Whole(response))
            }
            Outcome::Cut { response, bytes, pace } => {
                let time = pace.map_or(Duration::ZERO, |pace| pace.time_for(bytes));
                let kept = usize::try_from(bytes).unwrap_or(usize::MAX);
                (time, Content::Begun(response.map(|mut body| body.split_to(kept.min(body.len())))))
            }
            Outcome::Reset | Outcome::Close => (Duration::ZERO, Content::Nothing),
            Outcome::Hang => return None,
        };
        let held = delivery.after_next.unwrap_or_default();
        let at = whole_millis(now + LATENCY + delivery.hold + trickle + held);
        self.orders += 1;
        self.letters.push(Letter {
            at,
            order: self.orders,
            request,
            id,
            operation,
            carries,
            waits: delivery.after_next.is_some(),
            content,
        });
        Some(at)
    }

    /// When the next letter arrives.
    pub(super) fn next(&self) -> Option<Duration> {
        self.letters.iter().map(|letter| letter.at).min()
    }

    /// The next letter, if it arrives by now.
    pub(super) fn take(&mut self, now: Duration) -> Option<Letter> {
        let due = self.letters.iter().enumerate().filter(|(_, letter)| letter.at <= now);
        let (position, _) = due.min_by_key(|(_, letter)| (letter.at, letter.order))?;
        let letter = self.letters.remove(position);
        if letter.carries {
            self.release(&letter);
        }
        Some(letter)
    }

    /// Lets go what waited for an answer of this operation.
    fn release(&mut self, gone: &Letter) {
        for letter in &mut self.letters {
            if letter.waits && letter.operation == gone.operation && letter.order < gone.order {
                letter.waits = false;
                letter.at = letter.at.min(gone.at);
                self.orders += 1;
                letter.order = self.orders;
            }
        }
    }

    /// The client does not want this answer any more.
    pub(super) fn forget(&mut self, id: RequestId) {
        self.letters.retain(|letter| letter.id != Some(id));
    }

    /// The same, of a handshake.
    pub(super) fn forget_request(&mut self, request: RequestIndex) {
        self.letters.retain(|letter| letter.request != request);
    }

    /// The client's process is gone: answers under way are discarded.
    pub(super) fn drop_all(&mut self) {
        self.letters.clear();
    }
}

/// Rounded up: the world's clocks count in milliseconds.
fn whole_millis(time: Duration) -> Duration {
    let nanos = time.subsec_nanos() % 1_000_000;
    if nanos == 0 { time } else { time + Duration::from_nanos(u64::from(1_000_000 - nanos)) }
}
