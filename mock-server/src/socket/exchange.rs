//! One request and what becomes of it.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;

use super::accept::Limits;
use super::body::AnswerBody;
use super::halt::Halt;
use super::intake::{closing, take_in};
use super::line::{Line, Verdict};
use super::order::Held;
use super::reply::{Ending, Outside, Place, Reply};
use crate::api::TurnedAway;
use crate::fault::{Delivery, Outcome, status_answer};

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
    pub(super) answers_refusals: bool,
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
    // What few requests need is boxed here and below: a small future is what most of them pay for.
    let request = if request.body().is_end_stream() {
        request.map(|_| Bytes::new())
    } else {
        match Box::pin(take_in(request, &desk.limits)).await {
            Ok(request) => request,
            Err((head, unreadable)) => {
                let refusal = unreadable.refusal(&desk.limits).ok_or(NoAnswer)?;
                return Box::pin(refuse(desk, service, *head, refusal)).await;
            }
        }
    };
    let (delivery, place, ending) = caught(service, request).await.into_parts();
    match delivery {
        Delivery { outcome: Outcome::Answer(response), hold: Duration::ZERO, after_next: None } => {
            announce(desk, place.as_ref());
            let response = response.map(|body| AnswerBody::whole(body, Arc::clone(&desk.line)));
            Ok(named(response).map(|body| body.ending_with(ending)))
        }
        delivery => {
            let mut under_way = UnderWay(ending);
            let carried_out = Box::pin(deliver(desk, delivery, place)).await;
            let ending = under_way.0.take();
            Ok(named(carried_out?).map(|body| body.ending_with(ending)))
        }
    }
}

/// Answers a request whose body could not be had.
async fn refuse<S, F>(
    desk: &Desk,
    service: &S,
    head: Parts,
    refusal: TurnedAway,
) -> Result<Response<AnswerBody>, NoAnswer>
where
    S: Fn(Request<Bytes>) -> F,
    F: Future<Output = Reply>,
{
    let whole = |body| AnswerBody::whole(body, Arc::clone(&desk.line));
    if !desk.answers_refusals {
        return Ok(refusal.answer().map(whole));
    }
    let mut request = Request::from_parts(head, Bytes::new());
    request.extensions_mut().insert(refusal);
    let (delivery, place, ending) = caught(service, request).await.into_parts();
    let mut under_way = UnderWay(ending);
    let carried_out = deliver(desk, delivery, place).await;
    let ending = under_way.0.take();
    Ok(closing(carried_out?).map(|body| body.ending_with(ending)))
}

/// Runs a handler; if it panics, the client gets a 500 and the server lives on.
async fn caught<S, F>(service: &S, request: Request<Bytes>) -> Reply
where
    S: Fn(Request<Bytes>) -> F,
    F: Future<Output = Reply>,
{
    let panicked = || status_answer(StatusCode::INTERNAL_SERVER_ERROR, None).into();
    let Ok(handler) = catch_unwind(AssertUnwindSafe(|| service(request))) else {
        return panicked();
    };
    let mut handler = pin!(handler);
    poll_fn(|cx| {
        // The handler is never polled again after a panic, so nobody sees what it left behind.
        let polled = catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| Poll::Ready(panicked()))
    })
    .await
}

async fn deliver(
    desk: &Desk,
    delivery: Delivery,
    place: Option<Place>,
) -> Result<Response<AnswerBody>, NoAnswer> {
    let mut due = place.as_ref().map_or(Duration::ZERO, |place| place.arrived);
    if !delivery.hold.is_zero() || delivery.after_next.is_some() {
        let place = place.clone().unwrap_or_else(Outside::place);
        due = due.saturating_add(delivery.hold);
        due = hold(desk, &place, due, delivery.after_next).await;
    }
    if delivery.outcome.response().is_some() {
        announce(desk, place.as_ref());
    }
    carry_out(desk, delivery.outcome, place, due).await
}

/// Has those told that wait for an answer of this operation, once it is out.
fn announce(desk: &Desk, place: Option<&Place>) {
    if let Some(departure) = place.and_then(|place| desk.held.departure(place)) {
        desk.line.tell(departure);
    }
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
fn named<B>(mut response: Response<B>) -> Response<B> {
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
    response
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
        Outcome::Cut { response, bytes, pace } => response.map(|body| {
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
