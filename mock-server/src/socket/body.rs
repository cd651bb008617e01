//! The body of an answer: whole, cut short, or trickling.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::halt::Halt;
use super::line::Line;
use super::reply::{Ending, Place};
use crate::fault::Rate;

/// Pieces a second in which a drip comes, when its rate allows.
const PIECES_A_SECOND: u64 = 20;

/// The body of an answer, which tells the line when it is done.
pub(super) struct AnswerBody {
    /// What has not been handed over yet.
    rest: Bytes,
    /// What was declared but will never come.
    withheld: u64,
    is_cut: bool,
    drip: Option<Drip>,
    line: Arc<Line>,
    /// Dropped at the end.
    ending: Option<Box<dyn Ending>>,
}

/// The pace of a body that trickles.
struct Drip {
    pace: Rate,
    place: Place,
    /// Elapsed time when the body began to flow.
    began: Duration,
    sent: u64,
    halt: Halt,
    wait: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl AnswerBody {
    pub(super) fn whole(bytes: Bytes, line: Arc<Line>) -> Self {
        Self { rest: bytes, withheld: 0, is_cut: false, drip: None, line, ending: None }
    }

    /// Has `ending` told whether the client took all of this, and dropped.
    pub(super) fn ending_with(mut self, ending: Option<Box<dyn Ending>>) -> Self {
        self.ending = ending;
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
        place: Place,
        began: Duration,
        halt: Halt,
    ) -> Self {
        self.drip = Some(Drip { pace, place, began, sent: 0, halt, wait: None });
        self
    }
}

impl Drip {
    /// How much of the `rest` may be sent once its time has come.
    fn poll_allowance(&mut self, cx: &mut Context<'_>, rest: usize) -> Poll<usize> {
        let piece = (self.pace.0.get() / PIECES_A_SECOND).clamp(1, rest as u64);
        let wait = self.wait.get_or_insert_with(|| {
            let due = self.began.saturating_add(self.pace.time_for(self.sent + piece));
            let (place, mut halt) = (self.place.clone(), self.halt.clone());
            Box::pin(async move {
                // A server that stops does not wait: the rest comes at once.
                halt.or_halt(place.wait_until(due)).await;
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
                // The rest never comes. The connection ends as soon as what came is flushed.
                self.line.body_is_cut();
                return Poll::Pending;
            }
            return Poll::Ready(None);
        }
        let length = self.rest.len();
        let allowed = match &mut self.drip {
            Some(drip) => ready!(drip.poll_allowance(cx, length)),
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
    /// Runs when hyper has taken all of it, or never wanted it (an answer to HEAD).
    fn drop(&mut self) {
        if let Some(ending) = &mut self.ending
            && !self.rest.is_empty()
        {
            ending.client_left();
        }
        if self.is_cut {
            self.line.body_is_cut();
        } else {
            self.line.body_is_done();
        }
    }
}
