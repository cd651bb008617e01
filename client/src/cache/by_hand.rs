//! A cache whose clock is moved by hand: a judge lets a day of polling pass in the time that its
//! requests take. Everything but the clock is the cache's own.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};

use super::builder::StartError;
use super::core::Todo;
use super::ends::Ends;
use super::outlet::Outlet;
use super::{Cache, Order};
use crate::Config;
use crate::machine::{Action, Event, Machine, Moment, RequestId, SaveOutcome, Ticket};
use crate::transport::{Timeouts, Transport, TransportError};

/// A request waits for real answers that a judge holds back for as long as it likes; when it has
/// waited for long enough by the clock that is moved, the machine gives it up.
pub(super) const FOR_EVER: Duration = Duration::from_secs(3600);

type Landing = (RequestId, Result<Response<Bytes>, TransportError>);

/// The driver of such a cache. When it is dropped, its requests end.
pub(crate) struct ByHand<T> {
    machine: Machine,
    now: Moment,
    outlet: Outlet<T>,
    transport: Transport,
    orders: mpsc::Receiver<Order>,
    ready: watch::Sender<bool>,
    requests: JoinSet<Landing>,
    aborts: HashMap<RequestId, AbortHandle>,
    ends: HashMap<Ticket, oneshot::Sender<SaveOutcome>>,
    tickets: u64,
}

impl<T: DeserializeOwned + Send + Sync + 'static> ByHand<T> {
    /// A cache that begins at this time, and what drives it. To be called within a runtime.
    ///
    /// # Errors
    /// [`StartError`] when the HTTP client cannot be set up, or the configuration asks to listen.
    pub(crate) fn start(config: Config, wall: Timestamp) -> Result<(Cache<T>, Self), StartError> {
        if config.listening.is_some() {
            return Err(StartError::CannotListen);
        }
        let transport = transport()?;
        let (cache, ends) = Ends::open();
        let now = Moment { elapsed: Duration::ZERO, wall };
        let mut by_hand = Self {
            machine: Machine::new(config, now),
            now,
            outlet: ends.outlet,
            transport,
            orders: ends.orders,
            ready: ends.ready,
            requests: JoinSet::new(),
            aborts: HashMap::new(),
            ends: HashMap::new(),
            tickets: 0,
        };
        by_hand.handle(Event::Tick);
        Ok((cache, by_hand))
    }

    /// Moves the clock.
    pub(crate) fn advance(&mut self, by: Duration, wall: Timestamp) {
        self.now = Moment { elapsed: self.now.elapsed.saturating_add(by), wall };
        self.handle(Event::Tick);
    }

    /// Takes in all orders and answers that have come. Says whether there were any.
    pub(crate) fn take_all(&mut self) -> bool {
        let mut any = false;
        while let Ok(order) = self.orders.try_recv() {
            self.obey(order);
            any = true;
        }
        while let Some(landed) = self.requests.try_join_next() {
            // One that was given up lands as an error; the machine knows.
            if let Ok(landed) = landed {
                self.land(landed);
                any = true;
            }
        }
        any
    }

    /// Waits until an answer comes and takes it in; for ever when there is none to wait for.
    /// Cancellation-safe.
    pub(crate) async fn landed(&mut self) {
        match self.requests.join_next().await {
            Some(Ok(landed)) => self.land(landed),
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }

    /// How long until the machine wants to wake; none: not before something happens.
    pub(crate) fn next_wake(&self) -> Option<Duration> {
        self.machine.next_wake().map(|wake| wake.saturating_sub(self.now.elapsed))
    }

    /// How many answers are waited for.
    pub(crate) fn in_flight(&self) -> usize {
        self.aborts.len()
    }

    /// Tells the status as of now, as it ages by the clock that is moved.
    pub(crate) fn tell(&self) {
        self.outlet.tell(&self.machine.status(self.now));
    }

    fn land(&mut self, (id, landed): Landing) {
        if self.aborts.remove(&id).is_none() {
            return;
        }
        self.handle(match landed {
            Ok(response) => Event::Answer { id, response },
            Err(error) => Event::Failed { id, failure: error.failure },
        });
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Save { website, settings, how, end } => {
                self.tickets += 1;
                let ticket = Ticket(self.tickets);
                self.ends.insert(ticket, end);
                self.handle(Event::Save { ticket, website, settings, how });
            }
            Order::PollNow => self.handle(Event::PollNow),
            // It ends when it is dropped.
            Order::Stop { done, .. } => drop(done),
        }
    }

    fn handle(&mut self, event: Event) {
        let todo = Todo::from(self.machine.handle(self.now, event));
        self.outlet.publish(&todo.changes, self.machine.snapshot().generation);
        for action in todo.actions {
            match action {
                Action::Send { id, request, .. } => {
                    let transport = self.transport.clone();
                    let exchange = async move { (id, transport.exchange(request, FOR_EVER).await) };
                    self.aborts.insert(id, self.requests.spawn(exchange));
                }
                Action::Abandon { id } => {
                    if let Some(abort) = self.aborts.remove(&id) {
                        abort.abort();
                    }
                }
                Action::Ready => {
                    self.ready.send_replace(true);
                }
                Action::SaveEnded { ticket, outcome } => {
                    if let Some(end) = self.ends.remove(&ticket) {
                        // The caller may have stopped waiting; the save stands.
                        let _ = end.send(outcome);
                    }
                }
                // It does not listen; what changed is published.
                Action::Socket { .. } | Action::Changed(_) => {}
            }
        }
        self.tell();
    }
}

/// One whose own time-outs never come.
pub(super) fn transport() -> Result<Transport, StartError> {
    let mut timeouts = Timeouts::default();
    (timeouts.connect, timeouts.head, timeouts.stall) = (FOR_EVER, FOR_EVER, FOR_EVER);
    Ok(Transport::new(timeouts)?)
}
