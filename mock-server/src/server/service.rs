//! What happens to a request: it is the control API's, or it goes to the space of its credentials.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::api::TurnedAway;
use crate::control::{self, Shared};
use crate::journal::Entry;
use crate::server::Listener;
use crate::socket::{self, Place, Reply, WorldTime};
use crate::spaces::{SharedSpace, system_clock};

/// What [`service`] returns.
pub(super) trait Service: Fn(Request<Bytes>) -> Answering + Send + Sync + 'static {}

impl<F: Fn(Request<Bytes>) -> Answering + Send + Sync + 'static> Service for F {}

/// An answer on its way.
pub(super) enum Answering {
    /// Of the REST API: there at once, and taken once.
    There(Option<Box<Reply>>),
    /// Of the control API, which may hold a call.
    Later(Pin<Box<dyn Future<Output = Reply> + Send>>),
}

impl Future for Answering {
    type Output = Reply;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Reply> {
        match self.get_mut() {
            Self::There(reply) => reply.take().map_or(Poll::Pending, |reply| Poll::Ready(*reply)),
            Self::Later(reply) => reply.as_mut().poll(cx),
        }
    }
}

/// Answers every request of a server.
pub(super) fn service(
    shared: Arc<Shared>,
    listener: Option<Listener>,
    last_request: Arc<AtomicU64>,
) -> impl Service {
    let control = control::router(Arc::clone(&shared));
    move |request: Request<Bytes>| -> Answering {
        let now = system_clock::elapsed();
        last_request.store(system_clock::in_millis(now), Ordering::Relaxed);
        if is_control(request.uri().path()) {
            if let Some(refusal) = request.extensions().get::<TurnedAway>() {
                return Answering::There(Some(Box::new(refusal.answer().into())));
            }
            return Answering::Later(Box::pin(call(control.clone(), request)));
        }
        let authorization =
            request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let cell = shared.spaces.of(authorization);
        let reply = handle(cell, now, &request, listener.clone());
        Answering::There(Some(Box::new(reply)))
    }
}

fn is_control(path: &str) -> bool {
    path.strip_prefix("/_mock").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

async fn call(control: Router, request: Request<Bytes>) -> Reply {
    // The router itself cannot fail; its own errors are answers.
    let Ok(response) = control.oneshot(request.map(Body::from)).await;
    let (head, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => Response::from_parts(head, body.to_bytes()).into(),
        Err(_) => {
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response.into()
        }
    }
}

fn handle(
    cell: Arc<SharedSpace>,
    started: Duration,
    request: &Request<Bytes>,
    listener: Option<Listener>,
) -> Reply {
    let (handled, life, heard) = {
        let mut space = cell.lock();
        let mut handled = space.handle(started, request);
        if let Some(tap) = cell.tapped() {
            tap.handled(&mut space, request, &mut handled);
        }
        // Kept from here on: whoever empties the journal takes nothing from the listener.
        let entry = listener.and_then(|listener| Some((listener, space.journal.last()?.clone())));
        (handled, cell.life(), entry.map(Box::new))
    };
    cell.notify();
    let time: Arc<dyn WorldTime> = Arc::clone(&cell) as Arc<dyn WorldTime>;
    let place = Place { time, life, operation: handled.operation, arrived: handled.arrived };
    let ending = Ending { cell, life, seq: handled.seq, started, heard, client_left: false };
    Reply::new(handled.delivery, place).ending_with(ending)
}

/// Notes in the journal when a request ended, whichever way it did.
struct Ending {
    cell: Arc<SharedSpace>,
    life: u64,
    seq: u64,
    started: Duration,
    heard: Option<Box<(Listener, Entry)>>,
    client_left: bool,
}

impl socket::Ending for Ending {
    fn client_left(&mut self) {
        self.client_left = true;
        let mut space = self.cell.lock();
        if self.cell.life() == self.life {
            space.journal.client_left(self.seq);
        }
        drop(space);
        if let Some(heard) = &mut self.heard {
            heard.1.client_left = true;
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let took = system_clock::elapsed().saturating_sub(self.started);
        let lives = {
            let mut space = self.cell.lock();
            // After a reset another request may have its number.
            let lives = self.cell.life() == self.life;
            if lives {
                space.journal.finish(self.seq, took);
            }
            lives
        };
        if let Some(tap) = self.cell.tapped().filter(|_| lives) {
            tap.ended(self.seq, self.client_left);
        }
        if let Some(heard) = &mut self.heard {
            let (listener, entry) = heard.as_mut();
            entry.finish(took);
            listener(self.cell.name(), entry);
        }
    }
}

impl WorldTime for SharedSpace {
    fn elapsed(&self) -> Duration {
        self.lock().clock.now(system_clock::elapsed()).elapsed
    }

    fn wait_until(
        &self,
        life: u64,
        elapsed: Duration,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(Self::wait_until(self, life, elapsed))
    }
}
