//! One request and what becomes of it.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;

use super::accept::Limits;
use super::body::AnswerBody;
use super::halt::Halt;
use super::intake::take_in;
use super::line::{Line, Verdict};
use super::order::Held;
use super::reply::{Ending, Outside, Place, Reply};
use crate::fault::{Outcome, status_answer};

/// There is no answer: the connection ends as its line says.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends without an answer")]
pub(super) struct NoAnswer;

/// What the exchanges of one connection need besides their requests.
pub(super) struct Desk {
    pub(super) limits: Arc<Limits>,
    pub(super) held: Arc<Held>,
    pub(super) line: Arc<Line>,
    pub(super) halt: Halt,
}

/// Takes a request in, has it answered, and delivers the answer.
pub(super) async fn exchange<S, F>(
    desk: &Desk,
    service: &S,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, NoAnswer>
where
    S: Fn(Request<Bytes>) -> F,
    F: Future<Output = Reply>,
{
    desk.line.begin();
    let request = match take_in(request, &desk.limits).await {
        Ok(request) => request,
        Err(unreadable) => {
            let response = unreadable.answer().ok_or(NoAnswer)?;
            return Ok(response.map(|body| AnswerBody::whole(body, Arc::clone(&desk.line))));
        }
    };
    let reply = caught(async { service(request).await }).await;
    deliver(desk, reply).await
}

/// Runs a handler; if it panics, the client gets a 500 and the server lives on.
async fn caught(handler: impl Future<Output = Reply>) -> Reply {
    let mut handler = pin!(handler);
    poll_fn(|cx| {
        // The handler is never polled again after a panic, so nobody sees what it left behind.
        let polled = catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| {
            Poll::Ready(status_answer(StatusCode::INTERNAL_SERVER_ERROR, None).into())
        })
    })
    .await
}

async fn deliver(desk: &Desk, reply: Reply) -> Result<Response<AnswerBody>, NoAnswer> {
    let (delivery, place, ending) = reply.into_parts();
    let mut under_way = UnderWay(ending);
    let mut due = place.as_ref().map_or(Duration::ZERO, |place| place.arrived);
    if !delivery.hold.is_zero() || delivery.after_next.is_some() {
        let place = place.clone().unwrap_or_else(Outside::place);
        due = due.saturating_add(delivery.hold);
        due = hold(desk, &place, due, delivery.after_next).await;
    }
    if let (Some(place), Some(_)) = (&place, delivery.outcome.response())
        && let Some(departure) = desk.held.departure(place)
    {
        desk.line.tell(departure);
    }
    let carried_out = carry_out(desk, delivery.outcome, place, due).await;
    let ending = under_way.0.take();
    let mut response = carried_out?;
    name_status(&mut response);
    Ok(response.map(|body| body.ending_with(ending)))
}

/// A request of which nothing has been decided on the wire yet. Dropped so, its client has left.
struct UnderWay(Option<Box<dyn Ending>>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(ending) = &mut self.0 {
            ending.client_left();
        }
    }
}

/// Gives a status its words where HTTP has none for it: the API's second way to throttle.
fn name_status<B>(response: &mut Response<B>) {
    if response.status().canonical_reason().is_none() {
        let words: &[u8] = match response.status().as_u16() {
            420 => b"Enhance Your Calm",
            _ => b"Unnamed",
        };
        // Both are letters and spaces, which a reason phrase may be made of.
        if let Ok(words) = ReasonPhrase::try_from(words) {
            response.extensions_mut().insert(words);
        }
    }
}

/// Holds an answer back until it is due, and then until the next of its operation is out. A server
/// that stops holds nothing back. Returns the elapsed time from which the answer may flow.
async fn hold(desk: &Desk, place: &Place, due: Duration, after_next: Option<Duration>) -> Duration {
    let next = after_next.map(|at_most| (desk.held.wait(place), due.saturating_add(at_most)));
    let mut halt = desk.halt.clone();
    halt.or_halt(place.wait_until(due)).await;
    let Some((departure, latest)) = next else {
        return due;
    };
    let either = async {
        tokio::select! {
            _ = departure => place.time.elapsed().clamp(due, latest),
            () = place.wait_until(latest) => latest,
        }
    };
    halt.or_halt(either).await.unwrap_or(due)
}

async fn carry_out(
    desk: &Desk,
    outcome: Outcome,
    place: Option<Place>,
    due: Duration,
) -> Result<Response<AnswerBody>, NoAnswer> {
    let line = &desk.line;
    let whole = |body| AnswerBody::whole(body, Arc::clone(line));
    let drip = |body: AnswerBody, pace| {
        let place = place.unwrap_or_else(Outside::place);
        body.dripping(pace, place, due, desk.halt.clone())
    };
    let response = match outcome {
        Outcome::Answer(response) => response.map(whole),
        Outcome::Drip { response, pace } => response.map(|body| drip(whole(body), pace)),
        Outcome::Cut {
            response,
            bytes,
            pace,
        } => response.map(|body| {
            let body = whole(body).cut(bytes);
            match pace {
                Some(pace) => drip(body, pace),
                None => body,
            }
        }),
        Outcome::Reset => {
            line.condemn(Verdict::Reset);
            return Err(NoAnswer);
        }
        Outcome::Close => {
            line.condemn(Verdict::Close);
            return Err(NoAnswer);
        }
        Outcome::Hang => {
            desk.halt.clone().halted().await;
            line.condemn(Verdict::Close);
            return Err(NoAnswer);
        }
    };
    Ok(response)
}
