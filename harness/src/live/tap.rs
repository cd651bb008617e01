//! ServerTap the emulator: what is written down of each request under the space's own lock, and the
//! steps of a scenario that happen around a request.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::fault::Outcome;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::space::{Handled, Space};
use crisp_mock_server::spaces::{Tap, system_clock};
use http::Request;
use jiff::Timestamp;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Tempo;
use crate::scenario::Deed;
use crate::words::Side;
use crate::world::Prepared;
use crate::world::record::{self, Taken};
use crate::world::server_side::{self, Occurrence, ServerSide};
use crate::world::steps::populate;

/// The truth about one website, as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) id: WebsiteId,
    /// Its settings, if it has any, and its token; none: it does not have the plugin.
    pub(super) state: Option<(Option<String>, String)>,
}

impl Truth {
    pub(super) fn of(space: &Space, id: WebsiteId) -> Self {
        let state = space.world.website(id).map(|website| {
            let settings = website.settings.as_deref().map(str::to_owned);
            (settings, website.token.to_string())
        });
        Self { id, state }
    }
}

/// Something that happened at the server, in the order in which it happened there. Times are the
/// space's own elapsed time.
#[derive(Debug)]
pub(super) enum Note {
    /// The first request of the client's first life: the scenario begins.
    Begun {
        /// What was there before.
        there: Vec<Truth>,
        /// What time it was there.
        wall: Timestamp,
        /// What time it was for timers.
        origin: Instant,
    },
    /// A request was dealt with.
    Handled {
        at: Duration,
        seq: u64,
        taken: Box<Taken>,
        /// What it made of the truth, if it changed it.
        written: Option<Truth>,
    },
    /// What was decided for a request has been done to it.
    Ended { at: Duration, seq: u64, client_left: bool },
    /// An operator changed the truth.
    Changed { at: Duration, truth: Truth },
    /// The server's clock was moved.
    Clock { at: Duration, millis: i64 },
    /// The faults were taken away.
    Quiet { at: Duration, unfired: Vec<usize> },
    /// Nothing came of a step.
    Idle { at: Duration, step: usize },
    /// The request of a step has come, and the step is to be carried out from outside.
    Reached { step: usize, due: Duration },
}

/// Writes down what happens in one space, and carries out the steps that wait for a request.
#[derive(Debug)]
pub(super) struct ServerTap {
    prepared: Arc<Prepared>,
    tempo: Tempo,
    notes: mpsc::UnboundedSender<Note>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    begun: bool,
    server: ServerSide,
    /// The time outside when the scenario began.
    origin: Duration,
}

impl ServerTap {
    pub(super) fn new(
        prepared: Arc<Prepared>,
        tempo: Tempo,
        notes: mpsc::UnboundedSender<Note>,
    ) -> Self {
        let state = State {
            begun: false,
            server: ServerSide::new(&prepared.scenario.when),
            origin: Duration::ZERO,
        };
        Self { prepared, tempo, notes, state: Mutex::new(state) }
    }

    /// Steps whose request has not come.
    pub(super) fn waiting(&self) -> Vec<usize> {
        self.state().server.waiting().to_vec()
    }

    /// Carries out a step that concerns the server alone; the caller holds the space's lock.
    pub(super) fn act(&self, space: &mut Space, step: usize) {
        self.state().act(self, space, step);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    fn note(&self, note: Note) {
        // Once the run is over there is no receiver.
        let _ = self.notes.send(note);
    }
}

impl State {
    /// Time begins with the client's first request, however long it took to get there.
    fn begin(
        &mut self,
        tap: &ServerTap,
        space: &mut Space,
        request: &Request<Bytes>,
        handled: &mut Handled,
    ) {
        self.begun = true;
        let (outside, origin) = (system_clock::outside(), Instant::now());
        self.origin = outside.elapsed;
        space.reset(outside);
        let there = populate(space, &tap.prepared, space.clock.wall_at_start());
        // A client that is ahead of the server is ahead of a server that is behind.
        if let Some(ahead) = tap.prepared.scenario.client.clock {
            space.clock.skew(ahead.saturating_neg());
        }
        let there = there.into_iter().map(|id| Truth::of(space, id));
        tap.note(Note::Begun {
            there: there.collect(),
            wall: space.clock.now(outside.elapsed).wall.timestamp(),
            origin,
        });
        *handled = space.handle(outside.elapsed, request);
    }

    fn act(&mut self, tap: &ServerTap, space: &mut Space, step: usize) {
        let outside = system_clock::elapsed();
        let at = space.clock.now(outside).elapsed;
        let mut changed = false;
        match &tap.prepared.scenario.when[step].deed {
            Deed::Clock { side: Side::Server, millis } => {
                space.clock.skew(*millis);
                tap.note(Note::Clock { at, millis: *millis });
                changed = true;
            }
            Deed::Quiet => {
                tap.note(Note::Quiet { at, unfired: record::end_faults(space) });
                changed = true;
            }
            deed => {
                for nth in 0..deed.websites() {
                    if let Some(id) = self.server.alter(space, outside, deed, nth) {
                        changed = true;
                        tap.note(Note::Changed { at, truth: Truth::of(space, id) });
                    }
                }
            }
        }
        if !changed {
            tap.note(Note::Idle { at, step });
        }
    }

    /// Steps that wait for this request: those at Crisp happen now, when its answer is fixed and
    /// nothing of it is out; for the others the answer is held back.
    fn reach(
        &mut self,
        tap: &ServerTap,
        space: &mut Space,
        which: Occurrence,
        handled: &mut Handled,
    ) {
        let steps = &tap.prepared.scenario.when;
        let mut reached = self.server.reached(steps, which, server_side::during);
        reached.extend(self.server.reached(steps, which, server_side::after));
        for step in reached {
            let wait = tap.tempo.real(steps[step].wait.unwrap_or_default());
            if steps[step].deed.is_at_crisp() && wait.is_zero() {
                self.act(tap, space, step);
                continue;
            }
            if wait.is_zero() {
                let held = &mut handled.delivery.hold;
                *held = (*held).max(tap.tempo.poll() / 2);
            }
            tap.note(Note::Reached { step, due: handled.arrived + wait });
        }
    }
}

impl Tap for ServerTap {
    fn handled(&self, space: &mut Space, request: &Request<Bytes>, handled: &mut Handled) {
        let mut state = self.state();
        if !state.begun {
            state.begin(self, space, request, handled);
        }
        let taken = Taken::of(space, &mut state.server, handled, request);
        let which = taken.which;
        let written = state.server.written(space, &taken).map(|id| Truth::of(space, id));
        let at = handled.arrived;
        let seq = handled.seq;
        let withheld = self.tempo.withheld();
        if matches!(handled.delivery.outcome, Outcome::Hang) {
            handled.delivery.outcome = Outcome::Close;
            handled.delivery.hold = withheld;
        }
        if handled.delivery.after_next.is_some() {
            handled.delivery.after_next = Some(withheld);
        }
        self.note(Note::Handled { at, seq, taken: Box::new(taken), written });
        state.reach(self, space, which, handled);
    }

    fn ended(&self, seq: u64, client_left: bool) {
        let at = system_clock::elapsed().saturating_sub(self.state().origin);
        self.note(Note::Ended { at, seq, client_left });
    }
}
