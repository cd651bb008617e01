//! Annotations for GitHub Actions.

use super::RunEvent;

/// An event as an annotation on its scenario's file; nothing for events that need none.
#[must_use]
pub fn github(event: &RunEvent) -> Option<String> {
    let RunEvent::ScenarioFinished(report) = event else {
        return None;
    };
    let failure = report.failure.as_ref()?;
    let title = property(&format!("{}: {}", failure.word, report.name));
    let [fact, but] = &failure.story;
    let message = data(&format!("{fact} {but}\nReplay: {}", failure.replay));
    Some(format!(
        "::error file={},line=1,title={title}::{message}\n",
        property(&report.file)
    ))
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
