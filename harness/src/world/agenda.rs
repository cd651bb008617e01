//! What a run has to do by itself, and until when there is something to see. Times are the
//! scenario's own, so that virtual and real time share it.

use std::time::Duration;

use super::Prepared;
use crate::history::History;
use crate::scenario::Anchor;
use crate::words::Side;

/// Faults without an end are ended this long after the last planned thing.
const PATIENCE: Duration = Duration::from_secs(600);

/// What is to be done at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A step of the scenario, by its place in it.
    Step(usize),
    /// Some clock begins or ceases to be wrong.
    ClockEdge(Side),
    /// Faults without an end are ended.
    EndFaults,
}

/// What is to be done, and when.
pub(crate) struct Agenda<'a> {
    prepared: &'a Prepared,
    due: Vec<(Duration, Due)>,
    /// When the last planned thing happens.
    pub(crate) planned: Duration,
    /// Once the faults were taken away: those that had never acted until then.
    unfired: Option<Vec<usize>>,
}

impl<'a> Agenda<'a> {
    /// The steps of a scenario that have a time, and the edges of its clock faults.
    pub(crate) fn of(prepared: &'a Prepared) -> Self {
        let steps = prepared.scenario.when.iter().enumerate();
        let steps = steps.filter_map(|(index, step)| match step.anchor {
            Anchor::At(at) => Some((at + step.wait.unwrap_or_default(), Due::Step(index))),
            Anchor::After(_) | Anchor::During(_) => None,
        });
        let edges = prepared.edges.iter().map(|(at, side)| (*at, Due::ClockEdge(*side)));
        let due = steps.chain(edges).collect();
        Self { prepared, due, planned: prepared.planned, unfired: None }
    }

    /// Adds a step whose request has come.
    pub(crate) fn schedule(&mut self, at: Duration, step: usize) {
        self.due.push((at, Due::Step(step)));
        self.planned = self.planned.max(at);
    }

    /// Whether nothing is left to be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// When the next thing is to be done.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.due.iter().map(|(at, _)| *at).min()
    }

    /// Takes out the first thing that is due by now; among equal times the one that was added first.
    pub(crate) fn take(&mut self, now: Duration) -> Option<Due> {
        self.first(now).map(|position| self.due.remove(position).1)
    }

    /// What would be taken out.
    pub(crate) fn due(&self, now: Duration) -> Option<Due> {
        self.first(now).map(|position| self.due[position].1)
    }

    fn first(&self, now: Duration) -> Option<usize> {
        let due = self.due.iter().enumerate().filter(|(_, (at, _))| *at <= now);
        due.min_by_key(|(position, (at, _))| (*at, *position)).map(|(position, _)| position)
    }

    /// Whether some fault would go on for ever.
    pub(crate) fn is_endless(&self) -> bool {
        self.prepared.endless && !self.is_quiet()
    }

    /// Plans the end of faults that have none. Call it when no step waits for a request any more.
    pub(crate) fn end_endless_faults(&mut self) {
        if self.is_endless() && !self.due.iter().any(|(_, due)| *due == Due::EndFaults) {
            self.due.push((self.planned + PATIENCE, Due::EndFaults));
        }
    }

    /// The faults were taken away; `unfired` had never acted.
    pub(crate) fn faults_ended(&mut self, unfired: Vec<usize>) {
        self.unfired = Some(unfired);
    }

    /// Whether the faults were taken away.
    pub(crate) fn is_quiet(&self) -> bool {
        self.unfired.is_some()
    }

    /// The faults that had never acted when they were taken away; none while they are there.
    pub(crate) fn unfired(self) -> Option<Vec<usize>> {
        self.unfired
    }

    /// The last change and the last trouble, planned ones included.
    pub(crate) fn settled(&self, history: &History) -> Duration {
        self.planned.max(history.disturbed)
    }

    /// How long a step may take whose request has not come: until the next full list, for example.
    pub(crate) fn reachable_until(&self, history: &History, limit: Duration) -> Duration {
        let relist = history.declared.relist_every.unwrap_or_default();
        self.planned.max(history.born) + relist + limit
    }
}

/// Within this time after everything has settled the cache has to be right.
pub(crate) fn limit(history: &History, converged_within: Option<Duration>) -> Duration {
    history.bound().max(converged_within.unwrap_or_default())
}
