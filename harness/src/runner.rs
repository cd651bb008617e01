//! One scenario against one client: run, judged, and whether that was fair.

use std::sync::Arc;

use crate::judge::{Finding, Judge};
use crate::oracle::{Breach, Verdict};
use crate::scenario::{Anchor, Scenario};
use crate::subject::{Client, Sync};
use crate::world::{self, BrokenOff, Prepared, Run};

/// A run and what was found.
#[derive(Debug)]
pub struct Judged {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The run.
    pub run: Run,
    /// What was found: the oracles in their order, then what the scenario expects.
    pub findings: Vec<Finding>,
    /// What is to be said besides of a run outside virtual time.
    pub outside: Option<Box<Outside>>,
}

/// What is to be said besides of a run against a client outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outside {
    /// How the times of the history relate to real time: `poll 200 ms stands for 60 s`.
    pub pace: Option<String>,
    /// That the client stopped, and how: a verdict of its own.
    pub stopped: Option<String>,
    /// That it stopped by not replying in time, which a busy machine may explain: worth another run.
    pub late: bool,
    /// Why nothing could be judged, if nothing could.
    pub unjudged: Option<String>,
    /// Whether that says nothing of the client at all: the machine was too slow, or the client read or waited for what is not of the scenario.
    pub slow: bool,
    /// Whether nothing was judged because some of several runs failed, and not all of them.
    pub suspect: bool,
    /// How often the failure came again: `3 of 3 runs fail`.
    pub confirmed: Option<String>,
    /// The view under which the cache was compared.
    pub view: Option<String>,
    /// What the client wrote.
    pub log: Vec<String>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Judged, and all was well.
    Passed,
    /// Judged, and something was not.
    Failed,
    /// Nothing could be judged: the scenario did not come about.
    NotJudged,
}

/// Why a scenario cannot be run at all.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The file has mistakes.
    #[error(transparent)]
    Invalid(#[from] crisp_mock_server::document::Invalid),
    /// The server cannot be set up so.
    #[error("the server cannot be set up so: {0}")]
    Server(String),
}

/// Runs a scenario against a client and judges it.
///
/// # Examples
///
/// ```
/// use crisp_harness::runner::{Outcome, judge};
/// use crisp_harness::scenario::Scenario;
/// use crisp_harness::subject::Sync;
/// use crisp_harness::world::Prepared;
///
/// let text = "
/// name: an operator saves
/// start: { websites: { w1: { message: old } } }
/// when:
///   - { at: 30s, save: { w1: { message: new } } }
/// expect: { websites: { w1: { message: new } } }
/// ";
/// let scenario = Scenario::parse("save.yaml", text).unwrap();
/// let prepared = Prepared::new(scenario.into()).unwrap();
/// assert_eq!(judge(&prepared, &Sync::reference()).outcome(), Outcome::Passed);
/// ```
#[must_use]
pub fn judge(prepared: &Prepared, client: &dyn Client) -> Judged {
    let scenario = Arc::clone(&prepared.scenario);
    let about = client.about(&scenario.client);
    let mut judge = Judge::new(&prepared.scenario, about.abilities);
    let run = world::run(prepared, client, &mut judge);
    let findings = judge.findings(&run);
    Judged { scenario, run, findings, outside: None }
}

/// The client that has to pass a scenario: `crisp-sync`, listening where it is about events.
#[must_use]
pub fn reference(scenario: &Scenario) -> Sync {
    if scenario.is_about_events() { Sync::listening() } else { Sync::reference() }
}

/// Whether the reference passes what a client failed.
#[must_use]
pub fn is_fair(prepared: &Prepared) -> bool {
    judge(prepared, &reference(&prepared.scenario)).outcome() == Outcome::Passed
}

impl Judged {
    /// How it ended. A run that the client's own behaviour kept from coming about is not judged.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let outside = self.outside.as_deref();
        if outside.is_some_and(|outside| outside.stopped.is_some()) {
            return Outcome::Failed;
        }
        if outside.is_some_and(|outside| outside.unjudged.is_some()) {
            return Outcome::NotJudged;
        }
        let restless = self.run.broken_off == Some(BrokenOff::Restless);
        if self.breaches().next().is_some() || restless {
            Outcome::Failed
        } else if self.run.unreached.is_empty() && !self.run.unable && self.run.broken_off.is_none()
        {
            Outcome::Passed
        } else {
            Outcome::NotJudged
        }
    }

    /// Whether it is not judged because the machine was too slow, or because of what lies outside of the scenario.
    #[must_use]
    pub fn was_too_slow(&self) -> bool {
        self.outside.as_ref().is_some_and(|outside| outside.slow)
    }

    /// What failed, gravest first.
    #[must_use]
    pub fn failures(&self) -> Vec<(&Finding, &Breach)> {
        let mut failures: Vec<_> = self.breaches().collect();
        failures.sort_by_key(|(finding, breach)| (finding.demand.harm(), breach.at));
        failures
    }

    fn breaches(&self) -> impl Iterator<Item = (&Finding, &Breach)> {
        self.findings.iter().filter_map(|finding| match &finding.verdict {
            Verdict::Fail(breach) => Some((finding, &**breach)),
            Verdict::Pass | Verdict::NotJudged(_) => None,
        })
    }

    /// Why nothing was judged, where [`Judged::outcome`] says so.
    #[must_use]
    pub fn why_not_judged(&self) -> String {
        let unjudged = self.outside.as_ref().and_then(|outside| outside.unjudged.clone());
        let waits = |index: &usize| match self.scenario.when.get(*index)?.anchor {
            Anchor::During(spot) | Anchor::After(spot) => Some(spot.operation),
            Anchor::At(_) => None,
        };
        let unreached = self.run.unreached.iter().find_map(waits);
        match (unjudged, unreached) {
            (Some(why), _) => why,
            (None, Some(operation)) => format!("it never came to a step at `{operation}`"),
            (None, None) if self.run.unable => "this client does not save".to_owned(),
            (None, None) => "something went on going wrong for hours".to_owned(),
        }
    }

    /// What could not be judged, and why.
    pub fn not_judged(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.findings.iter().filter_map(|finding| match &finding.verdict {
            Verdict::NotJudged(why) => Some((finding.demand.name(), why.as_str())),
            Verdict::Pass | Verdict::Fail(_) => None,
        })
    }
}
