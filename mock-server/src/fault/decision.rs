//! What meets one request: the faults that apply, and what they do together.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use serde::Serialize;

use super::answer;

use super::delivery::{Carry, Delivery, HOLD_ORDER_AT_MOST, Outcome};
use super::effect::{Effect, Part};
use super::plan::Fault;
use super::rate::Rate;
use super::request::{FaultId, RequestFacts};
use crate::clock::Moment;
use crate::operation::Operation;

/// A fault that acted on a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fired {
    /// Its id.
    pub id: FaultId,
    /// What it was.
    #[serde(serialize_with = "as_written")]
    pub fault: Arc<Fault>,
}

fn as_written<S: serde::Serializer>(fault: &Arc<Fault>, out: S) -> Result<S::Ok, S::Error> {
    fault.as_ref().serialize(out)
}

/// What meets one request.
///
/// Of each kind of effect one acts, the first in the plan: one answer, one ending, one delay, one
/// drip, one change of order. An ending without an answer (hang, reset, close, `lose_*`) takes the
/// place of the answer, the drip and the order too, and is itself kept out when one of them was
/// first. A fault that finds its place taken does not fire.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    occurrence: u64,
    is_head: bool,
    is_list: bool,
    page: Option<u32>,
    fired: Vec<Fired>,
    answer: Option<Arc<Fault>>,
    ending: Option<Arc<Fault>>,
    delay: Option<Duration>,
    drip: Option<Rate>,
    hold_order: bool,
    copies: bool,
    forgery: bool,
}

impl Decision {
    /// The request is answered as it deserves.
    pub(super) fn honest(occurrence: u64, request: &RequestFacts<'_>) -> Self {
        Self {
            occurrence,
            is_head: request.method == Method::HEAD,
            is_list: request.operation == Operation::List,
            page: request.page,
            fired: Vec::new(),
            answer: None,
            ending: None,
            delay: None,
            drip: None,
            hold_order: false,
            copies: false,
            forgery: false,
        }
    }

    /// Lets a fault act, unless its place is taken; answers whether it acts.
    pub(super) fn compose(&mut self, id: FaultId, fault: &Arc<Fault>, delay: Duration) -> bool {
        let silent = self.ending().is_some_and(|ending| ending.part() == Part::Silence);
        let part = fault.effect.part();
        let free = match part {
            Part::Answer => self.answer.is_none() && !silent,
            Part::Cut => self.ending.is_none(),
            Part::Silence => {
                let answered = self.answer.is_some() || self.drip.is_some() || self.hold_order;
                self.ending.is_none() && !answered
            }
            Part::Delay => self.delay.is_none(),
            Part::Drip => self.drip.is_none() && !silent,
            Part::Order => !self.hold_order && !silent,
            Part::Copies => !self.copies,
            Part::Forgery => !self.forgery,
            Part::Socket | Part::Clock => true,
        };
        if !free {
            return false;
        }
        match (part, &fault.effect) {
            (Part::Answer, _) => self.answer = Some(Arc::clone(fault)),
            (Part::Cut | Part::Silence, _) => self.ending = Some(Arc::clone(fault)),
            (Part::Delay, _) => self.delay = Some(delay),
            (_, Effect::Drip(rate)) => self.drip = Some(*rate),
            (Part::Order, _) => self.hold_order = true,
            (Part::Copies, _) => self.copies = true,
            (Part::Forgery, _) => self.forgery = true,
            (Part::Drip | Part::Socket | Part::Clock, _) => {}
        }
        let fault = Arc::clone(fault);
        self.fired.push(Fired { id, fault });
        true
    }

    /// How much later it comes.
    pub(super) fn delay(&self) -> Duration {
        self.delay.unwrap_or_default()
    }

    /// The 1-based index of the request among those of its operation since the start or reset.
    #[must_use]
    pub fn occurrence(&self) -> u64 {
        self.occurrence
    }

    /// The faults that act on this request, in the order of the plan.
    #[must_use]
    pub fn fired(&self) -> &[Fired] {
        &self.fired
    }

    fn ending(&self) -> Option<&Effect> {
        self.ending.as_ref().map(|fault| &fault.effect)
    }

    /// Whether the engine carries the request out: a write then counts, whatever the client sees.
    #[must_use]
    pub fn carried_out(&self) -> bool {
        self.ending.iter().chain(&self.answer).all(|fault| fault.effect.carries_out())
    }

    /// Fixes what is delivered. `honest` is called exactly once if the request is carried out and
    /// not at all if it is not; `now` is the time of arrival.
    pub fn deliver<F>(&self, now: Moment, honest: F) -> Delivery
    where
        F: FnOnce(Carry) -> Response<Bytes>,
    {
        Delivery {
            hold: self.delay.unwrap_or_default(),
            outcome: self.outcome(now, honest),
            after_next: self.hold_order.then_some(HOLD_ORDER_AT_MOST),
        }
    }

    fn outcome<F>(&self, now: Moment, honest: F) -> Outcome
    where
        F: FnOnce(Carry) -> Response<Bytes>,
    {
        match self.ending() {
            Some(Effect::Hang(_)) => return Outcome::Hang,
            Some(Effect::Close(_)) => return Outcome::Close,
            Some(Effect::Reset(_) | Effect::LoseRequest(_)) => return Outcome::Reset,
            Some(Effect::LoseAnswer(_)) => {
                drop(honest(Carry::AsAsked));
                return Outcome::Reset;
            }
            _ => {}
        }
        let response = self.response(now, honest);
        match (self.ending(), self.drip) {
            (Some(Effect::CutBody(bytes)), pace) => {
                let length = response.body().len() as u64;
                // A cut that cuts nothing would look like an honest answer.
                let bytes = (*bytes).min(length.saturating_sub(1));
                Outcome::Cut { response, bytes, pace }
            }
            (_, Some(pace)) => Outcome::Drip { response, pace },
            (_, None) => Outcome::Answer(response),
        }
    }

    fn response<F>(&self, now: Moment, honest: F) -> Response<Bytes>
    where
        F: FnOnce(Carry) -> Response<Bytes>,
    {
        let Some(fault) = &self.answer else {
            return honest(Carry::AsAsked);
        };
        let mut response = match &fault.effect {
            Effect::Stale(age) => {
                let mut response = honest(Carry::AsOf(now.elapsed.saturating_sub(*age)));
                answer::mark_as_cached(&mut response);
                response
            }
            Effect::RepeatPage(_) => {
                let before = self.page.unwrap_or(1).saturating_sub(1).max(1);
                honest(Carry::Page(before))
            }
            Effect::EmptyPage(_) => answer::with_items(honest(Carry::AsAsked), Vec::clear),
            Effect::ShortPage(_) => answer::with_items(honest(Carry::AsAsked), |items| {
                items.pop();
            }),
            _ => answer::invent(fault, self.is_list, now),
        };
        if self.is_head {
            *response.body_mut() = Bytes::new();
        }
        response
    }
}
