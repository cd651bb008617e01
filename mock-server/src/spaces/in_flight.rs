//! A request of the REST API, from its decision to the end of its delivery.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};

use super::{Frames, OpenSocket, SharedSpace, UnderWay, system_clock};
use crate::fault::Delivery;
use crate::journal::{Entry, Exchange, Journal};
use crate::operation::Operation;

/// Called for every request to the REST API, with the name of its space, once its answer was sent
/// or could not be.
pub type Listener = Arc<dyn Fn(&str, &Entry) + Send + Sync>;

/// What a request leads to.
pub struct Reply {
    /// What reaches the client.
    pub delivery: Delivery,
    /// The request of a space that it answers. Without one the delivery waits for nothing.
    pub in_flight: Option<InFlight>,
    /// Kept until the delivery is complete.
    pub under_way: Option<UnderWay>,
    /// The socket whose frames follow the answer.
    pub socket: Option<Frames>,
}

impl From<Delivery> for Reply {
    fn from(delivery: Delivery) -> Self {
        Self { delivery, in_flight: None, under_way: None, socket: None }
    }
}

impl From<Response<Bytes>> for Reply {
    fn from(response: Response<Bytes>) -> Self {
        Delivery::honest(response).into()
    }
}

/// A request whose delivery is not complete. Dropping it notes the end in the journal, and calls the
/// tap and the listener.
pub struct InFlight {
    time: SpaceTime,
    seq: u64,
    operation: Operation,
    arrived: Duration,
    started: Duration,
    /// How long it took, once its answer is out.
    took: Option<Duration>,
    heard: Option<Box<(Listener, Entry)>>,
    /// The tap was told that its client left.
    is_told: AtomicBool,
    /// Whether the client disconnected before its delivery was complete.
    pub client_left: bool,
}

impl SharedSpace {
    /// Handles a request; its journal has it, and `listener` is called when its reply is dropped.
    pub fn handle(self: &Arc<Self>, request: &Request<Bytes>, listener: Option<Listener>) -> Reply {
        let started = system_clock::elapsed();
        self.delivers(true);
        let (mut handled, life, heard, awaited, events) = {
            let mut space = self.lock();
            let mut handled = space.handle(started, request);
            if let Some(tap) = self.tapped() {
                tap.handled(&mut space, request, &mut handled);
            }
            let exchange = Exchange::of(request, handled.delivery.outcome.response());
            space.journal.keep(handled.seq, exchange);
            // A copy for the listener: the journal may be emptied before the request has ended.
            let heard =
                listener.and_then(|listener| Some((listener, space.journal.last()?.clone())));
            let awaited =
                (self.waiting_calls() > 0).then(|| space.journal.last().cloned()).flatten();
            let events = space.world.outbox.last_seq();
            (handled, self.life(), heard.map(Box::new), awaited, events)
        };
        self.journaled(awaited.as_ref());
        self.raised(events);
        let socket = handled.socket.take();
        let socket = socket.map(|sid| Frames::Session(OpenSocket::new(Arc::clone(self), sid)));
        let in_flight = InFlight {
            time: SpaceTime { space: Arc::clone(self), life },
            seq: handled.seq,
            operation: handled.operation,
            arrived: handled.arrived,
            started,
            took: None,
            heard,
            is_told: AtomicBool::new(false),
            client_left: false,
        };
        Reply { delivery: handled.delivery, in_flight: Some(in_flight), under_way: None, socket }
    }
}

impl InFlight {
    /// What it asked for.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// The elapsed time of its space when it arrived.
    #[must_use]
    pub fn arrived(&self) -> Duration {
        self.arrived
    }

    /// The client ended its side before its answer was out: it has left, as far as is known. The
    /// journal and the tap are told at once; the end of the request corrects the journal if the answer
    /// was taken after all.
    pub(crate) fn client_ended(&self) {
        if !self.is_told.swap(true, Ordering::Relaxed)
            && self.time.in_journal(|journal| journal.client_ended(self.seq))
        {
            self.tell(true);
        }
    }

    /// Its answer is out; whether its client was still there may be known later.
    pub(crate) fn answered(&mut self) {
        self.took = Some(system_clock::elapsed().saturating_sub(self.started));
    }

    fn tell(&self, client_left: bool) {
        if let Some(tap) = self.time.space.tapped() {
            tap.ended(self.seq, client_left);
        }
    }

    /// The time that its delivery waits by.
    #[must_use]
    pub fn time(&self) -> &SpaceTime {
        &self.time
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.time.space.delivers(false);
        let took = system_clock::elapsed().saturating_sub(self.started);
        let took = self.took.unwrap_or(took);
        let ended =
            self.time.in_journal(|journal| journal.finish(self.seq, took, self.client_left));
        if ended && !self.is_told.load(Ordering::Relaxed) {
            self.tell(self.client_left);
        }
        if let Some(heard) = &mut self.heard {
            let (listener, entry) = heard.as_mut();
            entry.finish(took, self.client_left);
            listener(self.time.space.name(), entry);
        }
    }
}

/// The elapsed time of one life of a space: a reset begins another, and ends every wait in this one.
#[derive(Debug, Clone)]
pub struct SpaceTime {
    space: Arc<SharedSpace>,
    life: u64,
}

impl SpaceTime {
    /// How much time has elapsed since the start or reset of the space.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.space.lock().clock.now(system_clock::elapsed()).elapsed
    }

    /// Completes once so much time has elapsed since the start or reset of the space.
    pub async fn wait_until(&self, elapsed: Duration) {
        self.space.wait_until(self.life, elapsed).await;
    }

    /// Notes something in the journal; false when its life is over: after a reset another request may
    /// have the same number.
    fn in_journal(&self, note: impl FnOnce(&mut Journal)) -> bool {
        let mut space = self.space.lock();
        let same_life = self.space.life() == self.life;
        if same_life {
            note(&mut space.journal);
        }
        same_life
    }

    /// Tells lives and spaces apart for as long as the space exists.
    #[must_use]
    pub fn key(&self) -> (usize, u64) {
        (Arc::as_ptr(&self.space).addr(), self.life)
    }
}
