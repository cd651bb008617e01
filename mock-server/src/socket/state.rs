//! What the exchange, the body and the stream of one connection share.

use http::StatusCode;
use parking_lot::Mutex;
use tokio::sync::watch;

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
        state.body = BodyState::Flowing;
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

    /// Whether nothing will happen unless the client does something: no request is being answered, or
    /// its answer is not read.
    pub(super) fn waits_for_client(&self) -> bool {
        let state = self.0.lock();
        !state.is_answering || state.is_blocked
    }

    pub(super) fn is_answering(&self) -> bool {
        self.0.lock().is_answering
    }

    pub(super) fn is_cut(&self) -> bool {
        self.0.lock().is_cut
    }
}
