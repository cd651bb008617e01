//! What meets one request: the faults that apply, and what they do together.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use serde::Serialize;

use super::answer;
use super::armed::{Circumstances, FaultId};
use super::delivery::{Carry, Delivery, HOLD_ORDER_AT_MOST, Outcome};
use super::effect::{Answer, Effect, Ending};
use super::plan::Fault;
use super::rate::Rate;
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
    fault.to_value().serialize(out)
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
    ending: Option<Ending>,
    delay: Option<Duration>,
    drip: Option<Rate>,
    hold_order: bool,
}

impl Decision {
    /// The request is answered as it deserves.
    pub(super) fn honest(occurrence: u64, request: &Circumstances<'_>) -> Self {
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
        }
    }

    /// Lets a fault act, unless its place is taken; tells whether it did.
    pub(super) fn compose(&mut self, id: FaultId, fault: &Arc<Fault>, delay: Duration) -> bool {
        let silent = self.ending.is_some_and(|ending| !ending.answers());
        let free = match fault.effect {
            Effect::Answer(_) => self.answer.is_none() && !silent,
            Effect::Ending(ending) if ending.answers() => self.ending.is_none(),
            Effect::Ending(_) => {
                let answered = self.answer.is_some() || self.drip.is_some() || self.hold_order;
                self.ending.is_none() && !answered
            }
            Effect::Delay(_) => self.delay.is_none(),
            Effect::Drip(_) => self.drip.is_none() && !silent,
            Effect::HoldOrder => !self.hold_order && !silent,
            Effect::Clock(_) => true,
        };
        if !free {
            return false;
        }
        match fault.effect {
            Effect::Answer(_) => self.answer = Some(Arc::clone(fault)),
            Effect::Ending(ending) => self.ending = Some(ending),
            Effect::Delay(_) => self.delay = Some(delay),
            Effect::Drip(rate) => self.drip = Some(rate),
            Effect::HoldOrder => self.hold_order = true,
            Effect::Clock(_) => {}
        }
        let fault = Arc::clone(fault);
        self.fired.push(Fired { id, fault });
        true
    }

    /// The how-manieth request of its operation this is since the start or reset, from 1.
    #[must_use]
    pub fn occurrence(&self) -> u64 {
        self.occurrence
    }

    /// The faults that act on this request, in the order of the plan.
    #[must_use]
    pub fn fired(&self) -> &[Fired] {
        &self.fired
    }

    fn answer(&self) -> Option<&Answer> {
        match &self.answer.as_ref()?.effect {
            Effect::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    /// Whether the engine carries the request out: a write then counts, whatever the client sees.
    #[must_use]
    pub fn carried_out(&self) -> bool {
        self.ending.is_none_or(Ending::carries_out) && self.answer().is_none_or(Answer::carries_out)
    }

    /// Fixes what is delivered. `honest` is called exactly once if the request is carried out and
    /// not at all if it is not; `elapsed` is the time of arrival.
    pub fn deliver<F>(&self, elapsed: Duration, honest: F) -> Delivery
    where
        F: FnOnce(Carry) -> Response<Bytes>,
    {
        Delivery {
            hold: self.delay.unwrap_or_default(),
            outcome: self.outcome(elapsed, honest),
            after_next: self.hold_order.then_some(HOLD_ORDER_AT_MOST),
        }
    }

    fn outcome<F>(&self, elapsed: Duration, honest: F) -> Outcome
    where
        F: FnOnce(Carry) -> Response<Bytes>,
    {
        match self.ending {
            Some(Ending::Hang) => return Outcome::Hang,
            Some(Ending::Close) => return Outcome::Close,
            Some(Ending::Reset | Ending::LoseRequest) => return Outcome::Reset,
            Some(Ending::LoseAnswer) => {
                drop(honest(Carry::AsAsked));
                return Outcome::Reset;
            }
            Some(Ending::CutBody(_)) | None => {}
        }
        let response = self.response(elapsed, honest);
        match (self.ending, self.drip) {
            (Some(Ending::CutBody(bytes)), pace) => {
                let length = response.body().len() as u64;
                // A cut that cuts nothing would look like an honest answer.
                let bytes = bytes.min(length.saturating_sub(1));
                Outcome::Cut { response, bytes, pace }
            }
            (_, Some(pace)) => Outcome::Drip { response, pace },
            (_, None) => Outcome::Answer(response),
        }
    }

    fn response<F>(&self, elapsed: Duration, honest: F) -> Response<Bytes>
    where
        F: FnOnce(Carry) -> Response<Bytes>,
    {
        let Some(answer) = self.answer() else {
            return honest(Carry::AsAsked);
        };
        let mut response = match answer {
            Answer::Stale(age) => {
                let mut response = honest(Carry::AsOf(elapsed.saturating_sub(*age)));
                answer::mark_as_cached(&mut response);
                response
            }
            Answer::RepeatPage => {
                let before = self.page.unwrap_or(1).saturating_sub(1).max(1);
                honest(Carry::Page(before))
            }
            Answer::EmptyPage => answer::with_items(honest(Carry::AsAsked), Vec::clear),
            Answer::ShortPage => answer::with_items(honest(Carry::AsAsked), |items| {
                items.pop();
            }),
            invented => answer::invent(invented, self.is_list),
        };
        if self.is_head {
            *response.body_mut() = Bytes::new();
        }
        response
    }
}
