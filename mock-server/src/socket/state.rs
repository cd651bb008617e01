//! What the exchange, the body and the stream of one connection share.

use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use http::StatusCode;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::spaces::{Frames, InFlight};

/// How a connection is ended by a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Termination {
    /// With a FIN.
    Close,
    /// With an RST.
    Reset,
}

/// The state of one connection, behind a lock that is never contended: all its parts run in one task.
#[derive(Default)]
pub(super) struct ConnectionState(Mutex<State>);

#[derive(Default)]
struct State {
    /// Requests whose head was complete.
    requests: u64,
    /// A request has begun and its answer has not been flushed.
    is_answering: bool,
    /// All of that request is here.
    is_received: bool,
    client: Side,
    /// Woken when the client ends its side.
    waits_for_end: Option<Waker>,
    /// An answered request whose client had ended its side: it may have left.
    unconfirmed: Option<InFlight>,
    /// Bytes that the kernel has taken, and whether it takes no more at present: the client does not
    /// read.
    written: u64,
    is_blocked: bool,
    body: BodyState,
    /// A body that was cut is flushed: the connection ends.
    is_cut: bool,
    termination: Option<Termination>,
    /// The status of an answer of the HTTP library's own.
    withheld: Option<StatusCode>,
    /// To be notified when the answer is flushed.
    departures: Option<watch::Sender<()>>,
    /// The socket whose frames follow the answer.
    socket: Option<Frames>,
}

/// What is known of the client's side (docs/decisions/0010).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Side {
    #[default]
    Open,
    /// A FIN came: it sends no more, and may still read or have left.
    Ended,
    /// An RST came: it has left.
    Gone,
}

/// How far hyper has taken the body of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum BodyState {
    #[default]
    Flowing,
    /// All of it.
    Whole,
    /// As much of it as there will be, which is less than was declared.
    Cut,
}

impl ConnectionState {
    /// A request's head is complete.
    pub(super) fn begin(&self) {
        let mut state = self.0.lock();
        state.requests += 1;
        state.is_answering = true;
        state.is_received = false;
        state.body = BodyState::Flowing;
    }

    /// The request is whole.
    pub(super) fn received(&self) {
        self.0.lock().is_received = true;
    }

    /// Whether a whole request still waits for its answer, or for the rest of it, and the client's side
    /// was open up to now.
    pub(super) fn watches_client(&self) -> bool {
        let state = self.0.lock();
        state.is_answering && state.is_received && state.client == Side::Open
    }

    /// What came from the client instead of bytes.
    pub(super) fn client_is(&self, side: Side) {
        let mut state = self.0.lock();
        state.client = state.client.max(side);
        if let Some(waker) = state.waits_for_end.take() {
            waker.wake();
        }
    }

    pub(super) fn client(&self) -> Side {
        self.0.lock().client
    }

    /// Completes when the client has ended its side. Known while a whole request waits for its answer.
    pub(super) async fn client_ended(&self) {
        poll_fn(|cx| self.poll_client_ended(cx)).await;
    }

    pub(super) fn poll_client_ended(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if state.client != Side::Open {
            return Poll::Ready(());
        }
        state.waits_for_end = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Keeps an answered request until it is known whether its client was still there, if that is in
    /// doubt; otherwise it ends.
    pub(super) fn answered(&self, mut request: InFlight) {
        if self.client() == Side::Ended {
            request.answered();
            self.0.lock().unconfirmed = Some(request);
        }
    }

    pub(super) fn take_unconfirmed(&self) -> Option<InFlight> {
        self.0.lock().unconfirmed.take()
    }

    pub(super) fn terminate(&self, how: Termination) {
        self.0.lock().termination = Some(how);
    }

    pub(super) fn termination(&self) -> Option<Termination> {
        self.0.lock().termination
    }

    /// Notifies held answers once the answer that follows is flushed.
    pub(super) fn notify_when_flushed(&self, departures: watch::Sender<()>) {
        self.0.lock().departures = Some(departures);
    }

    pub(super) fn body_is(&self, body: BodyState) {
        self.0.lock().body = body;
    }

    /// All bytes handed over so far are with the kernel.
    pub(super) fn flushed(&self) {
        let mut state = self.0.lock();
        match state.body {
            BodyState::Flowing => return,
            BodyState::Whole => {
                state.body = BodyState::Flowing;
                state.is_answering = false;
            }
            BodyState::Cut => state.is_cut = true,
        }
        if let Some(departures) = state.departures.take() {
            departures.send_replace(());
        }
    }

    /// The HTTP library answered with this status by itself.
    pub(super) fn withhold(&self, status: StatusCode) {
        self.0.lock().withheld = Some(status);
    }

    pub(super) fn withheld(&self) -> Option<StatusCode> {
        self.0.lock().withheld
    }

    /// Frames follow the answer.
    pub(super) fn switch_to(&self, socket: Frames) {
        self.0.lock().socket = Some(socket);
    }

    pub(super) fn take_socket(&self) -> Option<Frames> {
        self.0.lock().socket.take()
    }

    /// The kernel took so many bytes, or (`None`) has no room for any.
    pub(super) fn wrote(&self, bytes: Option<usize>) {
        let mut state = self.0.lock();
        state.is_blocked = bytes.is_none();
        state.written += bytes.unwrap_or(0) as u64;
    }

    /// Requests and bytes so far: nothing has happened while this stays the same.
    pub(super) fn progress(&self) -> (u64, u64) {
        let state = self.0.lock();
        (state.requests, state.written)
    }

    /// Whether nothing will happen unless the client does something: no request is being answered, its
    /// answer is not read, or the client may have left.
    pub(super) fn waits_for_client(&self) -> bool {
        let state = self.0.lock();
        !state.is_answering || state.is_blocked || state.client != Side::Open
    }

    pub(super) fn is_answering(&self) -> bool {
        self.0.lock().is_answering
    }

    pub(super) fn is_cut(&self) -> bool {
        self.0.lock().is_cut
    }
}
