//! What a client is convicted of: its kind, its least scenario, and its story.

use std::sync::Mutex;

use sha2::{Digest, Sha256};

use super::Plan;
use crate::candidate::{Candidate, Untried};
use crate::generate::{self, Bounds};
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
    /// What it looks like.
    pub hazard: Option<&'static str>,
}

impl Class {
    /// The kind of the gravest failure of a run.
    pub(super) fn of(judged: &Judged) -> Self {
        let harm = judged.failures().first().map(|(f, _)| f.demand.harm());
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
    fn covers(&self, other: &Self) -> bool {
        (self.demand, self.word) == (other.demand, other.word)
    }
}

/// A case that failed.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    pub(super) index: u64,
    pub(super) class: Class,
}

/// A failure, shrunk.
#[derive(Debug, Clone)]
pub struct Conviction {
    /// The least scenario, with its name, its story and where it was found.
    pub scenario: Scenario,
    /// What kind of failure it is.
    pub class: Class,
    /// Equal for failures that come about in the same way.
    pub shape: String,
    /// Which case of the search.
    pub case: u64,
    /// How many steps and faults that case had.
    pub before: usize,
    /// How many are left.
    pub after: usize,
    /// Where it is kept.
    pub saved: Option<String>,
    pub(super) report: ScenarioReport,
}

impl Conviction {
    /// The gravest first, then the simplest.
    pub(super) fn rank(&self) -> (u8, usize, u64) {
        let scenario = &self.scenario;
        let odd = scenario.server.quirks.0.len()
            + usize::from(scenario.client != crate::scenario::Client::default());
        (self.class.harm, 2 * self.after + 3 * odd, self.case)
    }

    pub(super) fn in_short(&self) -> String {
        let looks = self
            .class
            .hazard
            .map_or_else(String::new, |hazard| format!(" ({hazard})"));
        format!("{}{looks} in case {}", self.class.word, self.case)
    }

    /// What is told of it.
    pub(super) fn event(&self, candidate: &Candidate, index: usize) -> RunEvent {
        let mut report = self.report.clone();
        report.index = index;
        if let Some(file) = &self.saved {
            report.file.clone_from(file);
            if let Some(failure) = &mut report.failure {
                failure.replay = format!("crisp-mock replay {file} {}", candidate.options)
                    .trim_end()
                    .to_owned();
            }
        }
        report.origin = Some(Origin {
            case: self.case,
            before: self.before,
            after: self.after,
            saved: self.saved.clone(),
            yaml: self.scenario.to_yaml(),
        });
        RunEvent::ScenarioFinished(Box::new(report))
    }
}

/// Shrinks a case as long as the client fails it in the same way and the reference passes it.
pub(super) fn convict(
    candidate: &Candidate,
    plan: &Plan,
    bounds: Bounds,
    effort: Effort,
    suspect: &Suspect,
) -> Result<Conviction, Untried> {
    let case = generate::scenario(plan.seed, suspect.index, bounds);
    let untried = Mutex::new(None);
    let shrunk = shrink::shrink(&case, effort, &|scenario| {
        fails(candidate, scenario, &suspect.class).unwrap_or_else(|problem| {
            if let Ok(mut untried) = untried.lock() {
                untried.get_or_insert(problem);
            }
            false
        })
    });
    if let Some(problem) = untried.into_inner().unwrap_or_default() {
        return Err(problem);
    }
    let mut scenario = shrunk.scenario;
    let judged = judge(candidate, &scenario)?;
    let class = Class::of(&judged);
    let report = ScenarioReport::of(
        &judged,
        0,
        "",
        &candidate.options,
        (!candidate.is_reference).then_some(true),
    );
    let weight = |scenario: &Scenario| scenario.when.len() + scenario.faults.faults.len();
    name(&mut scenario, &judged, &report, plan.seed);
    let mut report = report;
    report.name.clone_from(&scenario.name);
    Ok(Conviction {
        shape: shape(&scenario, &class),
        class: Class {
            harm: suspect.class.harm,
            ..class
        },
        case: suspect.index,
        before: weight(&case),
        after: weight(&scenario),
        saved: None,
        scenario,
        report,
    })
}

fn judge(candidate: &Candidate, scenario: &Scenario) -> Result<Judged, Untried> {
    let prepared = Prepared::new(scenario.clone().into()).map_err(|problem| Untried {
        problem,
        hint: None,
    })?;
    candidate.trial.judge(&prepared)
}

fn fails(candidate: &Candidate, scenario: &Scenario, class: &Class) -> Result<bool, Untried> {
    let Ok(prepared) = Prepared::new(scenario.clone().into()) else {
        return Ok(false);
    };
    let judged = candidate.trial.judge(&prepared)?;
    // Every step has to come about: a file with idle steps explains nothing.
    let same = judged.outcome() == Outcome::Failed
        && judged.run.unreached.is_empty()
        && class.covers(&Class::of(&judged));
    Ok(same && (candidate.is_reference || runner::is_fair(&prepared)))
}

/// Gives a shrunk case its name, its story, and where it comes from.
fn name(scenario: &mut Scenario, judged: &Judged, report: &ScenarioReport, seed: u64) {
    let about = &judged.run.about;
    let word = report
        .failure
        .as_ref()
        .map_or("the client never rests", |failure| failure.word);
    scenario.name = super::saved::sentence(word, scenario);
    scenario.about = report.failure.as_ref().map(|failure| {
        let mut story = failure.story.join(" ");
        if let Some(hazard) = &failure.hazard {
            story.push_str(&format!(
                " It looks like {} (hazard {}).",
                hazard.what, hazard.number
            ));
        }
        story
    });
    let quirks = scenario.server.quirks.0.iter();
    let quirks: Vec<_> = quirks
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    scenario.found = Some(Found {
        rule: word.to_owned(),
        client: format!("{} {}", about.name, about.version),
        seed,
        quirk: (!quirks.is_empty()).then(|| quirks.join(", ")),
    });
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

/// What a soak has seen already.
#[derive(Debug, Default)]
pub(super) struct Known {
    shapes: Vec<(Class, String)>,
    /// How often a kind was shrunk to nothing new, one after another.
    dry: Vec<(Class, u32)>,
}

impl Known {
    /// So many times in a row a kind may bring nothing new before it is left alone.
    const PATIENCE: u32 = 4;

    pub(super) fn is_worth_shrinking(&self, class: &Class) -> bool {
        let dry = self.dry.iter().find(|(other, _)| other == class);
        dry.is_none_or(|(_, times)| *times < Self::PATIENCE)
    }

    pub(super) fn is_new(&mut self, conviction: &Conviction) -> bool {
        let seen = self.shapes.iter().any(|(class, shape)| {
            (class.demand, class.word) == (conviction.class.demand, conviction.class.word)
                && *shape == conviction.shape
        });
        let place = self
            .dry
            .iter()
            .position(|(class, _)| *class == conviction.class);
        match (seen, place) {
            (true, Some(place)) => self.dry[place].1 += 1,
            (true, None) => self.dry.push((conviction.class.clone(), 1)),
            (false, Some(place)) => self.dry[place].1 = 0,
            (false, None) => {}
        }
        if !seen {
            let class = conviction.class.clone();
            self.shapes.push((class, conviction.shape.clone()));
        }
        !seen
    }
}
