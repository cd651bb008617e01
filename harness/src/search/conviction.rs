//! What a client is convicted of: the kind of failure, the least scenario that shows it, and its
//! explanation.

use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use super::source::Source;
use super::{Phase, Plan, Watch};
use crate::candidate::{Candidate, Untried};
use crate::report::{Origin, RunEvent, ScenarioReport};
use crate::runner::{self, Judged, Outcome};
use crate::scenario::{Found, Scenario};
use crate::shrink::{self, Effort};
use crate::world::Prepared;

/// A kind of failure: failures of one kind are probably one bug.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Class {
    /// 0 is gravest.
    pub harm: u8,
    /// The demand that was not met.
    pub demand: &'static str,
    /// The verdict in plain words.
    pub word: &'static str,
    /// The hazard that it looks like.
    pub hazard: Option<&'static str>,
}

impl Class {
    /// The kind of the gravest failure of a run.
    pub(super) fn of(judged: &Judged) -> Self {
        let harm = judged.failures().first().map(|(f, _)| f.demand.harm());
        let stopped = judged.outside.as_ref().is_some_and(|o| o.stopped.is_some());
        if stopped {
            return Self { harm: 0, demand: "alive", word: "the client stopped", hazard: None };
        }
        let report = ScenarioReport::of(judged, 0, "", "", None);
        let failure = report.failure.as_ref();
        Self {
            harm: harm.unwrap_or(2),
            demand: failure.map_or("rest", |failure| failure.demand),
            word: failure.map_or("never rests", |failure| failure.word),
            hazard: failure.and_then(|f| f.hazard.as_ref().map(|hazard| hazard.number)),
        }
    }

    /// Whether another failure counts as the same while a case is shrunk. What it looks like may
    /// change on the way: less happens, and the guess gets better.
    pub(super) fn covers(&self, other: &Self) -> bool {
        (self.demand, self.word) == (other.demand, other.word)
    }
}

/// How grave the gravest failure of a run is; 0 is gravest.
pub(super) fn harm(judged: &Judged) -> u8 {
    Class::of(judged).harm
}

/// A case that failed.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    pub(super) index: u64,
    pub(super) class: Class,
    /// The verdict, where it takes long to come to it again.
    pub(super) judged: Option<Arc<Judged>>,
}

/// A failure, shrunk.
#[derive(Debug, Clone)]
pub struct Conviction {
    /// The least scenario, with its name, its explanation and where it was found.
    pub scenario: Scenario,
    /// What kind of failure it is.
    pub class: Class,
    /// Equal for failures that come about in the same way.
    pub shape: String,
    /// Which case of the search; none for a scenario of the corpus.
    pub case: Option<u64>,
    /// How many steps and faults that case had.
    pub before: usize,
    /// How many are left.
    pub after: usize,
    /// Where it is kept.
    pub saved: Option<String>,
    /// Where what the client wrote is kept.
    pub log: Option<String>,
    pub(super) report: ScenarioReport,
}

impl Conviction {
    /// The gravest first, then the simplest.
    pub(super) fn rank(&self) -> (u8, usize, Option<u64>) {
        let scenario = &self.scenario;
        let odd = scenario.server.quirks.0.len()
            + usize::from(scenario.client != crate::scenario::Client::default());
        (self.class.harm, 2 * self.after + 3 * odd, self.case)
    }

    pub(super) fn in_short(&self) -> String {
        let looks = self.class.hazard.map_or_else(String::new, |hazard| format!(" ({hazard})"));
        let place = self
            .case
            .map_or_else(|| format!("{:?}", self.scenario.name), |case| format!("case {case}"));
        format!("{}{looks} in {place}", self.class.word)
    }

    /// The event that reports it.
    pub(super) fn event(&self, candidate: &Candidate, index: usize) -> RunEvent {
        let mut report = self.report.clone();
        report.index = index;
        if let Some(file) = &self.saved {
            report.file.clone_from(file);
            if let Some(failure) = &mut report.failure {
                failure.replay =
                    format!("crisp-mock replay {file} {}", candidate.options).trim_end().to_owned();
            }
        }
        report.origin = Some(Origin {
            case: self.case,
            before: self.before,
            after: self.after,
            saved: self.saved.clone(),
            log: self.log.clone(),
            yaml: self.scenario.to_yaml(),
        });
        RunEvent::ScenarioFinished(Box::new(report))
    }
}

/// Shrinks a case as long as the client fails it in the same way and the reference passes it.
pub(super) fn convict(
    candidate: &Candidate,
    source: &Source,
    effort: Effort,
    suspect: &Suspect,
    watch: &dyn Watch,
) -> Result<Conviction, Untried> {
    let case = source.scenario(suspect.index).unwrap_or_default();
    let untried = Mutex::new(None);
    let shrunk = shrink::shrink(&case, effort, &|scenario| {
        fails(candidate, scenario, &suspect.class, watch).unwrap_or_else(|problem| {
            if let Ok(mut untried) = untried.lock() {
                untried.get_or_insert(problem);
            }
            false
        })
    });
    if let Some(problem) = untried.into_inner().unwrap_or_default() {
        return Err(problem);
    }
    let (mut scenario, judged) = settle(candidate, &case, shrunk.scenario, suspect, watch)?;
    let class = Class::of(&judged);
    let mut report = report_of(candidate, &judged);
    name(&mut scenario, &judged, &report, source.origin(suspect.index));
    report.name.clone_from(&scenario.name);
    Ok(Conviction {
        shape: shape(&scenario, &class),
        class: Class { harm: suspect.class.harm, ..class },
        case: Some(suspect.index),
        before: weight(&case),
        after: weight(&scenario),
        saved: None,
        log: None,
        scenario,
        report,
    })
}

/// The verdict on the least scenario; on the case itself, when a client in real time does not fail
/// the least one as often as it has to.
fn settle(
    candidate: &Candidate,
    case: &Scenario,
    least: Scenario,
    suspect: &Suspect,
    watch: &dyn Watch,
) -> Result<(Scenario, Arc<Judged>), Untried> {
    let Some(before) = &suspect.judged else {
        let judged = judge(candidate, &least)?;
        return Ok((least, judged.into()));
    };
    if least == *case {
        return Ok((least, Arc::clone(before)));
    }
    watch.begins(Phase::Confirming);
    let prepared = prepare(&least)?;
    let judged = candidate.trial.judge_while(&prepared, &|| watch.left(false))?;
    let same = judged.filter(|judged| {
        judged.outcome() == Outcome::Failed && suspect.class.covers(&Class::of(judged))
    });
    Ok(match same {
        Some(judged) => (least, judged.into()),
        None => (case.clone(), Arc::clone(before)),
    })
}

/// What a client is convicted of by a scenario of the corpus: nothing is to be shrunk, and its name
/// and explanation stay.
pub(super) fn known(candidate: &Candidate, plan: &Plan, file: &str, judged: Judged) -> Conviction {
    let mut scenario = Scenario::clone(&judged.scenario);
    let class = Class::of(&judged);
    scenario.found = Some(found(
        &scenario,
        &judged,
        class.word,
        Found { seed: Some(plan.seed), ..Found::default() },
    ));
    let mut report = report_of(candidate, &judged);
    file.clone_into(&mut report.file);
    Conviction {
        shape: shape(&scenario, &class),
        class,
        case: None,
        before: weight(&scenario),
        after: weight(&scenario),
        saved: None,
        log: None,
        scenario,
        report,
    }
}

fn report_of(candidate: &Candidate, judged: &Judged) -> ScenarioReport {
    let fair = (!candidate.is_reference).then_some(true);
    ScenarioReport::of(judged, 0, "", &candidate.options, fair)
}

fn weight(scenario: &Scenario) -> usize {
    scenario.when.len() + scenario.faults.faults.len()
}

fn prepare(scenario: &Scenario) -> Result<Prepared, Untried> {
    Prepared::new(scenario.clone().into()).map_err(|problem| Untried { problem, hint: None })
}

fn judge(candidate: &Candidate, scenario: &Scenario) -> Result<Judged, Untried> {
    candidate.trial.judge(&prepare(scenario)?)
}

fn fails(
    candidate: &Candidate,
    scenario: &Scenario,
    class: &Class,
    watch: &dyn Watch,
) -> Result<bool, Untried> {
    let Ok(prepared) = Prepared::new(scenario.clone().into()) else {
        return Ok(false);
    };
    let left = || watch.left(false);
    let Some(judged) = candidate.trial.glance(&prepared, &left)? else {
        return Ok(false);
    };
    // Every step has to come about: a file with idle steps explains nothing.
    let same = judged.outcome() == Outcome::Failed
        && judged.run.unreached.is_empty()
        && class.covers(&Class::of(&judged));
    Ok(same && (candidate.is_reference || runner::is_fair(&prepared)))
}

/// Gives a shrunk case its name, its explanation, and where it comes from.
fn name(scenario: &mut Scenario, judged: &Judged, report: &ScenarioReport, origin: Found) {
    let word = match (&report.failure, &report.stopped) {
        (_, Some(_)) => "the client stops",
        (Some(failure), None) => failure.word,
        (None, None) => "the client never rests",
    };
    scenario.name = super::saved::sentence(word, scenario);
    scenario.about = report.failure.as_ref().map(|failure| {
        let mut story = failure.story.join(" ");
        if let Some(hazard) = &failure.hazard {
            story.push_str(&format!(" It looks like {} (hazard {}).", hazard.what, hazard.number));
        }
        story
    });
    scenario.found = Some(found(scenario, judged, word, origin));
}

/// Where a failure comes from: what is known of its case, and what came of it.
fn found(scenario: &Scenario, judged: &Judged, word: &str, origin: Found) -> Found {
    let about = &judged.run.about;
    let quirks = scenario.server.quirks.0.iter();
    let quirks: Vec<_> = quirks.map(|(name, value)| format!("{name}={value}")).collect();
    Found {
        rule: word.to_owned(),
        client: format!("{} {}", about.name, about.version).trim_end().to_owned(),
        quirk: (!quirks.is_empty()).then(|| quirks.join(", ")),
        ..origin
    }
}

/// A hash of the way in which a failure comes about: what is demanded, what happens, what goes
/// wrong, and which quirks are needed; not when, where, nor with which values.
fn shape(scenario: &Scenario, class: &Class) -> String {
    let mut parts = vec![class.demand.to_owned(), class.word.to_owned()];
    for step in &scenario.when {
        let deed = format!("{:?}", step.deed);
        let deed = deed.split(['(', ' ']).next().unwrap_or_default();
        parts.push(format!("{} {deed}", step.anchor.key()));
    }
    for fault in &scenario.faults.faults {
        let at = fault.at.map_or("any", |target| target.operation.name());
        parts.push(format!("{at} {}", fault.effect.key()));
    }
    let quirks = scenario.server.quirks.0.iter();
    parts.extend(quirks.map(|(name, _)| name.clone()));
    parts.push(format!("clock {}", scenario.client.clock.is_some()));
    hex::encode(&Sha256::digest(parts.join("\n").as_bytes())[..2])
}
