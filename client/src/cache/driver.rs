//! The task that owns the machine: the only place with sockets, clocks and time-outs.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::Order;
use super::changes::Step;
use super::entry::View;
use super::meter::{Meter, report};
use super::shared::Shared;
use crate::Config;
use crate::machine::{
    Action, Event, Machine, Moment, Operation, Refusal, RequestId, SaveOutcome, Ticket, WarmStart,
};
use crate::telling;
use crate::transport::{Transport, TransportError};

/// Nothing happens for so long that another look does not hurt.
const LONG: Duration = Duration::from_secs(3600);

type Landing = (RequestId, Operation, Result<Response<Bytes>, TransportError>);

/// Called before the machine handles an event, to panic as a bug in the machine would.
#[cfg(test)]
pub(super) type Bug = Box<dyn FnMut(&Event) + Send>;

pub(super) struct Driver<T> {
    pub(super) config: Config,
    #[cfg(test)]
    pub(super) bug: Bug,
    pub(super) transport: Transport,
    pub(super) shared: Arc<Shared<T>>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) ready: watch::Sender<bool>,
    pub(super) steps: broadcast::Sender<Arc<Step<T>>>,
    pub(super) meter: Option<Arc<dyn Meter>>,
    #[cfg(feature = "persist")]
    pub(super) keeper: Option<crate::persist::Keeper>,
}

impl<T: DeserializeOwned + Send + Sync + 'static> Driver<T> {
    /// Runs until the last handle is dropped or a stop is requested.
    pub(super) async fn run(mut self) {
        let start = Instant::now();
        let warm = self.stored().await;
        let mut flight = Flight::new(self.machine(moment(start), warm), start);
        loop {
            match contained(self.serve(&mut flight)).await {
                Ok(()) => break,
                Err(panic) => self.begin_anew(&mut flight, &panic),
            }
        }
        let late = self.refuse_orders();
        #[cfg(feature = "persist")]
        if let Some(keeper) = &mut self.keeper {
            keeper.store_last(flight.machine.warm_start()).await;
        }
        let waiting = flight.stopping.into_iter();
        for done in waiting.flat_map(|stopping| stopping.waiting).chain(late) {
            // The caller may have dropped the receiver.
            let _ = done.send(());
        }
    }

    /// Takes no more orders: a save that came too late was certainly not carried out. Gives back
    /// who else wants to know that the task has ended.
    fn refuse_orders(&mut self) -> Vec<oneshot::Sender<()>> {
        self.orders.close();
        let mut waiting = Vec::new();
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Save { end, .. } => {
                    // The caller may have dropped the receiver.
                    let _ = end.send(SaveOutcome::Refused(Refusal::Stopped));
                }
                Order::PollNow => {}
                Order::Stop { done } => waiting.push(done),
            }
        }
        waiting
    }

    #[cfg(feature = "persist")]
    async fn stored(&mut self) -> Option<WarmStart> {
        self.keeper.as_mut()?.fetch().await
    }

    #[cfg(not(feature = "persist"))]
    #[expect(clippy::unused_async, reason = "reads a file in the other form")]
    async fn stored(&mut self) -> Option<WarmStart> {
        None
    }

    fn machine(&self, now: Moment, warm: Option<WarmStart>) -> Machine {
        let config = self.config.clone();
        match warm {
            Some(warm) => {
                let websites = warm.websites.clone();
                let machine = Machine::resume(config, now, warm);
                let generation = machine.snapshot().generation;
                self.shared.view.store(Arc::new(View::of(&websites, generation)));
                machine
            }
            None => Machine::new(config, now),
        }
    }

    /// A panic is a bug, but the settings must not freeze for it (hazard F7): the cache serves
    /// on, saves under way are unknown, everything is listed again. The same answer may well lead
    /// to the same panic, so each one in a row is followed by a longer rest.
    fn begin_anew(&mut self, flight: &mut Flight, panic: &(dyn Any + Send)) {
        let words = panic.downcast_ref::<&str>().copied().map(str::to_owned);
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        telling::machine_panicked(&words);
        flight.requests.abort_all();
        for (_, end) in flight.ends.drain() {
            let problem = "the client had to begin anew".to_owned();
            let _ = end.send(SaveOutcome::Unknown { problem, holds: None });
        }
        let websites = flight.machine.snapshot().websites.clone();
        let generation = flight.machine.snapshot().generation;
        let now = moment(flight.start);
        let config = self.config.clone();
        flight.machine = if websites.is_empty() {
            Machine::new(config, now)
        } else {
            // A cursor this old is not gone on from.
            let cursor = Timestamp::UNIX_EPOCH;
            Machine::resume(config, now, WarmStart { websites, cursor })
        };
        let rest = flight.rest_after_panic(&self.config);
        flight.machine.rest(rest);
        flight.generation_before += generation;
    }

    async fn serve(&mut self, flight: &mut Flight) {
        self.take(flight, Event::Tick);
        loop {
            if flight.may_end() {
                return;
            }
            let wake = match flight.machine.next_wake() {
                Some(elapsed) => flight.start + elapsed,
                None => Instant::now() + LONG,
            };
            let wake = flight.deadline(wake);
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.obey(flight, order),
                    None => return,
                },
                Some(landed) = flight.requests.join_next(), if !flight.requests.is_empty() => {
                    // A request that was given up lands as an error; the machine knows.
                    if let Ok(landed) = landed {
                        self.land(flight, landed);
                    }
                }
                () = sleep_until(wake) => self.take(flight, Event::Tick),
            }
        }
    }

    fn obey(&mut self, flight: &mut Flight, order: Order) {
        match order {
            Order::Save { website, settings, how, end } => {
                flight.tickets += 1;
                let ticket = Ticket(flight.tickets);
                flight.ends.insert(ticket, end);
                self.take(flight, Event::Save { ticket, website, settings, how });
            }
            Order::PollNow => self.take(flight, Event::PollNow),
            Order::Stop { done } => flight.stop(done, self.config.save_patience),
        }
    }

    fn land(&mut self, flight: &mut Flight, (id, operation, landed): Landing) {
        flight.aborts.remove(&id);
        let event = match landed {
            Ok(response) => Event::Answer { id, response },
            Err(error) => {
                telling::no_answer(operation, &error);
                Event::Failed { id, failure: error.failure }
            }
        };
        self.take(flight, event);
    }

    fn take(&mut self, flight: &mut Flight, event: Event) {
        let state = flight.machine.state();
        let now = moment(flight.start);
        #[cfg(test)]
        (self.bug)(&event);
        for action in flight.machine.handle(now, event) {
            self.act(flight, action);
        }
        let after = flight.machine.state();
        if state != after {
            let error = flight.machine.status(now).last_error;
            telling::state_changed(state, after, error);
        }
        self.tell(flight, now);
    }

    fn act(&mut self, flight: &mut Flight, action: Action) {
        match action {
            Action::Send { id, operation, request, timeout } => {
                let transport = self.transport.clone();
                let exchange = async move {
                    let landed = transport.exchange(request, timeout).await;
                    (id, operation, landed)
                };
                let abort = flight.requests.spawn(telling::request(operation, exchange));
                flight.aborts.insert(id, abort);
            }
            Action::Abandon { id } => {
                if let Some(abort) = flight.aborts.remove(&id) {
                    abort.abort();
                }
            }
            Action::Changed(changes) => self.publish(flight, &changes),
            Action::Ready => {
                telling::ready(flight.machine.snapshot().websites.len());
                self.ready.send_replace(true);
            }
            Action::SaveEnded { ticket, outcome } => {
                if let Some(end) = flight.ends.remove(&ticket) {
                    // The caller may have stopped waiting; the save stands.
                    let _ = end.send(outcome);
                }
            }
        }
    }

    fn publish(&mut self, flight: &Flight, changes: &[crate::Change]) {
        let generation = flight.generation_before + flight.machine.snapshot().generation;
        let (view, changes) = self.shared.view.load().after(changes, generation);
        let view = Arc::new(view);
        self.shared.view.store(view.clone());
        telling::changed(changes.len(), generation);
        // A channel without receivers is no error.
        let _ = self.steps.send(Arc::new(Step { changes, view }));
    }

    /// Status, meters and the file, after everything that happened.
    fn tell(&mut self, flight: &mut Flight, now: Moment) {
        let mut status = flight.machine.status(now);
        status.generation += flight.generation_before;
        if let Some(meter) = &self.meter {
            let told = catch_unwind(AssertUnwindSafe(|| report(&**meter, &status)));
            if told.is_err() {
                telling::meter_panicked();
                self.meter = None;
            }
        }
        self.shared.status.store(Some(Arc::new((status, Instant::now()))));
        #[cfg(feature = "persist")]
        if let Some(keeper) = &mut self.keeper {
            keeper.store_if_due(&flight.machine);
        }
    }
}

/// The parts that are lost and made anew with the machine.
struct Flight {
    machine: Machine,
    start: Instant,
    requests: JoinSet<Landing>,
    aborts: HashMap<RequestId, AbortHandle>,
    ends: HashMap<Ticket, oneshot::Sender<SaveOutcome>>,
    tickets: u64,
    generation_before: u64,
    stopping: Option<Stopping>,
    /// How many panics there were in a row, and when the last one was.
    panics: (u32, Instant),
}

struct Stopping {
    waiting: Vec<oneshot::Sender<()>>,
    until: Instant,
}

impl Flight {
    fn new(machine: Machine, start: Instant) -> Self {
        Self {
            machine,
            start,
            requests: JoinSet::new(),
            aborts: HashMap::new(),
            ends: HashMap::new(),
            tickets: 0,
            generation_before: 0,
            stopping: None,
            panics: (0, start),
        }
    }

    fn rest_after_panic(&mut self, config: &Config) -> Duration {
        let (waits, now) = (config.retry, Instant::now());
        let (row, last) = self.panics;
        let calm = waits.cap.saturating_mul(2);
        let row = if now - last > calm { 0 } else { row };
        self.panics = (row.saturating_add(1), now);
        let doubled = 2_u32.saturating_pow(row.min(20));
        waits.base.saturating_mul(doubled).min(waits.cap)
    }

    fn stop(&mut self, done: oneshot::Sender<()>, patience: Duration) {
        let until = Instant::now() + patience;
        let stopping = self.stopping.get_or_insert(Stopping { waiting: Vec::new(), until });
        stopping.waiting.push(done);
    }

    /// Whether a stop was ordered and no save is open, or the patience for them has ended.
    fn may_end(&self) -> bool {
        self.stopping
            .as_ref()
            .is_some_and(|stopping| self.ends.is_empty() || Instant::now() >= stopping.until)
    }

    fn deadline(&self, wake: Instant) -> Instant {
        self.stopping.as_ref().map_or(wake, |stopping| stopping.until.min(wake))
    }
}

#[expect(clippy::disallowed_methods, reason = "the driver is where the clocks are read")]
fn moment(start: Instant) -> Moment {
    Moment { elapsed: start.elapsed(), wall: Timestamp::now() }
}

/// Awaits a future; a panic in it is an error.
async fn contained<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(std::task::Poll::Ready(output)) => std::task::Poll::Ready(Ok(output)),
            Ok(std::task::Poll::Pending) => std::task::Poll::Pending,
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        }
    })
    .await
}
