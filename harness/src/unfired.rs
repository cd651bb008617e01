//! Faults that never met a request. A pass beside them says less than it seems to, so that a
//! report says which, where and why; a scenario that is made of nothing else judged nothing.

use std::fs;

use crisp_mock_server::fault::{Fault, Occurrence, Target};
use crisp_mock_server::operation::Operation;
use serde::Serialize;

use crisp_mock_server::document::{Document, Part};

use crate::history::{History, What};
use crate::runner::{Judged, Outcome};
use crate::scenario::Expect;

/// A fault that never met a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfired {
    /// The fault, as JSON on one line.
    pub fault: String,
    /// The line of the file that it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Why it met nothing, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Unfired {
    /// The faults of a run that never met a request.
    pub(crate) fn of(judged: &Judged, file: &str) -> Vec<Self> {
        let unfired = &judged.run.unfired;
        let lines = lines(file, unfired);
        let faults = unfired.iter().zip(lines).map(|(index, line)| {
            let fault = &judged.scenario.faults.faults[*index];
            Self { fault: fault.to_string(), line, why: why(fault, &judged.run.history) }
        });
        faults.collect()
    }

    /// It as a sentence.
    #[must_use]
    pub fn text(&self, file: &str) -> String {
        let line = self.line.map_or_else(String::new, |line| format!(":{line}"));
        let why = self.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        format!("{file}{line}: the fault {} never met a request{why}", self.fault)
    }
}

/// The lines that faults stand on. The file is read again: this is wanted seldom, and no scenario
/// is to carry it along. None for a scenario that lies in no file.
fn lines(file: &str, faults: &[usize]) -> Vec<Option<u32>> {
    let text = match faults {
        [] => None,
        _ => fs::read_to_string(file).ok(),
    };
    let document = text.and_then(|text| Document::parse(file, text).ok());
    let line = |index: &usize| {
        let place = document.as_ref()?.root().position(&format!("/faults/{index}"), Part::Value);
        u32::try_from(place.line).ok()
    };
    faults.iter().map(line).collect()
}

/// Takes a pass back that rests on nothing: the scenario consists of faults, none of which met a
/// request, and says nothing of what is to come of them; or one that is about saves is aimed at
/// another call than the one by which the client's own page saves; or one is about events, and the client
/// opens no socket.
#[must_use]
pub(crate) fn unless_nothing_happened(mut judged: Judged) -> Judged {
    let passed = judged.outcome() != Outcome::Failed;
    if passed && judged.scenario.is_about_events() && !judged.run.about.abilities.listens {
        let why = "it is about events, and this client opens no socket that is followed";
        // That says why no fault met anything, too.
        judged.run.unfired.clear();
        judged.outside.get_or_insert_default().unjudged = Some(why.to_owned());
    } else if judged.outcome() == Outcome::Passed && nothing_happened(&judged) {
        let why = match judged.run.unfired.len() {
            1 => "its only fault never met a request",
            _ => "none of its faults ever met a request",
        };
        let why = format!("nothing of what it is about came to be, since {why}");
        judged.outside.get_or_insert_default().unjudged = Some(why);
    } else if judged.outcome() == Outcome::Passed
        && let Some(missed) = missed_save(&judged)
    {
        let why = format!("a fault is aimed at `{missed}`, by which this client does not save");
        judged.outside.get_or_insert_default().unjudged = Some(why);
    }
    judged
}

/// The call that saves, at which a fault is aimed in vain since the client's own page makes the other.
fn missed_save(judged: &Judged) -> Option<Operation> {
    let history = &judged.run.history;
    let aimed = judged.run.unfired.iter().map(|index| &judged.scenario.faults.faults[*index]);
    let mut aimed = aimed.filter_map(|fault| Some(fault.at?.operation));
    let made = |operation| history.requests.iter().any(|it| it.operation == operation);
    let missed = |operation: &Operation| match operation {
        Operation::SaveSettings => made(Operation::UpdateSettings) && !made(*operation),
        Operation::UpdateSettings => made(Operation::SaveSettings) && !made(*operation),
        _ => false,
    };
    aimed.find(missed).filter(|_| history.own_page)
}

fn nothing_happened(judged: &Judged) -> bool {
    let scenario = &judged.scenario;
    // Which oracles are switched off expects nothing.
    let expects = Expect { off: Vec::new(), ..scenario.expect.clone() };
    let faults = &scenario.faults.faults;
    scenario.when.is_empty()
        && expects == Expect::default()
        && !faults.is_empty()
        && judged.run.unfired.len() == faults.len()
}

fn why(fault: &Fault, history: &History) -> Option<String> {
    let Some(target) = fault.at else {
        return Some("none came while its window was open".to_owned());
    };
    let all = Target { occurrence: Occurrence::All, ..target };
    let quiet = history.events.iter().find(|event| event.what == What::Quiet);
    let met = history.requests.iter().filter(|request| {
        quiet.is_none_or(|quiet| request.sent <= quiet.at)
            && request.operation == target.operation
            && target.page.is_none_or(|page| request.page == Some(page))
    });
    let count = met.count() as u64;
    if count == 0 {
        return Some(format!("`{all}` was never asked"));
    }
    if !(1..=count).any(|number| target.occurrence.includes(number)) {
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
        return Some(format!("`{all}` was asked {times} only"));
    }
    let limit = match fault {
        Fault { window: Some(_), .. } => "while its window was open",
        Fault { website: Some(_), .. } => "about its website",
        Fault { method: Some(_), .. } => "with its method",
        Fault { chance: Some(_), .. } => return Some("chance spared them all".to_owned()),
        _ => return None,
    };
    Some(format!("`{target}` was not asked {limit}"))
}
