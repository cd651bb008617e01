//! A plan at work in one world: it counts the requests and says which faults meet them.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::chance::{Draw, Purpose};
use super::decision::Decision;
use super::effect::{Delay, Effect, Side};
use super::plan::{Fault, FaultPlan};
use super::request::{FaultId, RequestFacts};
use crate::operation::Operation;

/// An armed fault and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultReport {
    /// Its id.
    pub id: FaultId,
    /// The fault, as it was written.
    pub fault: Fault,
    /// How many requests it acted on.
    pub fired: u64,
    /// How many more it would have acted on, had an earlier fault not taken its place.
    pub shadowed: u64,
    /// Whether it has not acted on any request yet: a test that relies on it proves nothing.
    pub never_fired: bool,
}

/// One fault with its counters.
#[derive(Debug, Clone)]
struct Armed {
    id: FaultId,
    fault: Arc<Fault>,
    /// The elapsed time from which its window counts: zero for the plan's own faults.
    since: Duration,
    /// Requests of its target since it was armed.
    seen: u64,
    fired: u64,
    shadowed: u64,
}

/// The faults of one world.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use crisp_mock_server::fault::{ArmedFaults, FaultPlan};
///
/// let mut armed = ArmedFaults::new(&FaultPlan::default(), "default");
/// let plan = FaultPlan::parse(&serde_json::json!({ "at": "list", "reset": true })).unwrap();
/// let ids = armed.add(plan, Duration::from_secs(5));
/// assert!(armed.list()[0].never_fired);
/// assert!(armed.remove(ids[0]));
/// ```
#[derive(Debug, Clone)]
pub struct ArmedFaults {
    space: Arc<str>,
    faults: Vec<Armed>,
    /// Places in `faults`, by operation; a fault without a target is in all of them.
    by_operation: [Vec<usize>; OPERATIONS],
    /// Requests of each operation since the start.
    counts: [u64; OPERATIONS],
    next_id: u64,
}

const OPERATIONS: usize = Operation::ALL.len();

impl ArmedFaults {
    /// Arms a plan at the start or reset of the world with this name.
    #[must_use]
    pub fn new(plan: &FaultPlan, space: impl Into<Arc<str>>) -> Self {
        let mut armed = Self {
            space: space.into(),
            faults: Vec::new(),
            by_operation: Default::default(),
            counts: [0; OPERATIONS],
            next_id: 1,
        };
        armed.add(plan.clone(), Duration::ZERO);
        armed
    }

    /// Arms more faults; their occurrences and windows count from `elapsed`, which is now.
    pub fn add(&mut self, plan: FaultPlan, elapsed: Duration) -> Vec<FaultId> {
        let first = self.next_id;
        for fault in plan.faults {
            self.faults.push(Armed {
                id: FaultId(self.next_id),
                fault: Arc::new(fault),
                since: elapsed,
                seen: 0,
                fired: 0,
                shadowed: 0,
            });
            self.next_id += 1;
        }
        self.index();
        (first..self.next_id).map(FaultId).collect()
    }

    /// How many are armed.
    #[must_use]
    pub fn armed(&self) -> usize {
        self.faults.len()
    }

    /// Disarms one fault; false when none has this id.
    pub fn remove(&mut self, id: FaultId) -> bool {
        let before = self.faults.len();
        self.faults.retain(|armed| armed.id != id);
        self.index();
        self.faults.len() < before
    }

    /// Disarms all of them. Requests are counted on.
    pub fn clear(&mut self) {
        self.faults.clear();
        self.index();
    }

    /// Whether any fault is armed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty()
    }

    /// What is armed, in the order in which it is asked, with what became of it.
    #[must_use]
    pub fn list(&self) -> Vec<FaultReport> {
        let report = |armed: &Armed| FaultReport {
            id: armed.id,
            fault: armed.fault.as_ref().clone(),
            fired: armed.fired,
            shadowed: armed.shadowed,
            never_fired: armed.fired == 0,
        };
        self.faults.iter().map(report).collect()
    }

    /// How many milliseconds the server's wall clock is off at this elapsed time, if it is.
    #[must_use]
    pub fn server_skew(&self, elapsed: Duration) -> Option<i64> {
        let skew = |armed: &Armed| match armed.fault.clock() {
            Some((Side::Server, millis)) => armed.window_is_open(elapsed).then_some(millis),
            _ => None,
        };
        let skews = self.faults.iter().filter_map(skew);
        skews.fold(None, |sum, skew| Some(sum.unwrap_or(0_i64).saturating_add(skew)))
    }

    /// Counts a request and says which faults meet it and what they do together.
    ///
    /// To be called exactly once for each request, in the order of arrival.
    pub fn decide(&mut self, request: &RequestFacts<'_>) -> Decision {
        let operation = request.operation as usize;
        self.counts[operation] += 1;
        let mut decision = Decision::honest(self.counts[operation], request);
        for position in &self.by_operation[operation] {
            self.faults[*position].meet(request, &self.space, &mut decision);
        }
        decision
    }

    fn index(&mut self) {
        for (operation, places) in Operation::ALL.into_iter().zip(&mut self.by_operation) {
            // A window alone is about requests.
            let requests = ![Operation::Hook, Operation::RtmEvent].contains(&operation);
            let aimed =
                |armed: &Armed| armed.fault.at.map_or(requests, |at| at.operation == operation);
            let matching = self.faults.iter().enumerate().filter(|(_, armed)| aimed(armed));
            *places = matching.map(|(position, _)| position).collect();
        }
    }
}

impl Armed {
    fn window_is_open(&self, elapsed: Duration) -> bool {
        let elapsed = elapsed.saturating_sub(self.since);
        self.fault.window.is_none_or(|window| window.is_open(elapsed))
    }

    /// Adds its effect to the decision, if this request is one of its own.
    fn meet(&mut self, request: &RequestFacts<'_>, space: &str, decision: &mut Decision) {
        let fault = &self.fault;
        if let Some(target) = fault.at {
            if target.page.is_some() && target.page != request.page {
                return;
            }
            self.seen += 1;
            if !target.occurrence.includes(self.seen) {
                return;
            }
        }
        let aimed = self.window_is_open(request.elapsed)
            && fault.website.is_none_or(|website| request.website == Some(website))
            && fault.method.as_ref().is_none_or(|method| method == request.method)
            && fault.times.is_none_or(|times| self.fired < times.get())
            && fault.effect.fits(request);
        let draw = Draw {
            seed: fault.seed.unwrap_or(0),
            index: self.id.0 - 1,
            space,
            operation: request.operation,
            occurrence: decision.occurrence(),
        };
        let lucky = |chance: super::Chance| draw.number(Purpose::Chance) < chance.probability();
        if !aimed || !fault.chance.is_none_or(lucky) {
            return;
        }
        let delay = match fault.effect {
            Effect::Delay(Delay::Fixed(delay)) => delay,
            Effect::Delay(Delay::Uniform { uniform: [least, most] }) => {
                least.0 + (most.0 - least.0).mul_f64(draw.number(Purpose::Delay))
            }
            _ => Duration::ZERO,
        };
        if decision.compose(self.id, fault, delay) {
            self.fired += 1;
        } else {
            self.shadowed += 1;
        }
    }
}
