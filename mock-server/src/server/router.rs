//! Which part of the server answers: the control API under `/_mock`, Crisp's REST API elsewhere.
//!
//! The control API is an axum router. The REST API is not behind it: [`Space::handle`] matches its
//! routes against [`api::ROUTES`](crate::api::ROUTES), in virtual time as behind a socket, and
//! journals the requests that match none (docs/decisions/0008).
//!
//! [`Space::handle`]: crate::space::Space::handle

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use tower::Service as _;

use crate::api::TurnedAway;
use crate::control::{self, ControlError, ControlState};
use crate::rtm;
use crate::server::head::problem;
use crate::spaces::{Frames, Listener, Reply, SharedSpace};

/// All routes of a server.
#[derive(Clone)]
pub(super) struct Routes {
    /// Made for the first control call: a quarter of a start went into it, and a plugin makes none.
    control: Arc<OnceLock<Router>>,
    state: Arc<ControlState>,
    listener: Option<Listener>,
    /// The space that all requests lead to; none: their credentials choose it.
    only: Option<Arc<SharedSpace>>,
}

impl Routes {
    /// The routes to a server's state; `listener` is called for every request to the REST API.
    pub(super) fn new(state: Arc<ControlState>, listener: Option<Listener>) -> Arc<Self> {
        Arc::new(Self { control: Arc::default(), state, listener, only: None })
    }

    fn control(&self) -> Router {
        let made = || {
            let control = control::router(Arc::clone(&self.state));
            Router::new().nest_service("/_mock", control)
        };
        self.control.get_or_init(made).clone()
    }

    /// The same routes, all of which lead to one space.
    pub(super) fn leading_to(&self, space: Arc<SharedSpace>) -> Arc<Self> {
        Arc::new(Self { only: Some(space), ..self.clone() })
    }

    /// Whether the body of a request is wanted, by its head: where one is refused whatever its body is,
    /// it is not asked for.
    pub(super) fn wants_body(&self, request: &Request<Bytes>) -> bool {
        if problem(request).is_some() {
            return false;
        }
        if is_control(request) {
            return control::admits(&self.state, request.headers(), request.uri());
        }
        self.space(request).lock().wants_body(request)
    }

    /// Answers a request; one of the REST API at the first poll.
    pub(super) async fn answer(self: Arc<Self>, request: Request<Bytes>) -> Reply {
        if is_control(&request) {
            return control_call(self.control(), request).await.into();
        }
        let mut reply = self.space(&request).handle(&request, self.listener.clone());
        if let Some(Frames::Session(socket)) = &mut reply.socket
            && self.only.is_none()
            && rtm::space_of(request.uri().path()) == Some(None)
        {
            let state = Arc::clone(&self.state);
            socket.chosen_by(Arc::new(move |identifier| state.spaces.of_identifier(identifier)));
        }
        reply
    }

    /// The space of a request: a handshake may name it in its path, all others by their credentials.
    fn space(&self, request: &Request<Bytes>) -> Arc<SharedSpace> {
        if let Some(only) = &self.only {
            return Arc::clone(only);
        }
        let spaces = &self.state.spaces;
        match rtm::space_of(request.uri().path()) {
            Some(name) => {
                let named = name.and_then(|name| spaces.named(name));
                named.unwrap_or_else(|| Arc::clone(spaces.default_space()))
            }
            None => spaces.of(request.headers().get(AUTHORIZATION)),
        }
    }
}

/// Whether it is a call of the control API.
pub(super) fn is_control(request: &Request<Bytes>) -> bool {
    let below = request.uri().path().strip_prefix("/_mock");
    below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

async fn control_call(mut router: Router, request: Request<Bytes>) -> Response<Bytes> {
    // A control call whose body could not be read is in no journal: it is answered here.
    let response = match request.extensions().get::<TurnedAway>() {
        Some(refusal) => {
            let hint = "the control API takes bodies of up to 2 MiB over HTTP/1.1";
            ControlError::new(refusal.status, &refusal.why, hint).into_response()
        }
        None => match router.call(request.map(Body::from)).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
    };
    let (head, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await;
    body.map_or_else(
        |_| StatusCode::INTERNAL_SERVER_ERROR.into_response().map(|_| Bytes::new()),
        |body| Response::from_parts(head, body),
    )
}
