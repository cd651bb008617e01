//! The requests under way.

use std::time::Duration;

use http::HeaderMap;

use super::event::{Moment, Operation, RequestId};
use super::words::{Exchange, Job};
use crate::mistake::{Mistake, Mistakes};
use crate::wire;

/// A request under way.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: RequestId,
    pub(super) job: Job,
    sent: Moment,
    /// When it is given up.
    deadline: Duration,
    /// The number of the newest differential that was applied when this was sent.
    applied_then: u64,
}

/// One request at a time, saves included; numbered, so that a late answer is known (hazard A7).
///
/// A save then waits for the answer to the poll before it, usually a tenth of a second, at worst
/// the request time-out. What it buys: no answer ever crosses another one, so there is no order
/// to restore, and the save's effect is known before the next question is asked.
#[derive(Debug)]
pub(super) struct Flight {
    requests: Vec<InFlight>,
    last: u64,
    /// The highest number of a differential that was applied.
    newest_applied: u64,
    mistakes: Mistakes,
}

impl Flight {
    pub(super) fn new(mistakes: Mistakes) -> Self {
        Self { requests: Vec::new(), last: 0, newest_applied: 0, mistakes }
    }

    /// The number of the last request that was sent.
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    pub(super) fn len(&self) -> usize {
        self.requests.len()
    }

    /// Whether this one is under way.
    #[cfg(feature = "replicas")]
    pub(super) fn has(&self, id: RequestId) -> bool {
        self.requests.iter().any(|request| request.id == id)
    }

    /// How many jobs of a kind are under way.
    pub(super) fn count(&self, kind: impl Fn(&Job) -> bool) -> usize {
        self.requests.iter().filter(|request| kind(&request.job)).count()
    }

    /// Whether nothing at all may be sent beside what is under way.
    pub(super) fn is_full(&self) -> bool {
        #[cfg(feature = "mistakes")]
        if self.mistakes.0.is_some() {
            return false;
        }
        !self.requests.is_empty()
    }

    #[cfg(not(feature = "mistakes"))]
    pub(super) fn may_send(&self, _: Operation) -> bool {
        self.requests.is_empty()
    }

    #[cfg(feature = "mistakes")]
    pub(super) fn may_send(&self, operation: Operation) -> bool {
        let busy: Vec<_> = self.requests.iter().map(|request| request.job.operation()).collect();
        busy.is_empty() || super::mistaken::goes_beside(self.mistakes, operation, &busy)
    }

    /// Puts a request on the list and numbers it.
    pub(super) fn send(&mut self, job: Job, now: Moment, timeout: Duration) -> RequestId {
        self.last += 1;
        let id = RequestId(self.last);
        let deadline = now.elapsed + timeout;
        let applied_then = self.newest_applied;
        self.requests.push(InFlight { id, job, sent: now, deadline, applied_then });
        id
    }

    /// Takes a request off the list, with its times. `headers` are those of its answer.
    pub(super) fn land(
        &mut self,
        id: RequestId,
        now: Moment,
        headers: Option<&HeaderMap>,
    ) -> Option<(InFlight, Exchange)> {
        let position = self.requests.iter().position(|request| request.id == id)?;
        let request = self.requests.remove(position);
        let exchange = Exchange {
            number: id.0,
            sent: request.sent,
            received: now,
            date: headers.and_then(wire::date_header),
            cached: headers.is_some_and(wire::from_cache),
        };
        Some((request, exchange))
    }

    /// What a request is for.
    #[cfg(feature = "mistakes")]
    pub(super) fn job(&self, id: RequestId) -> Option<&Job> {
        self.requests.iter().find(|request| request.id == id).map(|request| &request.job)
    }

    /// A request that has taken too long.
    pub(super) fn expired(&self, now: Duration) -> Option<RequestId> {
        self.requests.iter().find(|request| request.deadline <= now).map(|request| request.id)
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.requests.iter().map(|request| request.deadline).min()
    }

    /// Whether a differential's answer is older than the last one that was applied.
    pub(super) fn is_late(&self, exchange: &Exchange) -> bool {
        exchange.number <= self.newest_applied && !self.mistakes.has(Mistake::ArrivalOrder)
    }

    /// A differential was wholly applied.
    pub(super) fn applied(&mut self, exchange: &Exchange) {
        self.newest_applied = self.newest_applied.max(exchange.number);
    }

    /// Whether a differential was applied since this request was sent.
    pub(super) fn was_overtaken(&self, request: &InFlight) -> bool {
        let overtaken = self.newest_applied > request.applied_then;
        overtaken && !self.mistakes.has(Mistake::LateSaveAnswerWins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    fn now() -> Moment {
        Moment { elapsed: Duration::ZERO, wall: jiff::Timestamp::UNIX_EPOCH }
    }

    fn flight() -> Flight {
        Flight::new(Mistakes::NONE)
    }

    #[test]
    fn nothing_is_sent_beside_anything() {
        let mut flight = flight();
        assert!(flight.may_send(Operation::Since));
        flight.send(Job::Poll, now(), TIMEOUT);
        let save = Operation::SaveSettings(crate::WebsiteId::from_number(1));
        assert!(!flight.may_send(save));
    }

    #[test]
    fn an_answer_older_than_the_last_applied_one_is_not_wanted() {
        let mut flight = flight();
        let [first, second] = [(), ()].map(|()| flight.send(Job::Poll, now(), TIMEOUT));
        let (_, second) = flight.land(second, now(), None).unwrap();
        assert!(!flight.is_late(&second));
        flight.applied(&second);
        let (_, first) = flight.land(first, now(), None).unwrap();
        assert!(flight.is_late(&first));
    }
}
