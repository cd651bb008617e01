//! Replicas with a real store whose clock is moved by hand, as one client: disturbed between requests.
//!
//! The store answers in real time, so the judge waits until all that was asked of it is done and every replica has read it.

mod disturbing;
mod node;

use std::collections::HashMap;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::builder::StartError;
use super::by_hand::{FOR_EVER, transport};
use super::ends::Ends;
use super::outlet::Outlet;
use super::{Cache, Order};
use crate::machine::{Action, Event, Moment, RequestId, SaveOutcome, Ticket};
use crate::replicas::{Disturbance, LogAction, LogEvent, Output, Place};
use crate::transport::{Transport, TransportError};
use crate::{Config, Store};
use node::{Node, moment, news};

/// So long the store may take for all that is asked of it at once, in real time.
const REST: Duration = Duration::from_secs(20);

/// A request of the replica that began as this one in a row.
type Landing = (u64, RequestId, Result<Response<Bytes>, TransportError>);

/// The driver of such replicas. When it is dropped, their requests end.
pub(crate) struct ReplicasByHand<T> {
    config: Config,
    store: Store,
    name: String,
    nodes: Vec<Node>,
    /// The replica that is read.
    read: usize,
    lives: u64,
    now: Moment,
    /// The last entry of the log that is known, and when it came to be.
    end: Option<(Place, Duration)>,
    answers: u64,
    disturbed_after: u64,
    generation: u64,
    outlet: Outlet<T>,
    transport: Transport,
    orders: mpsc::Receiver<Order>,
    ready: watch::Sender<bool>,
    requests: JoinSet<Landing>,
    aborts: HashMap<(u64, RequestId), AbortHandle>,
    ends: HashMap<Ticket, oneshot::Sender<SaveOutcome>>,
    tickets: u64,
}

impl<T: DeserializeOwned + Send + Sync + 'static> ReplicasByHand<T> {
    /// So many replicas that share this store under this name, which nothing has used yet. To be called within a runtime.
    ///
    /// # Errors
    /// [`StartError`] when the HTTP client cannot be set up.
    pub(crate) fn start(
        config: Config,
        store: Store,
        (name, count): (String, usize),
        wall: Timestamp,
    ) -> Result<(Cache<T>, Self), StartError> {
        let transport = transport()?;
        let (cache, ends) = Ends::open();
        let mut by_hand = Self {
            config,
            store,
            name,
            nodes: Vec::new(),
            read: 0,
            lives: 0,
            now: Moment { elapsed: Duration::ZERO, wall },
            end: None,
            answers: 0,
            disturbed_after: 0,
            generation: 1,
            outlet: ends.outlet,
            transport,
            orders: ends.orders,
            ready: ends.ready,
            requests: JoinSet::new(),
            aborts: HashMap::new(),
            ends: HashMap::new(),
            tickets: 0,
        };
        for number in 0..count {
            let node = by_hand.begin(number, count);
            by_hand.nodes.push(node);
        }
        by_hand.tell();
        Ok((cache, by_hand))
    }

    /// A replica that begins now.
    fn begin(&mut self, number: usize, count: usize) -> Node {
        self.lives += 1;
        let now = moment(self.now, number, count);
        Node::new(self.lives, self.config.clone(), self.store.connect(&self.name), now)
    }

    /// Moves the clock.
    pub(crate) fn advance(&mut self, by: Duration, wall: Timestamp) {
        self.now = Moment { elapsed: self.now.elapsed.saturating_add(by), wall };
        for number in 0..self.nodes.len() {
            let now = self.now.elapsed;
            let Some(node) = self.nodes.get_mut(number).filter(|node| node.paused_until <= now)
            else {
                continue;
            };
            for event in std::mem::take(&mut node.waiting) {
                self.handle(number, event);
            }
            // An answer of the store comes every second, and this one has come to the end of the log.
            if self.is_at_rest(number) {
                let nothing =
                    LogEvent::Read { entries: Vec::new(), age: Duration::ZERO, end: true };
                self.hear(number, nothing);
            }
            self.handle(number, Event::Tick);
        }
        self.tell();
    }

    /// Waits until the store has done all that was asked of it, and every replica that reaches it knows.
    ///
    /// # Errors
    /// When it takes too long, in words.
    pub(crate) async fn rest(&mut self) -> Result<(), String> {
        let late =
            |_| format!("the store did not do what it was asked within {} s", REST.as_secs());
        loop {
            timeout(REST, self.come_to_rest()).await.map_err(late)?;
            let idle = self.aborts.is_empty() && self.ends.is_empty();
            if self.disturbed_after == self.answers || !idle || self.nodes.len() < 2 {
                return Ok(());
            }
            self.disturbed_after = self.answers;
            let Some((number, disturbance)) =
                Disturbance::after(self.answers, self.config.seed, self.nodes.len())
            else {
                return Ok(());
            };
            self.disturb(number, disturbance);
        }
    }

    async fn come_to_rest(&mut self) {
        loop {
            while self.take_all() {}
            // One that does not know whether the log goes on has still to read it.
            let knows = |node: &Node| node.replica.has_caught_up();
            let rests = |number: usize| {
                self.is_at_rest(number) && self.nodes.get(number).is_some_and(knows)
            };
            if (0..self.nodes.len()).all(|number| rests(number) || self.is_out(number)) {
                return;
            }
            self.landed().await;
        }
    }

    fn is_out(&self, number: usize) -> bool {
        self.nodes.get(number).is_none_or(|node| node.is_out(self.now.elapsed))
    }

    fn is_at_rest(&self, number: usize) -> bool {
        let end = self.end.map(|(place, _)| place);
        self.nodes.get(number).is_some_and(|node| {
            node.heard
                && node.asked == 0
                && node.replica.end_of_log() == end
                && !self.is_out(number)
        })
    }

    /// Takes in all orders, answers and news of the store that have come. Says whether there were any.
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
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready((number, event)) =
            news(&mut self.nodes, self.now.elapsed, &mut context)
        {
            self.hear(number, event);
            any = true;
        }
        any
    }

    /// Waits until an answer comes, or the store says something, and takes it in. Cancellation-safe.
    pub(crate) async fn landed(&mut self) {
        let now = self.now.elapsed;
        let Self { nodes, requests, .. } = self;
        let came = poll_fn(|cx| match requests.poll_join_next(cx) {
            Poll::Ready(Some(landed)) => Poll::Ready(Err(landed)),
            _ => news(nodes, now, cx).map(Ok),
        });
        match came.await {
            Ok((number, event)) => self.hear(number, event),
            Err(Ok(landed)) => self.land(landed),
            // One that was given up lands as an error; the machine knows.
            Err(Err(_)) => {}
        }
    }

    /// How long until a replica wants to wake; none: not before something happens.
    pub(crate) fn next_wake(&self) -> Option<Duration> {
        let wakes = self.nodes.iter().filter_map(|node| {
            let wake = node.replica.next_wake()?;
            Some(wake.max(node.paused_until))
        });
        let ends = self.nodes.iter().flat_map(|node| [node.paused_until, node.cut_until]);
        let wakes = wakes.chain(ends.filter(|end| *end > self.now.elapsed));
        wakes.min().map(|wake| wake.saturating_sub(self.now.elapsed))
    }

    /// How many answers are waited for.
    pub(crate) fn in_flight(&self) -> usize {
        self.aborts.len()
    }

    /// Tells the status as of now, as it ages by the clock that is moved.
    pub(crate) fn tell(&self) {
        let now = moment(self.now, self.read, self.nodes.len());
        if let Some(node) = self.nodes.get(self.read) {
            let mut status = node.replica.status(now);
            status.generation = self.generation;
            self.outlet.tell(&status);
        }
    }

    fn land(&mut self, (life, id, landed): Landing) {
        let number = self.nodes.iter().position(|node| node.life == life);
        let (Some(number), Some(_)) = (number, self.aborts.remove(&(life, id))) else { return };
        self.answers += 1;
        let event = match landed {
            Ok(response) => Event::Answer { id, response },
            Err(error) => Event::Failed { id, failure: error.failure },
        };
        self.handle(number, event);
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Save { website, settings, how, end } => {
                self.tickets += 1;
                let ticket = Ticket(self.tickets);
                self.ends.insert(ticket, end);
                self.handle(self.read, Event::Save { ticket, website, settings, how });
            }
            Order::PollNow => self.handle(self.read, Event::PollNow),
            // It ends when it is dropped.
            Order::Stop { done, .. } => drop(done),
        }
    }

    fn handle(&mut self, number: usize, event: Event) {
        let now = moment(self.now, number, self.nodes.len());
        let Some(node) = self.nodes.get_mut(number) else { return };
        if node.paused_until > now.elapsed {
            return node.waiting.push(event);
        }
        let outputs = node.replica.handle(now, event);
        self.carry_out(number, outputs);
    }

    fn hear(&mut self, number: usize, event: LogEvent) {
        let now = moment(self.now, number, self.nodes.len());
        let end = self.end;
        let Some(node) = self.nodes.get_mut(number) else { return };
        let event = match event {
            LogEvent::Read { entries, end: whole, .. } => {
                node.heard = true;
                // The store's clock is not the one that is moved.
                let last = entries.last().map(|(sequence, _)| *sequence);
                let came = end.filter(|(place, _)| Some(place.sequence) == last);
                let age = came.map_or(Duration::ZERO, |(_, at)| now.elapsed.saturating_sub(at));
                LogEvent::Read { entries, age, end: whole }
            }
            LogEvent::Lost => event,
            event => {
                node.asked = node.asked.saturating_sub(1);
                event
            }
        };
        let outputs = node.replica.hear(now, event);
        self.carry_out(number, outputs);
    }

    fn carry_out(&mut self, number: usize, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Action(action) => self.act(number, action),
                Output::Log(action) => self.ask(number, action),
            }
        }
        let Some(node) = self.nodes.get(number) else { return };
        let place = node.replica.end_of_log();
        let known = self.end.map_or(0, |(known, _)| known.sequence);
        if let Some(place) = place.filter(|place| place.sequence > known) {
            self.end = Some((place, self.now.elapsed));
        }
        node.link.is_at(place);
        if number == self.read {
            if node.replica.is_ready() {
                self.ready.send_replace(true);
            }
            self.tell();
        }
    }

    fn ask(&mut self, number: usize, action: LogAction) {
        let Some(node) = self.nodes.get_mut(number) else { return };
        let answers = !matches!(action, LogAction::Trim(_));
        if node.cut_until <= self.now.elapsed {
            node.asked += usize::from(answers);
            return node.link.act(action);
        }
        let failed = match action {
            LogAction::Append { .. } => LogEvent::Failed,
            LogAction::Publish(_) => LogEvent::Unpublished,
            LogAction::Trim(_) => return,
        };
        let now = moment(self.now, number, self.nodes.len());
        let Some(node) = self.nodes.get_mut(number) else { return };
        // It tries again when it hears of the store.
        for output in node.replica.hear(now, failed) {
            if let Output::Action(action) = output {
                self.act(number, action);
            }
        }
    }

    fn act(&mut self, number: usize, action: Action) {
        let Some(node) = self.nodes.get(number) else { return };
        let life = node.life;
        match action {
            Action::Send { id, request, .. } => {
                let transport = self.transport.clone();
                let exchange =
                    async move { (life, id, transport.exchange(request, FOR_EVER).await) };
                self.aborts.insert((life, id), self.requests.spawn(exchange));
            }
            Action::Abandon { id } => {
                if let Some(abort) = self.aborts.remove(&(life, id)) {
                    abort.abort();
                }
            }
            Action::Changed(changes) if number == self.read => {
                self.generation += 1;
                self.outlet.publish(&changes, self.generation);
            }
            Action::SaveEnded { ticket, outcome } => {
                if let Some(end) = self.ends.remove(&ticket) {
                    // The caller may have stopped waiting; the save stands.
                    let _ = end.send(outcome);
                }
            }
            Action::Changed(_) | Action::Ready | Action::Socket { .. } => {}
        }
    }
}
