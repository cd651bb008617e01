//! Inside the emulator: what is written down of each request under the space's own lock, and the
//! steps of a scenario that happen around a request.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use crisp_mock_server::fault::Outcome;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::space::{Handled, Space};
use crisp_mock_server::spaces::{Tap, system_clock};
use http::Request;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::Tempo;
use crate::scenario::{Deed, Side};
use crate::world::Prepared;
use crate::world::deeds::{alter, newest, populate};
use crate::world::hooks::{self, Counts, Hooks, Numbers};
use crate::world::record::{self, Taken};

/// For so many polls an answer is withheld that never comes, or that waits for another.
const WITHHELD: u32 = 10;

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
        which: Numbers,
        /// What it made of the truth, if it changed it.
        written: Option<Truth>,
    },
    /// What was decided for a request has been done to it.
    Ended { at: Duration, seq: u64, client_left: bool },
    /// Somebody at Crisp changed the truth.
    Changed { at: Duration, truth: Truth },
    /// The server's clock was moved.
    Clock { at: Duration, millis: i64 },
    /// The faults were taken away.
    Quiet { at: Duration, unfired: Vec<usize> },
    /// Nothing came of a step.
    Idle { at: Duration, step: usize },
    /// The request of a step has come, and the step is somebody else's to carry out.
    Reached { step: usize, due: Duration },
}

/// Writes down what happens in one space, and carries out the steps that wait for a request.
#[derive(Debug)]
pub(super) struct Inside {
    prepared: Arc<Prepared>,
    tempo: Tempo,
    notes: mpsc::UnboundedSender<Note>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    begun: bool,
    counts: Counts,
    hooks: Hooks,
    /// The number of the newest change that was noted.
    last_write: u64,
    /// The time outside when the scenario began.
    origin: Duration,
}

impl Inside {
    pub(super) fn new(
        prepared: Arc<Prepared>,
        tempo: Tempo,
        notes: mpsc::UnboundedSender<Note>,
    ) -> Self {
        let state = State {
            begun: false,
            counts: Counts::default(),
            hooks: Hooks::of(&prepared.scenario.when),
            last_write: 0,
            origin: Duration::ZERO,
        };
        Self { prepared, tempo, notes, state: Mutex::new(state) }
    }

    /// Steps whose request has not come.
    pub(super) fn waiting(&self) -> Vec<usize> {
        self.state().hooks.left().to_vec()
    }

    /// Carries out a step that concerns the server alone; the caller holds the space's lock.
    pub(super) fn act(&self, space: &mut Space, step: usize) {
        self.state().act(self, space, step);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, note: Note) {
        // Nobody listens any more once the run is over.
        let _ = self.notes.send(note);
    }
}

impl State {
    /// Time begins with the client's first request, however long it took to get there.
    fn begin(
        &mut self,
        tap: &Inside,
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

    fn act(&mut self, tap: &Inside, space: &mut Space, step: usize) {
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
                let unfired = record::unfired(space);
                space.faults.clear();
                tap.note(Note::Quiet { at, unfired });
                changed = true;
            }
            deed => {
                for nth in 0..deed.websites() {
                    let Some(id) = alter(space, outside, deed, nth) else {
                        continue;
                    };
                    changed = true;
                    self.last_write = self.last_write.max(newest(space, id));
                    let truth = Truth::of(space, id);
                    tap.note(Note::Changed { at, truth });
                }
            }
        }
        if !changed {
            tap.note(Note::Idle { at, step });
        }
    }

    /// What a request of the client made of the truth, if it changed it.
    fn written(&mut self, space: &Space, taken: &Taken) -> Option<Truth> {
        let id = taken.website.filter(|_| taken.is_save() && taken.carried_out)?;
        let newest = newest(space, id);
        let written = newest > self.last_write;
        self.last_write = self.last_write.max(newest);
        written.then(|| Truth::of(space, id))
    }

    /// Steps that wait for this request: those at Crisp happen now, when its answer is fixed and
    /// nothing of it is out; for the others the answer is held back.
    fn reach(
        &mut self,
        tap: &Inside,
        space: &mut Space,
        place: (Operation, Option<u32>),
        which: Numbers,
        handled: &mut Handled,
    ) {
        let steps = &tap.prepared.scenario.when;
        let mut reached = self.hooks.reached(steps, place, which, hooks::during);
        reached.extend(self.hooks.reached(steps, place, which, hooks::after));
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

impl Tap for Inside {
    fn handled(&self, space: &mut Space, request: &Request<Bytes>, handled: &mut Handled) {
        let mut state = self.state();
        if !state.begun {
            state.begin(self, space, request, handled);
        }
        let taken = Taken::of(space, handled, request);
        let which = state.counts.count(taken.operation, taken.page);
        let written = state.written(space, &taken);
        let at = handled.arrived;
        let seq = handled.seq;
        let withheld = self.tempo.poll() * WITHHELD;
        if matches!(handled.delivery.outcome, Outcome::Hang) {
            handled.delivery.outcome = Outcome::Close;
            handled.delivery.hold = withheld;
        }
        if handled.delivery.after_next.is_some() {
            handled.delivery.after_next = Some(withheld);
        }
        let place = (taken.operation, taken.page);
        self.note(Note::Handled { at, seq, taken: Box::new(taken), which, written });
        state.reach(self, space, place, which, handled);
    }

    fn ended(&self, seq: u64, client_left: bool) {
        let at = system_clock::elapsed().saturating_sub(self.state().origin);
        self.note(Note::Ended { at, seq, client_left });
    }
}
