//! The body of an answer: whole, cut short, or trickling.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::state::{BodyState, ConnectionState};
use super::stop::StopSignal;
use crate::fault::Rate;
use crate::spaces::{InFlight, SpaceTime, UnderWay};

/// Pieces a second in which a drip comes, when its rate allows.
const PIECES_A_SECOND: u64 = 20;

/// The body of an answer; notes in the connection's state when hyper has taken it.
pub(super) struct AnswerBody {
    /// What has not been handed over yet.
    rest: Bytes,
    /// What was declared but will never come.
    withheld: u64,
    is_cut: bool,
    drip: Option<Drip>,
    connection: Arc<ConnectionState>,
    /// The request that it answers, dropped with it.
    request: Option<InFlight>,
    /// Dropped with it: the server has one request less to answer.
    under_way: Option<UnderWay>,
}

/// The pace of a body that trickles.
struct Drip {
    pace: Rate,
    time: SpaceTime,
    /// Elapsed time when the body began to flow.
    began: Duration,
    sent: u64,
    stop: StopSignal,
    wait: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl AnswerBody {
    pub(super) fn new(bytes: Bytes, connection: Arc<ConnectionState>) -> Self {
        let (drip, request, under_way) = (None, None, None);
        Self { rest: bytes, withheld: 0, is_cut: false, drip, connection, request, under_way }
    }

    /// The body of the answer to this request, which ends with it.
    pub(super) fn of(mut self, request: Option<InFlight>) -> Self {
        self.request = request;
        self
    }

    /// Keeps the server from being idle while it lasts.
    pub(super) fn during(mut self, under_way: Option<UnderWay>) -> Self {
        self.under_way = under_way;
        self
    }

    /// Declares all bytes, and comes to nothing more after the first few.
    pub(super) fn cut(mut self, after: u64) -> Self {
        let length = self.rest.len();
        let after = usize::try_from(after).unwrap_or(length).min(length);
        self.rest.truncate(after);
        self.withheld = (length - after) as u64;
        self.is_cut = true;
        self
    }

    /// Comes slowly, from the elapsed time `began` on.
    pub(super) fn dripping(
        mut self,
        pace: Rate,
        time: SpaceTime,
        began: Duration,
        stop: StopSignal,
    ) -> Self {
        self.drip = Some(Drip { pace, time, began, sent: 0, stop, wait: None });
        self
    }
}

impl Drip {
    /// How much of the `rest` may be sent once its time has come.
    fn poll_allowance(&mut self, cx: &mut Context<'_>, rest: usize) -> Poll<usize> {
        let piece = (self.pace.0.get() / PIECES_A_SECOND).clamp(1, rest as u64);
        let wait = self.wait.get_or_insert_with(|| {
            let due = self.began.saturating_add(self.pace.time_for(self.sent + piece));
            let (time, mut stop) = (self.time.clone(), self.stop.clone());
            Box::pin(async move {
                // A server that stops does not wait: the rest is sent at once.
                stop.or_stopped(time.wait_until(due)).await;
            })
        });
        ready!(wait.as_mut().poll(cx));
        self.wait = None;
        self.sent += piece;
        Poll::Ready(usize::try_from(piece).unwrap_or(rest))
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            if self.is_cut {
                // The rest is never sent: the connection ends as soon as this much is flushed.
                self.connection.body_is(BodyState::Cut);
                return Poll::Pending;
            }
            return Poll::Ready(None);
        }
        let length = self.rest.len();
        let allowed = match self.drip.as_mut().map(|drip| drip.poll_allowance(cx, length)) {
            Some(Poll::Pending) => {
                let ended = self.connection.poll_client_ended(cx).is_ready();
                if let Some(request) = self.request.as_mut().filter(|_| ended) {
                    request.client_ended();
                }
                return Poll::Pending;
            }
            Some(Poll::Ready(allowed)) => allowed,
            None => length,
        };
        let piece = self.rest.split_to(allowed);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.withheld == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64 + self.withheld)
    }
}

impl Drop for AnswerBody {
    /// Hyper drops a body when it has taken all of it, needs none of it (an answer to HEAD), or the
    /// client has disconnected.
    fn drop(&mut self) {
        let client_left = !self.rest.is_empty();
        if let Some(mut request) = self.request.take() {
            request.client_left |= client_left;
            self.connection.answered(request);
        }
        let ended = if self.is_cut { BodyState::Cut } else { BodyState::Whole };
        self.connection.body_is(ended);
    }
}
