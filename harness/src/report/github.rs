//! Annotations for GitHub Actions.

use super::{Failure, RunEvent, ScenarioReport};

/// An event as an annotation on its scenario's file; nothing for events that need none.
#[must_use]
pub fn github(event: &RunEvent) -> Option<String> {
    let report = match event {
        RunEvent::ScenarioFinished(report) => report,
        RunEvent::SavedSkipped { problem } => {
            let told = data(problem.trim_end());
            return Some(format!("::warning title=a kept failure was skipped::{told}\n"));
        }
        RunEvent::Untried { problem, .. } => {
            let told = data(problem);
            return Some(format!("::error title=the client cannot be tried::{told}\n"));
        }
        _ => return None,
    };
    let warnings: String = report
        .unfired
        .iter()
        .map(|unfired| {
            let line = unfired.line.unwrap_or(1);
            let file = property(&report.file);
            let told = data(&unfired.text(&report.file));
            let place = place(&report.file, &file, line);
            format!("::warning {place}title=a fault that never met a request::{told}\n")
        })
        .collect();
    let failure =
        report.failure.as_ref().map_or_else(String::new, |failure| error(report, failure));
    let annotations = warnings + &failure;
    (!annotations.is_empty()).then_some(annotations)
}

fn error(report: &ScenarioReport, failure: &Failure) -> String {
    let title = property(&format!("{}: {}", failure.word, report.name));
    let [fact, but] = &failure.story;
    let message = data(&format!("{fact} {but}\nReplay: {}", failure.replay));
    let place = place(&report.file, &property(&report.file), 1);
    format!("::error {place}title={title}::{message}\n")
}

/// Where an annotation belongs: nowhere, for a scenario that lies in no file of the repository.
fn place(file: &str, property: &str, line: u32) -> String {
    if file.is_empty() || file.starts_with("builtin/") {
        return String::new();
    }
    format!("file={property},line={line},")
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
