//! One request, and the delivery of its answer.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;

use super::accept::{Limits, Spare, WantsBody};
use super::body::AnswerBody;
use super::frames::accepted;
use super::held::HeldAnswers;
use super::intake::{closing, take_in};
use super::state::{ConnectionState, Side, Termination};
use super::stop::StopSignal;
use crate::api::{TurnedAway, Unsent};
use crate::fault::{Delivery, Outcome, status_answer};
use crate::spaces::{InFlight, Reply};

/// There is no answer: the connection ends as its state says.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends without an answer")]
pub(super) struct NoAnswer;

/// What the exchanges of one connection need besides their requests.
pub(super) struct ConnectionContext {
    /// It is one beyond the bound.
    pub(super) is_spare: bool,
    pub(super) limits: Arc<Limits>,
    pub(super) wants_body: Arc<WantsBody>,
    pub(super) held: Arc<HeldAnswers>,
    pub(super) state: Arc<ConnectionState>,
    pub(super) stop: StopSignal,
}

impl ConnectionContext {
    /// How long it may be idle.
    pub(super) fn idle(&self) -> Duration {
        if self.is_spare { self.limits.spare_idle } else { self.limits.idle }
    }

    fn body(&self, bytes: Bytes) -> AnswerBody {
        AnswerBody::new(bytes, Arc::clone(&self.state))
    }

    /// Has the answers released that are held for this one, as soon as it is out.
    fn release_held(&self, request: Option<&InFlight>) {
        if let Some(departures) = request.and_then(|request| self.held.departures(request)) {
            self.state.notify_when_flushed(departures);
        }
    }
}

/// Reads a request, whose head is complete, has it answered, and delivers the answer.
pub(super) async fn exchange<S, F>(
    connection: &ConnectionContext,
    service: &S,
    mut request: Request<Incoming>,
) -> Result<Response<AnswerBody>, NoAnswer>
where
    S: Fn(Request<Bytes>) -> F,
    F: Future<Output = Reply>,
{
    if connection.is_spare {
        request.extensions_mut().insert(Spare);
    }
    // What few requests need is boxed here and below, so that the usual future stays small.
    let request = if request.body().is_end_stream() {
        request.map(|_| Bytes::new())
    } else {
        // A server that stops does not wait for a body that may never be whole.
        let whole = Box::pin(take_in(request, &connection.limits, &*connection.wants_body));
        connection.stop.clone().or_stopped(whole).await.flatten().ok_or(NoAnswer)?
    };
    connection.state.received();
    // What follows on the connection may be the body that was not read.
    let extensions = request.extensions();
    let last = connection.is_spare
        || extensions.get::<TurnedAway>().is_some()
        || extensions.get::<Unsent>().is_some();
    let key = request.headers().get("sec-websocket-key").cloned();
    // A service that waits is dropped when the client ends its side: what was decided is delivered, and
    // what nothing has decided yet is wanted by a client that is there.
    let reply = tokio::select! {
        biased;
        reply = caught(service, request) => reply,
        () = connection.state.client_ended() => {
            connection.state.terminate(Termination::Close);
            return Err(NoAnswer);
        }
    };
    let Reply { delivery, in_flight, under_way, socket } = reply;
    let response = match delivery {
        Delivery { outcome: Outcome::Answer(response), hold: Duration::ZERO, after_next: None } => {
            connection.release_held(in_flight.as_ref());
            response.map(|body| connection.body(body).of(in_flight))
        }
        delivery => Box::pin(deliver(connection, delivery, in_flight)).await?,
    };
    let response = response.map(|body| body.during(under_way));
    let mut response = with_reason_phrase(response);
    if let Some(socket) = socket {
        accepted(&mut response, key.as_ref());
        connection.state.switch_to(socket);
    }
    Ok(if last { closing(response) } else { response })
}

/// Runs a handler; if it panics, the client gets a 500 and the connection stays.
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
        // The handler is not polled again after a panic, so a broken state of its own is not seen.
        let polled = catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| Poll::Ready(panicked()))
    })
    .await
}

/// Carries out a delivery that a fault changed: it waits, or ends in another way.
async fn deliver(
    connection: &ConnectionContext,
    delivery: Delivery,
    mut in_flight: Option<InFlight>,
) -> Result<Response<AnswerBody>, NoAnswer> {
    let due = match &mut in_flight {
        Some(request) => {
            // If this future is dropped while it waits, then because the client disconnected.
            request.client_left = true;
            hold_watching(connection, request, delivery.hold, delivery.after_next).await
        }
        None => Duration::ZERO,
    };
    if delivery.outcome.response().is_some() {
        connection.release_held(in_flight.as_ref());
    }
    let decided = match delivery.outcome {
        Outcome::Answer(response) => Ok((response, None, None)),
        Outcome::Drip { response, pace } => Ok((response, None, Some(pace))),
        Outcome::Cut { response, bytes, pace } => Ok((response, Some(bytes), pace)),
        Outcome::Reset => Err(Termination::Reset),
        Outcome::Close => Err(Termination::Close),
        Outcome::Hang => {
            // There is nothing that a client could still read.
            connection.stop.clone().or_stopped(connection.state.client_ended()).await;
            Err(Termination::Close)
        }
    };
    if let Some(request) = &mut in_flight {
        // Where bytes follow, they will tell.
        request.client_left = decided.is_err() && connection.state.client() != Side::Open;
    }
    let (response, cut, pace) = decided.map_err(|how| {
        connection.state.terminate(how);
        NoAnswer
    })?;
    let time = in_flight.as_ref().map(InFlight::time).cloned();
    Ok(response.map(|body| {
        let mut body = connection.body(body).of(in_flight);
        if let Some(bytes) = cut {
            body = body.cut(bytes);
        }
        if let (Some(pace), Some(time)) = (pace, time) {
            body = body.dripping(pace, time, due, connection.stop.clone());
        }
        body
    }))
}

/// Holds an answer back; a client that ends its side meanwhile is told of at once, and still answered.
async fn hold_watching(
    connection: &ConnectionContext,
    request: &mut InFlight,
    time: Duration,
    after_next: Option<Duration>,
) -> Duration {
    let mut held = pin!(hold(connection, request, time, after_next));
    tokio::select! {
        biased;
        due = &mut held => due,
        () = connection.state.client_ended() => {
            request.client_ended();
            held.await
        }
    }
}

/// Holds an answer back until it is due, and then until the next of its operation is out. A server
/// that stops holds nothing back. Returns the elapsed time from which the answer may flow.
async fn hold(
    connection: &ConnectionContext,
    request: &InFlight,
    hold: Duration,
    after_next: Option<Duration>,
) -> Duration {
    let time = request.time();
    let due = request.arrived().saturating_add(hold);
    let next =
        after_next.map(|at_most| (connection.held.hold(request), due.saturating_add(at_most)));
    let mut stop = connection.stop.clone();
    stop.or_stopped(time.wait_until(due)).await;
    let Some((mut departures, latest)) = next else {
        return due;
    };
    let either = async {
        tokio::select! {
            _ = departures.changed() => time.elapsed().clamp(due, latest),
            () = time.wait_until(latest) => latest,
        }
    };
    stop.or_stopped(either).await.unwrap_or(due)
}

/// Gives a status a reason phrase where HTTP has none for it: 420 is the API's second way to throttle.
fn with_reason_phrase<B>(mut response: Response<B>) -> Response<B> {
    if response.status().canonical_reason().is_none() {
        let phrase: &[u8] = match response.status().as_u16() {
            420 => b"Enhance Your Calm",
            _ => b"Unnamed",
        };
        // Letters and spaces alone are always a valid reason phrase.
        if let Ok(phrase) = ReasonPhrase::try_from(phrase) {
            response.extensions_mut().insert(phrase);
        }
    }
    response
}
