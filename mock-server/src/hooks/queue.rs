//! The deliveries of a world: taken in from its events, handed out when they are due.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::delivery::{Attempt, Delivery, DeliveryId, Ended, State, millis};
use super::{Hook, Signed};
use crate::engine::{Outbox, PluginEvent};
use crate::fault::{EventFaults, HOLD_ORDER_AT_MOST};

/// How many deliveries are kept; the oldest go, and one that was not over is counted.
pub const MOST: usize = 1_000;

/// How many bytes their bodies may have together; the newest always stays.
pub const MOST_BYTES: usize = 16 << 20;

/// How many attempts are under way at the same time; the others wait, however long they are due.
pub const CONCURRENT: usize = 32;

/// How many attempts of one delivery there are at most, those by hand included.
pub const MOST_ATTEMPTS: usize = 20;

/// The rules that a world's quirks give to its hooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// How long after each failed attempt the next one is due; one attempt more than there are waits.
    pub waits: Vec<Duration>,
    /// After how many failed deliveries in a row a hook is suspended, if ever.
    pub suspended_after: Option<u32>,
}

/// An attempt to carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// Which delivery; [`Queue::answered`] is told.
    pub id: DeliveryId,
    /// Where it goes.
    pub to: Arc<Hook>,
    /// The headers, in the order in which they are sent.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

/// Why a delivery is not sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// There is none with this number.
    #[error("there is no delivery with that number, or it is so long ago that it is not kept")]
    Unknown,
    /// An attempt is under way or due.
    #[error("an attempt of this delivery is under way or still to come")]
    NotOver,
    /// It was sent so often already.
    #[error("it was sent {MOST_ATTEMPTS} times, and is not sent again")]
    TooOften,
}

#[derive(Debug, Clone)]
struct Receiver {
    hook: Arc<Hook>,
    /// The value of `X-Crisp-Hook-Origin`.
    origin: String,
    /// Failed deliveries since the last that was taken.
    failed: u32,
    is_suspended: bool,
}

/// The deliveries of one world, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    receivers: Vec<Receiver>,
    deliveries: VecDeque<Delivery>,
    bytes: usize,
    next_id: u64,
    /// The number of the last event that was taken in.
    read: u64,
    lost: u64,
}

impl Queue {
    /// The hooks of a world whose deliveries are numbered from 1; `origin` gives each the value of
    /// `X-Crisp-Hook-Origin`.
    #[must_use]
    pub fn new(hooks: &[Hook], origin: impl Fn(&Hook) -> String) -> Self {
        let receiver = |hook: &Hook| Receiver {
            origin: origin(hook),
            hook: Arc::new(hook.clone()),
            failed: 0,
            is_suspended: false,
        };
        Self { receivers: hooks.iter().map(receiver).collect(), next_id: 1, ..Self::default() }
    }

    /// Takes in what comes after the event of this number: nothing before it is lost.
    pub fn begin_after(&mut self, seq: u64) {
        self.read = seq;
    }

    /// Whether the world has no hooks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.receivers.is_empty()
    }

    /// The hooks, and whether each is suspended.
    pub fn hooks(&self) -> impl Iterator<Item = (&Hook, bool)> {
        self.receivers.iter().map(|receiver| (&*receiver.hook, receiver.is_suspended))
    }

    /// The deliveries that are kept, oldest first.
    pub fn deliveries(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.deliveries.iter()
    }

    /// How many were dropped for want of room before they were over, or whose events were.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Takes in the events that are new since the last call; `now` is when they happened, and `meet`
    /// says what goes wrong with each delivery. Body and signature are fixed here.
    pub fn take_in(
        &mut self,
        outbox: &Outbox,
        (now, secret, rules): (Duration, &str, &Rules),
        mut meet: impl FnMut(&PluginEvent) -> EventFaults,
    ) {
        for event in outbox.events_after(self.read) {
            self.lost += event.seq.saturating_sub(self.read + 1);
            self.read = event.seq;
            for place in 0..self.receivers.len() {
                if self.receivers.get(place).is_some_and(|one| one.hook.takes(&event.event)) {
                    let faults = meet(event);
                    self.add(event, place, now, secret, rules, faults);
                }
            }
        }
    }

    fn add(
        &mut self,
        event: &PluginEvent,
        place: usize,
        now: Duration,
        secret: &str,
        rules: &Rules,
        faults: EventFaults,
    ) {
        let Some(receiver) = self.receivers.get(place) else { return };
        let due = now.saturating_add(faults.delay);
        let state = match (faults.is_dropped, receiver.is_suspended) {
            (true, _) => State::Dropped,
            (_, true) => State::Suspended,
            _ if faults.is_held => State::Waiting { due: due.saturating_add(HOLD_ORDER_AT_MOST) },
            _ => State::Waiting { due },
        };
        let retries = u32::try_from(rules.waits.len()).unwrap_or(u32::MAX);
        let delivery = Delivery {
            id: DeliveryId(0),
            hook: place,
            to: Arc::clone(&receiver.hook),
            event_seq: event.seq,
            event: event.event.clone(),
            website_id: event.website_id,
            signed: Signed::of(event, secret, faults.forgery),
            state,
            attempts: Vec::new(),
            // A forger does not try again.
            limit: if faults.forgery.is_some() { 1 } else { retries.saturating_add(1) },
            is_held: faults.is_held,
            forgery: faults.forgery,
            faults: faults.fired,
        };
        let copies = if faults.is_duplicated { 2 } else { 1 };
        for _ in 0..copies {
            self.push(delivery.clone());
        }
    }

    fn push(&mut self, delivery: Delivery) {
        self.bytes += delivery.signed.body.len();
        self.deliveries.push_back(Delivery { id: DeliveryId(self.next_id), ..delivery });
        self.next_id += 1;
        while self.deliveries.len() > MOST || (self.bytes > MOST_BYTES && self.deliveries.len() > 1)
        {
            let Some(oldest) = self.deliveries.pop_front() else { return };
            self.bytes -= oldest.signed.body.len();
            self.lost += u64::from(!oldest.is_over());
        }
    }

    /// When the next attempt is due; none when there is nothing to do.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        self.deliveries.iter().filter_map(Delivery::due).min()
    }

    /// How many attempts are under way.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.deliveries.iter().filter(|delivery| delivery.state == State::Sending).count()
    }

    /// Whether no attempt is under way, and none is due by then.
    #[must_use]
    pub fn is_settled(&self, now: Duration) -> bool {
        self.under_way() == 0 && self.next_due().is_none_or(|due| due > now)
    }

    /// Hands out the attempts that are due, those that were due first first, as long as no more than
    /// [`CONCURRENT`] are under way.
    pub fn due(&mut self, now: Duration) -> Vec<Sending> {
        let room = CONCURRENT.saturating_sub(self.under_way());
        let mut due: Vec<_> = self
            .deliveries
            .iter_mut()
            .filter_map(|delivery| Some((delivery.due().filter(|due| *due <= now)?, delivery)))
            .collect();
        // Stable: of two that are due at the same time the older one goes first.
        due.sort_by_key(|(due, _)| *due);
        let receivers = &self.receivers;
        let send = |(_, delivery): (Duration, &mut Delivery)| {
            let count = u32::try_from(delivery.attempts.len()).unwrap_or(u32::MAX) + 1;
            delivery.state = State::Sending;
            let attempt = Attempt { count, elapsed_ms: millis(now), ended: None };
            delivery.attempts.push(attempt);
            let origin = receivers.get(delivery.hook).map(|receiver| receiver.origin.clone());
            Sending {
                id: delivery.id,
                to: Arc::clone(&delivery.to),
                headers: vec![
                    ("content-type", "application/json".to_owned()),
                    ("x-crisp-hook-origin", origin.unwrap_or_default()),
                    ("x-crisp-request-timestamp", delivery.signed.timestamp.to_string()),
                    ("x-crisp-signature", delivery.signed.signature.clone()),
                    ("x-delivery-attempt-limit", delivery.limit.to_string()),
                    ("x-delivery-attempt-count", count.to_string()),
                ],
                body: delivery.signed.body.clone(),
            }
        };
        due.into_iter().take(room).map(send).collect()
    }

    /// An attempt has ended at `now`: the delivery is over, or the next attempt is due.
    pub fn answered(&mut self, id: DeliveryId, ended: Ended, now: Duration, rules: &Rules) {
        let Some(delivery) = self.deliveries.iter_mut().find(|delivery| delivery.id == id) else {
            return; // dropped for want of room
        };
        let taken = ended.outcome.is_taken();
        if let Some(attempt) = delivery.attempts.last_mut() {
            attempt.ended = Some(ended);
        }
        let made = delivery.attempts.len();
        let wait = rules.waits.get(made.saturating_sub(1));
        let again = wait.filter(|_| u32::try_from(made).is_ok_and(|made| made < delivery.limit));
        delivery.state = match (taken, again) {
            (true, _) => State::Delivered,
            (false, Some(wait)) => State::Waiting { due: now.saturating_add(*wait) },
            (false, None) => State::Failed,
        };
        delivery.is_held = false;
        let (hook, is_forged, state) = (delivery.hook, delivery.forgery.is_some(), delivery.state);
        self.release(hook, id, now);
        if !is_forged {
            self.judge(hook, state, rules);
        }
    }

    /// What was held until a later delivery of its hook was sent is due now.
    fn release(&mut self, hook: usize, sent: DeliveryId, now: Duration) {
        let held = self
            .deliveries
            .iter_mut()
            .filter(|delivery| delivery.is_held && delivery.hook == hook && delivery.id < sent);
        for delivery in held {
            delivery.is_held = false;
            if let State::Waiting { due } = &mut delivery.state {
                *due = now.min(*due);
            }
        }
    }

    /// A hook whose deliveries fail again and again is suspended, and what waits for it with it.
    fn judge(&mut self, hook: usize, state: State, rules: &Rules) {
        let Some(receiver) = self.receivers.get_mut(hook) else { return };
        match state {
            State::Delivered => receiver.failed = 0,
            State::Failed => receiver.failed = receiver.failed.saturating_add(1),
            _ => return,
        }
        receiver.is_suspended = rules.suspended_after.is_some_and(|most| receiver.failed >= most);
        if receiver.is_suspended {
            for delivery in self.deliveries.iter_mut().filter(|delivery| delivery.hook == hook) {
                if matches!(delivery.state, State::Waiting { .. }) {
                    delivery.state = State::Suspended;
                }
            }
        }
    }

    /// Switches suspended hooks on again; what was not sent meanwhile stays so. Returns how many.
    pub fn resume(&mut self) -> usize {
        let suspended = self.receivers.iter_mut().filter(|receiver| receiver.is_suspended);
        suspended.map(|receiver| (receiver.is_suspended, receiver.failed) = (false, 0)).count()
    }

    /// Makes one more attempt of a delivery that is over due at once, whatever became of it: the same
    /// body, time stamp and signature.
    ///
    /// # Errors
    ///
    /// [`NotSent`] when there is none, or it is not over.
    pub fn redeliver(&mut self, id: DeliveryId, now: Duration) -> Result<&Delivery, NotSent> {
        let found = self.deliveries.iter_mut().find(|delivery| delivery.id == id);
        let delivery = found.ok_or(NotSent::Unknown)?;
        if !delivery.is_over() {
            return Err(NotSent::NotOver);
        }
        if delivery.attempts.len() >= MOST_ATTEMPTS {
            return Err(NotSent::TooOften);
        }
        delivery.state = State::Waiting { due: now };
        Ok(delivery)
    }
}
