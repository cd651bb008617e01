//! The whole server as one axum router: the control API under `/_mock`, Crisp's REST API elsewhere.
//!
//! The routes of the REST API are not listed here a second time: [`Space::handle`] matches them
//! against [`api::ROUTES`](crate::api::ROUTES), in virtual time as behind a socket, and journals the
//! requests that match none. So every request outside `/_mock` goes to the space of its credentials.
//!
//! [`Space::handle`]: crate::space::Space::handle

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::AUTHORIZATION;
use parking_lot::Mutex;
use tower::Service as _;

use crate::api::TurnedAway;
use crate::control::{self, ControlState};
use crate::spaces::{Listener, Reply};

/// What the REST API works on.
#[derive(Clone)]
struct Rest {
    state: Arc<ControlState>,
    listener: Option<Listener>,
}

/// All routes of a server.
pub(super) fn router(state: Arc<ControlState>, listener: Option<Listener>) -> Router {
    let control = control::router(Arc::clone(&state)).layer(from_fn(refuse_turned_away));
    Router::new()
        .nest_service("/_mock", control)
        .fallback(answer_rest)
        .with_state(Rest { state, listener })
}

/// Answers a request; one of the REST API at the first poll.
pub(super) async fn answer(mut router: Router, request: http::Request<Bytes>) -> Reply {
    let Ok(mut response) = router.call(request.map(Body::from)).await;
    if let Some(Carried(reply)) = response.extensions_mut().remove()
        && let Some(reply) = reply.lock().take()
    {
        return reply;
    }
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    body.map_or_else(
        |_| StatusCode::INTERNAL_SERVER_ERROR.into_response().map(|_| Bytes::new()),
        |body| Response::from_parts(head, body),
    )
    .into()
}

/// A reply on its way through the router, in the extensions of a response that is never sent: what a
/// fault does to an answer cannot be said by a response.
#[derive(Clone)]
struct Carried(Arc<Mutex<Option<Reply>>>);

async fn answer_rest(State(rest): State<Rest>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // The socket has read the body whole, within its own limit.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let request = http::Request::from_parts(head, body);
    let authorization = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let space = rest.state.spaces.of(authorization);
    let reply = space.handle(&request, rest.listener);
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(Carried(Arc::new(Mutex::new(Some(reply)))));
    response
}

/// A control call whose body could not be read is in no journal: it is answered here.
async fn refuse_turned_away(request: Request, next: Next) -> Response {
    match request.extensions().get::<TurnedAway>() {
        Some(refusal) => refusal.answer().map(Body::from),
        None => next.run(request).await,
    }
}
