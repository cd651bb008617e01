//! A run as a lesson: each cause told once in full, and what to mend first.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::layout::wrapped;
use super::text::reason;
use super::{RunEvent, ScenarioReport, Text};
use crate::runner::Outcome;

/// Writes the events of one run as text, and remembers what was told.
///
/// # Examples
///
/// ```
/// use crisp_harness::candidate::ClientChoice;
/// use crisp_harness::replay::replay_files;
/// use crisp_harness::report::{Teller, Text};
///
/// let files = crisp_harness::search::read(&[("a.yaml", "name: nothing happens")]).unwrap();
/// let mut teller = Teller::new(Text::default());
/// let mut told = String::new();
/// let client = ClientChoice::Sync.candidate();
/// replay_files(&files, &client, &mut |event| told += &teller.tell(event)).unwrap();
/// assert!(told.ends_with("PASS    1 passed\n"));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Teller {
    text: Text,
    /// How many scenarios there are.
    scenarios: usize,
    causes: Vec<Cause>,
    unjudged: BTreeMap<String, usize>,
}

/// What several failures have in common.
#[derive(Debug, Clone)]
struct Cause {
    /// The number of the hazard, or the verdict where no hazard is known.
    key: String,
    what: String,
    /// The least of how grave they are; 0 is gravest.
    harm: u8,
    files: usize,
}

impl Teller {
    /// One that writes so.
    #[must_use]
    pub fn new(text: Text) -> Self {
        Self { text, ..Self::default() }
    }

    /// The next event as text; empty when there is nothing to say.
    #[must_use]
    pub fn tell(&mut self, event: &RunEvent) -> String {
        match event {
            RunEvent::RunStarted { scenarios, .. } => self.scenarios = *scenarios,
            RunEvent::ScenarioFinished(report) => return self.scenario(event, report),
            RunEvent::RunFinished { .. } => return self.summary() + &self.text.render(event),
            _ => {}
        }
        self.text.render(event)
    }

    fn scenario(&mut self, event: &RunEvent, report: &ScenarioReport) -> String {
        let alone = self.text.verbose || self.scenarios <= 1;
        match report.outcome {
            Outcome::Failed => {
                let new = self.count(report);
                if new || alone { self.text.render(event) } else { line(report) }
            }
            Outcome::NotJudged if !alone && !report.suspect && report.unfired.is_empty() => {
                *self.unjudged.entry(reason(report)).or_default() += 1;
                String::new()
            }
            Outcome::NotJudged | Outcome::Passed => self.text.render(event),
        }
    }

    /// Counts a failure; whether its cause is met for the first time.
    fn count(&mut self, report: &ScenarioReport) -> bool {
        let failure = report.failure.as_ref();
        let (key, what) = match failure.map(|failure| (failure, failure.hazard)) {
            Some((_, Some(hazard))) => (hazard.number.to_owned(), hazard.what.to_owned()),
            Some((failure, None)) => (failure.word.to_owned(), String::new()),
            None => ("the client never rests".to_owned(), String::new()),
        };
        let harm = failure.map_or(2, |failure| failure.harm);
        if let Some(known) = self.causes.iter_mut().find(|cause| cause.key == key) {
            known.files += 1;
            known.harm = known.harm.min(harm);
            return false;
        }
        self.causes.push(Cause { key, what, harm, files: 1 });
        true
    }

    /// What failed by its cause, and what was not judged by the reason.
    fn summary(&mut self) -> String {
        let mut out = String::new();
        let failed: usize = self.causes.iter().map(|cause| cause.files).sum();
        if failed > 1 {
            self.causes.sort_by_key(|cause| (cause.harm, std::cmp::Reverse(cause.files)));
            out.push_str("\n  By cause\n");
            for (index, cause) in self.causes.iter().enumerate() {
                let s = if cause.files == 1 { "" } else { "s" };
                let first = if index == 0 { ", fix first" } else { "" };
                let what = if cause.what.is_empty() { "" } else { ": " };
                let told =
                    format!("{}: {} file{s}{first}{what}{}", cause.key, cause.files, cause.what);
                wrapped(&mut out, &told, 4, self.text.width);
            }
            if let Some(first) = self.causes.first().filter(|cause| !cause.what.is_empty()) {
                let _ = writeln!(out, "  Explained   crisp-mock explain {}", first.key);
            }
            out.push('\n');
        }
        if !self.unjudged.is_empty() && !self.text.quiet {
            out.push_str("  Not judged\n");
            for (reason, count) in &self.unjudged {
                let files = if *count == 1 { "file" } else { "files" };
                let told = format!("{count} {files}: {reason}");
                wrapped(&mut out, &told, 4, self.text.width);
            }
            out.push('\n');
        }
        out
    }
}

/// A failure whose cause has been told.
fn line(report: &ScenarioReport) -> String {
    let failure = report.failure.as_ref();
    let word = failure.map_or("never rests", |failure| failure.word);
    let looks = failure.and_then(|failure| failure.hazard);
    let looks = looks.map_or_else(String::new, |hazard| format!(" ({})", hazard.number));
    format!("FAIL    {word}{looks} · {} · {}\n", report.name, report.file)
}
