//! Reports of a run: events first, and readers that know nothing else.
//!
//! | Reader | For |
//! |---|---|
//! | [`Text`] | people at a terminal |
//! | [`ndjson`] | programs: one event a line |
//! | [`junit`] | CI systems |
//! | [`github`] | annotations on the scenario's line |
//! | [`html`] | failures to look at: lanes that can be zoomed, in one file |
//! | [`svg`] | the timeline of one scenario as a picture |

mod cause;
mod github;
mod html;
mod junit;
mod layout;
mod searched;
mod sockets;
mod svg;
mod teller;
mod text;
mod timeline;

use serde::Serialize;

pub use cause::Hazard;
pub use github::github;
pub use html::html;
pub use junit::junit;
pub use searched::{Corpus, Origin, Searched};
pub use svg::svg;
pub use teller::Teller;
pub use text::Text;
pub use timeline::Line;

use crate::candidate::Untried;
use crate::generate::exhaustive::Bound;
use crate::judge::Demand;
use crate::oracle::Breach;
use crate::runner::{Judged, Outcome};
use crate::unfired::Unfired;
use crate::words::is_default;

/// Something that a replay or a search reports. Durations and rates of the machine are left
/// out, so that equal runs give equal events.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// The beginning.
    RunStarted {
        /// Who is judged.
        judged: String,
        /// How many scenarios there are.
        scenarios: usize,
        /// In what time they are run.
        pace: String,
    },
    /// A scenario begins.
    ScenarioStarted {
        /// Its place in this run, from 0.
        index: usize,
        /// Its file.
        file: String,
        /// Its name.
        name: String,
    },
    /// A scenario was judged.
    ScenarioFinished(Box<ScenarioReport>),
    /// The beginning of a search.
    SearchStarted {
        /// Who is judged.
        judged: String,
        /// How many cases there will be at most; none: no end.
        #[serde(skip_serializing_if = "Option::is_none")]
        cases: Option<u64>,
        /// From which the cases are drawn.
        seed: u64,
        /// That these are all cases within a bound, and none is drawn.
        #[serde(skip_serializing_if = "Option::is_none")]
        all: Option<Bound>,
        /// The first case.
        #[serde(skip_serializing_if = "is_default")]
        from: u64,
        /// Which part of the cases.
        #[serde(skip_serializing_if = "Option::is_none")]
        shard: Option<String>,
        /// What comes before the random cases, and how long all of it takes.
        #[serde(skip_serializing_if = "Option::is_none")]
        first: Option<String>,
    },
    /// A file among the failures of earlier searches cannot be used, and was skipped.
    SavedSkipped {
        /// Which, what is wrong with it, and where.
        problem: String,
    },
    /// A known scenario was judged before a search, and the client is not convicted by it.
    KnownJudged {
        /// Its file.
        file: String,
        /// Its name.
        name: String,
        /// How it ended.
        outcome: Outcome,
    },
    /// The client could not be tried, and nothing more is judged.
    Untried {
        /// What happened.
        problem: String,
        /// What to do about it.
        #[serde(skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
    /// The end of a search.
    SearchFinished(Box<Searched>),
    /// The end.
    RunFinished {
        /// How many passed.
        passed: usize,
        /// How many failed.
        failed: usize,
        /// How many could not be judged.
        not_judged: usize,
        /// How many of these because the machine was too slow, or because of what lies outside of a scenario.
        #[serde(skip_serializing_if = "is_default")]
        slow: usize,
        /// How many of those failed in some of several runs.
        #[serde(skip_serializing_if = "is_default")]
        suspect: usize,
        /// The exit code that follows.
        exit_code: u8,
    },
}

impl From<&Untried> for RunEvent {
    fn from(untried: &Untried) -> Self {
        Self::Untried { problem: untried.problem.clone(), hint: untried.hint.clone() }
    }
}

impl RunEvent {
    /// Whether something was not judged, at the end of a run or a search.
    #[must_use]
    pub fn leaves_unjudged(&self) -> bool {
        match self {
            Self::RunFinished { not_judged, .. } => *not_judged > 0,
            Self::SearchFinished(searched) => {
                let known = searched.corpus.map_or(0, |corpus| corpus.not_judged);
                known > 0 || searched.not_judged > 0
            }
            _ => false,
        }
    }

    /// Whether it is the verdict on a scenario.
    #[must_use]
    pub fn is_verdict(&self) -> bool {
        matches!(self, Self::ScenarioFinished(_))
    }

    /// The exit code at the end of a run or a search, to be read or changed.
    pub fn exit_code(&mut self) -> Option<&mut u8> {
        match self {
            Self::RunFinished { exit_code, .. } => Some(exit_code),
            Self::SearchFinished(searched) => Some(&mut searched.exit_code),
            _ => None,
        }
    }
}

/// The report of one judged scenario.
#[derive(Debug, Clone, Serialize)]
pub struct ScenarioReport {
    /// Its place in this run, from 0.
    pub index: usize,
    /// Its file.
    pub file: String,
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The gravest failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// What else failed, in plain words with the name of the demand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// That the client stopped, and how: a verdict of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Why nothing could be judged, where that was not a matter of single demands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unjudged: Option<String>,
    /// Whether some of several runs failed, and not all: nothing is held against the client.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suspect: bool,
    /// How the scenario's time relates to real time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pace: Option<String>,
    /// How often the failure came again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<String>,
    /// The view under which the cache was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<String>,
    /// What the client wrote, when it failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<String>,
    /// Demands that could not be judged, and why.
    pub not_judged: Vec<(String, String)>,
    /// Steps that never came about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreached: Vec<String>,
    /// Faults that never met a request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unfired: Vec<Unfired>,
    /// How many requests were sent.
    pub requests: usize,
    /// How much virtual time passed, in milliseconds.
    pub virtual_ms: u64,
    /// Equal for equal runs.
    pub fingerprint: String,
    /// The scenario as YAML, for a report that shows it.
    #[serde(skip)]
    pub yaml: String,
    /// Where it comes from, when a search found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// A failure, as a person reads it.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// The name of the demand.
    pub demand: &'static str,
    /// The oracle's number, 1 to 14; none for what the scenario expects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// How grave it is; 0 is gravest.
    #[serde(skip)]
    pub harm: u8,
    /// The verdict in plain words.
    pub word: &'static str,
    /// What happened, and what contradicts it.
    pub story: [String; 2],
    /// The website it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// What happened around it.
    pub timeline: Vec<Line>,
    /// All that happened around it, for a report that can be zoomed.
    #[serde(skip)]
    pub lanes: Vec<Line>,
    /// What should have been there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub got: Option<String>,
    /// What it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hazard: Option<Hazard>,
    /// That the client never said that it was ready, and what to look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub never_ready: Option<String>,
    /// Whether the reference client passes this scenario; none when the reference is judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fair: Option<bool>,
    /// The quirks that the scenario sets.
    pub quirks: Vec<String>,
    /// The command that does it again.
    pub replay: String,
}

impl ScenarioReport {
    /// The report of a judged scenario. `client` is how the command line names the client
    /// (`--client guide`), and `fair` whether the reference passes.
    #[must_use]
    pub fn of(judged: &Judged, index: usize, file: &str, client: &str, fair: Option<bool>) -> Self {
        let scenario = &judged.scenario;
        let history = &judged.run.history;
        let failures = judged.failures();
        let outside = judged.outside.as_deref().cloned().unwrap_or_default();
        let about = About { judged, file, client, fair };
        let failure = match &outside.stopped {
            Some(how) => Some(about.stopped(how)),
            None => failures.first().map(|(finding, breach)| about.failure(finding.demand, breach)),
        };
        // Of a client that stopped nothing is said that its cache would have come to.
        let failures = if outside.stopped.is_some() { Vec::new() } else { failures };
        let also = failures.iter().skip(1);
        let failed = judged.outcome() == Outcome::Failed;
        let steps = judged.run.unreached.iter().map(|index| &scenario.when[*index]);
        Self {
            index,
            file: file.to_owned(),
            name: scenario.name.clone(),
            outcome: judged.outcome(),
            failure,
            also: also
                .map(|(finding, breach)| format!("{} ({})", breach.word, finding.demand.name()))
                .collect(),
            stopped: outside.stopped,
            unjudged: outside.unjudged,
            suspect: outside.suspect,
            pace: outside.pace,
            confirmed: outside.confirmed,
            view: outside.view,
            log: if failed { outside.log } else { Vec::new() },
            not_judged: judged
                .not_judged()
                .map(|(name, why)| (name.to_owned(), why.to_owned()))
                .collect(),
            unreached: steps
                .map(|step| format!("{}: {}", step.anchor.key(), step.anchor))
                .collect(),
            unfired: Unfired::of(judged, file),
            requests: history.requests.len(),
            virtual_ms: u64::try_from(history.now().as_millis()).unwrap_or(u64::MAX),
            fingerprint: history.fingerprint(),
            yaml: if failed { scenario.to_yaml() } else { String::new() },
            origin: None,
        }
    }
}

/// What a failure is told of.
struct About<'a> {
    judged: &'a Judged,
    file: &'a str,
    client: &'a str,
    fair: Option<bool>,
}

impl About<'_> {
    /// A demand that was not met.
    fn failure(&self, demand: Demand, breach: &Breach) -> Failure {
        let history = &self.judged.run.history;
        let scenario = &self.judged.scenario;
        let quirks = scenario.server.quirks.0.iter();
        Failure {
            demand: demand.name(),
            number: match demand {
                Demand::Oracle(rule) => Some(rule.number()),
                Demand::Expect(_) => None,
            },
            harm: demand.harm(),
            word: breach.word,
            story: [breach.fact.clone(), breach.but.clone()],
            website: breach.site.map(|site| history.name(site)),
            timeline: timeline::timeline(history, breach),
            lanes: timeline::in_full(history, breach),
            expected: breach.expected.clone(),
            got: breach.got.clone(),
            hazard: cause::guess(demand, breach, history, scenario),
            never_ready: cause::never_ready(demand, history)
                .then(|| cause::unready(self.client, history)),
            fair: self.fair,
            quirks: quirks.map(|(name, value)| format!("{name}={value}")).collect(),
            replay: format!("crisp-mock replay {} {}", self.file, self.client)
                .trim_end()
                .to_owned(),
        }
    }

    /// That the client stopped: what it was told last, and how it ended.
    fn stopped(&self, how: &str) -> Failure {
        let history = &self.judged.run.history;
        // Its log is shown elsewhere.
        let how = how.split("\n  its log ends").next().unwrap_or(how);
        let breach = Breach {
            at: history.now(),
            word: "the client stopped",
            fact: timeline::last_answer(history),
            but: format!("The client stopped: {how}."),
            ..Breach::default()
        };
        let demand = Demand::Expect("alive");
        let is_silent = self.judged.outside.as_ref().is_some_and(|outside| outside.late);
        Failure {
            harm: 0,
            hazard: (!is_silent).then(|| cause::ended(history)),
            never_ready: None,
            ..self.failure(demand, &breach)
        }
    }
}

/// One event as a line of JSON.
///
/// # Errors
///
/// Never for events of this crate; what `serde_json` reports otherwise.
pub fn ndjson(event: &RunEvent) -> Result<String, serde_json::Error> {
    let mut line = serde_json::to_string(event)?;
    line.push('\n');
    Ok(line)
}
