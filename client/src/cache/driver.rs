//! The task between the machine's thread and the world: sockets, time-outs, orders.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::Order;
use super::meter::{Meter, report};
use super::outlet::Outlet;
use super::sockets::Sockets;
use super::worker::{Link, Reply, Stepped, Task};
use crate::Config;
use crate::machine::{Action, Event, Operation, Refusal, RequestId, SaveOutcome, Status, Ticket};
use crate::telling;
use crate::transport::{Transport, TransportError};

/// Nothing happens for so long that another look does not hurt.
const LONG: Duration = Duration::from_secs(3600);

/// So many events wait for the machine before the socket's next one is taken.
const MOST_EVENTS: usize = 64;

#[cfg(feature = "store")]
type Store = Option<crate::stores::StoreLink>;
/// None, in a build without one.
#[cfg(not(feature = "store"))]
type Store = ();

type Landing = (RequestId, Operation, Result<Response<Bytes>, TransportError>);

pub(super) struct Driver<T> {
    pub(super) config: Config,
    pub(super) transport: Transport,
    pub(super) sockets: Sockets,
    pub(super) worker: Link,
    pub(super) store: Store,
    /// What the worker's moments count from.
    pub(super) start: Instant,
    pub(super) outlet: Arc<Outlet<T>>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) ready: watch::Sender<bool>,
    pub(super) meter: Option<Arc<dyn Meter>>,
    #[cfg(feature = "persist")]
    pub(super) keeper: Option<crate::persist::Keeper>,
}

impl<T: Send + Sync + 'static> Driver<T> {
    /// Runs until the last handle is dropped or a stop is requested. The step that the machine is
    /// in then is not waited for: nothing of it is shown any more.
    pub(super) async fn run(mut self) {
        let mut flight = Flight::new(self.start);
        self.serve(&mut flight).await;
        self.outlet.close();
        self.sockets.close();
        let Stopping { mut waiting, stored, .. } = flight.stopping.unwrap_or_else(|| Stopping {
            waiting: Vec::new(),
            until: self.start,
            stored: false,
        });
        let wait = self.refuse_orders(&mut waiting) || stored;
        self.store_last(wait).await;
        for done in waiting {
            // The caller may have dropped the receiver.
            let _ = done.send(());
        }
    }

    #[cfg(feature = "persist")]
    async fn store_last(&mut self, wait: bool) {
        if let Some(keeper) = &mut self.keeper {
            keeper.store_last(self.outlet.warm(), wait).await;
        }
    }

    #[cfg(not(feature = "persist"))]
    #[expect(clippy::unused_async, reason = "writes a file in the other form")]
    async fn store_last(&mut self, _: bool) {}

    /// Takes no more orders: a save that came too late was certainly not carried out. Notes who
    /// else wants to know that the task has ended, and says whether one waits for the last storing.
    fn refuse_orders(&mut self, waiting: &mut Vec<oneshot::Sender<()>>) -> bool {
        self.orders.close();
        let mut wait = false;
        while let Ok(order) = self.orders.try_recv() {
            match order {
                Order::Save { end, .. } => {
                    // The caller may have dropped the receiver.
                    let _ = end.send(SaveOutcome::Refused(Refusal::Stopped));
                }
                Order::PollNow => {}
                Order::Stop { done, stored } => {
                    wait |= stored;
                    waiting.push(done);
                }
            }
        }
        wait
    }

    /// The machine panicked: saves under way are unknown, and it begins anew. The same answer may
    /// well lead to the same panic, so each one in a row is followed by a longer rest.
    fn begin_anew(&mut self, flight: &mut Flight, words: &str) {
        telling::machine_panicked(words);
        flight.requests.abort_all();
        flight.requests = JoinSet::new();
        flight.aborts.clear();
        // Answers to the old machine's requests mean nothing to the new one, whose numbers begin anew.
        flight.tasks.clear();
        self.sockets.close();
        #[cfg(feature = "store")]
        {
            // The answer that led to the panic is in the log for good: this replica leaves it.
            self.store = None;
        }
        for (_, end) in flight.ends.drain() {
            let problem = "the client had to begin anew".to_owned();
            let _ = end.send(SaveOutcome::Unknown { problem, holds: None });
        }
        let rest = flight.rest_after_panic(&self.config);
        self.worker.order(Task::BeginAnew(rest));
    }

    async fn serve(&mut self, flight: &mut Flight) {
        self.take(flight, Event::Tick);
        loop {
            if flight.may_end() {
                return;
            }
            let wake = flight.wake();
            tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.obey(flight, order),
                    None => return,
                },
                reply = self.worker.reply() => match reply {
                    Some(Reply::Done(stepped)) => self.done(flight, *stepped),
                    Some(Reply::Panicked(words)) => self.begin_anew(flight, &words),
                    None => return,
                },
                Some(landed) = flight.requests.join_next(), if !flight.requests.is_empty() => {
                    // A request that was given up lands as an error; the machine knows.
                    if let Ok(landed) = landed {
                        self.land(flight, landed);
                    }
                }
                (id, event) = self.sockets.next(), if !flight.is_full() => {
                    self.take(flight, Event::Socket { id, event });
                }
                task = heard(&mut self.store), if !flight.is_full() => self.order(flight, task),
                () = sleep_until(wake) => if !flight.busy {
                    self.take(flight, Event::Tick);
                }
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
            Order::Stop { done, stored } => flight.stop(done, stored, self.config.save_patience),
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

    /// Hands an event to the machine, when it has done with those before.
    fn take(&mut self, flight: &mut Flight, event: Event) {
        self.order(flight, Task::Handle(event));
    }

    fn order(&mut self, flight: &mut Flight, task: Task) {
        flight.tasks.push_back(task);
        self.go_on(flight);
    }

    /// One step at a time, so that after a panic no event is left that the old machine was to have.
    fn go_on(&mut self, flight: &mut Flight) {
        if !flight.busy
            && let Some(task) = flight.tasks.pop_front()
        {
            flight.busy = true;
            self.worker.order(task);
        }
    }

    fn done(&mut self, flight: &mut Flight, stepped: Stepped) {
        let Stepped { todo, wake, status, .. } = stepped;
        (flight.busy, flight.machine_wakes) = (false, wake);
        #[cfg(feature = "store")]
        if let Some(store) = &self.store {
            store.is_at(stepped.place);
            for action in todo.log {
                store.act(action);
            }
        }
        for action in todo.actions {
            self.act(flight, action, &status);
        }
        self.tell(&status);
        self.go_on(flight);
    }

    fn act(&mut self, flight: &mut Flight, action: Action, status: &Status) {
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
            Action::Socket { id, action } => self.sockets.act(id, action),
            // Not among the actions: published where it came about.
            Action::Changed(_) => {}
            Action::Ready => {
                telling::ready(status.websites);
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

    /// Meters and the file, after everything that happened.
    fn tell(&mut self, status: &Status) {
        if let Some(meter) = &self.meter {
            let told = catch_unwind(AssertUnwindSafe(|| report(&**meter, status)));
            if told.is_err() {
                telling::meter_panicked();
                self.meter = None;
            }
        }
        #[cfg(feature = "persist")]
        if let Some(keeper) = &mut self.keeper {
            keeper.store_if_due(status.generation, self.config.longest_gap, || self.outlet.warm());
        }
    }
}

/// What the store says next.
#[cfg(feature = "store")]
async fn heard(store: &mut Store) -> Task {
    match store {
        Some(store) => Task::Hear(store.next().await),
        None => std::future::pending().await,
    }
}

/// Never.
#[cfg(not(feature = "store"))]
async fn heard((): &mut Store) -> Task {
    std::future::pending().await
}

/// What is under way.
struct Flight {
    start: Instant,
    /// Events, and what the store said, that the machine has not been handed yet.
    tasks: VecDeque<Task>,
    /// Whether the machine is in a step.
    busy: bool,
    /// When it wants a tick.
    machine_wakes: Option<Duration>,
    requests: JoinSet<Landing>,
    aborts: HashMap<RequestId, AbortHandle>,
    ends: HashMap<Ticket, oneshot::Sender<SaveOutcome>>,
    tickets: u64,
    stopping: Option<Stopping>,
    /// How many panics there were in a row, and when the last one was.
    panics: (u32, Instant),
}

struct Stopping {
    waiting: Vec<oneshot::Sender<()>>,
    until: Instant,
    /// Whether a caller waits for the last storing, however long it takes.
    stored: bool,
}

impl Flight {
    fn new(start: Instant) -> Self {
        Self {
            start,
            tasks: VecDeque::new(),
            busy: false,
            machine_wakes: None,
            requests: JoinSet::new(),
            aborts: HashMap::new(),
            ends: HashMap::new(),
            tickets: 0,
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

    fn stop(&mut self, done: oneshot::Sender<()>, stored: bool, patience: Duration) {
        let until = Instant::now() + patience;
        let new = Stopping { waiting: Vec::new(), until, stored: false };
        let stopping = self.stopping.get_or_insert(new);
        stopping.stored |= stored;
        stopping.waiting.push(done);
    }

    /// Whether a stop was ordered and no save is open, or the patience for them has ended.
    fn may_end(&self) -> bool {
        self.stopping
            .as_ref()
            .is_some_and(|stopping| self.ends.is_empty() || Instant::now() >= stopping.until)
    }

    /// Whether so much waits for the machine that the store has to wait.
    fn is_full(&self) -> bool {
        self.tasks.len() >= MOST_EVENTS
    }

    /// When to look again, if nothing happens before.
    fn wake(&self) -> Instant {
        let ticks = self.machine_wakes.filter(|_| !self.busy);
        let wake = ticks.map_or_else(|| Instant::now() + LONG, |elapsed| self.start + elapsed);
        self.stopping.as_ref().map_or(wake, |stopping| stopping.until.min(wake))
    }
}
