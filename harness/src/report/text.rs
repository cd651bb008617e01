//! Events as people read them.

use std::fmt::Write;

use super::layout::{WIDTH, field, table, wrapped};
use super::{Failure, Origin, RunEvent, ScenarioReport};
use crate::runner::Outcome;

/// Writes events as text.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// A line for each scenario that passed, too, and each failure in full.
    pub verbose: bool,
    /// Nothing but failures and the last line.
    pub quiet: bool,
    /// How many characters a line has at most, where it can be broken.
    pub width: usize,
}

impl Default for Text {
    fn default() -> Self {
        Self { verbose: false, quiet: false, width: WIDTH }
    }
}

impl Text {
    /// One event as text; empty when it is left out.
    #[must_use]
    pub fn render(self, event: &RunEvent) -> String {
        match event {
            RunEvent::RunStarted { judged, scenarios, pace } if !self.quiet => {
                let s = if *scenarios == 1 { "" } else { "s" };
                format!("JUDGED  {judged} · {scenarios} scenario{s} {pace}\n")
            }
            RunEvent::SearchStarted { judged, cases, seed, all, from, shard, first }
                if !self.quiet =>
            {
                let first =
                    first.as_ref().map_or_else(String::new, |first| format!("        {first}\n"));
                let cases = match (all, cases) {
                    (Some(bound), _) => format!("every case with {}", bound.in_words()),
                    (None, None) => "searching until it is stopped".to_owned(),
                    (None, Some(cases)) => format!("up to {cases} random cases"),
                };
                let origin = match all {
                    None => format!(" · seed {seed}"),
                    Some(_) if *from > 0 => format!(" · from case {from} on"),
                    Some(_) => String::new(),
                };
                let shard =
                    shard.as_ref().map_or_else(String::new, |shard| format!(" · shard {shard}"));
                format!("JUDGED  {judged} · {cases}{shard}{origin}\n{first}")
            }
            RunEvent::SearchFinished(searched) => self.searched(searched),
            RunEvent::ScenarioFinished(report) => self.scenario(report),
            RunEvent::RunFinished { passed, failed, not_judged, slow, suspect, exit_code } => {
                let mut parts = vec![format!("{passed} passed")];
                if *failed > 0 {
                    parts.push(format!("{failed} failed"));
                }
                if *suspect > 0 {
                    parts.push(format!("{suspect} suspect"));
                }
                if not_judged > suspect {
                    parts.push(format!("{} not judged", not_judged - suspect));
                }
                let word = match (failed, exit_code) {
                    (1.., _) => "FAIL",
                    (_, 0) => "PASS",
                    _ => "NONE",
                };
                format!("{word}    {}{}\n", parts.join(", "), too_slow(*slow as u64, *exit_code))
            }
            _ => String::new(),
        }
    }

    fn scenario(self, report: &ScenarioReport) -> String {
        match (&report.failure, report.outcome) {
            (Some(failure), _) => self.failed(report, failure),
            (None, Outcome::Failed) => {
                format!(
                    "FAIL    {} · {}\n  The client never rests: it was stopped after {} requests.\n",
                    report.name, report.file, report.requests
                )
            }
            (None, Outcome::NotJudged) => {
                let why = match &report.unjudged {
                    Some(why) => format!("Not judged: {why}."),
                    None => reason(report),
                };
                let word = if report.suspect { "SUSPECT " } else { "NONE    " };
                let mut text = format!("{word}{} · {}\n", report.name, report.file);
                wrapped(&mut text, &why, 8, self.width);
                unfired(&mut text, report);
                text
            }
            (None, Outcome::Passed)
                if self.verbose || !(self.quiet || report.unfired.is_empty()) =>
            {
                let mut line = format!(
                    "PASS    {} · {} requests · {}\n",
                    report.name, report.requests, report.file
                );
                unfired(&mut line, report);
                line
            }
            (None, Outcome::Passed) => String::new(),
        }
    }
}

/// Warns of the faults that never met a request: what they were to do was not judged.
fn unfired(out: &mut String, report: &ScenarioReport) {
    for unfired in &report.unfired {
        let _ = writeln!(out, "        warning: {}", unfired.text(&report.file));
    }
}

/// So many of the last lines of a client's log are shown.
const LAST_LINES: usize = 12;

/// Why nothing was judged, in a sentence.
pub(super) fn reason(report: &ScenarioReport) -> String {
    let converged = report.not_judged.iter().find(|(rule, _)| rule == "converged");
    match (&report.unjudged, converged) {
        (Some(why), _) => format!("{why}."),
        (None, _) if !report.unreached.is_empty() => {
            format!("It never came to `{}`.", report.unreached.join("`, `"))
        }
        (None, Some((_, why))) => format!("{}.", capitalised(why)),
        (None, None) => "This client cannot save.".to_owned(),
    }
}

/// The text as the beginning of a sentence.
fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}

/// What is to be said of a client outside.
fn outside(out: &mut String, report: &ScenarioReport, width: usize) {
    if let Some(confirmed) = &report.confirmed {
        field(out, "Confirmed", confirmed, width);
    }
    if let Some(pace) = &report.pace {
        field(out, "Time", &format!("that of the scenario: {pace}"), width);
    }
    if let Some(view) = &report.view {
        field(out, "View", view, width);
    }
    if let Some(origin) = &report.origin {
        for (name, path) in [("Saved", &origin.saved), ("Client log", &origin.log)] {
            if let Some(path) = path {
                let _ = writeln!(out, "  {name:<12}{path}");
            }
        }
    }
    let kept = report.origin.as_ref().is_some_and(|from| from.log.is_some());
    if report.log.is_empty() || kept {
        return;
    }
    let skipped = report.log.len().saturating_sub(LAST_LINES);
    let _ = writeln!(out, "  Client log");
    if skipped > 0 {
        let _ = writeln!(out, "    … {skipped} lines before");
    }
    for line in &report.log[skipped..] {
        let _ = writeln!(out, "    {line}");
    }
}

/// Where a failure was found.
fn found(origin: &Origin, name: &str) -> String {
    let Some(case) = origin.case else {
        return name.to_owned();
    };
    let s = if origin.after == 1 { "" } else { "s" };
    format!("case {case} · shrunk {} → {} step{s}", origin.before, origin.after)
}

impl Text {
    fn failed(self, report: &ScenarioReport, failure: &Failure) -> String {
        let width = self.width;
        let mut out = String::new();
        let rule = match failure.number {
            Some(number) => format!(" ({}, O{number})", failure.demand),
            None if report.stopped.is_some() => String::new(),
            None => format!(" (expect: {})", failure.demand),
        };
        match &report.origin {
            Some(origin) => {
                let _ = writeln!(
                    out,
                    "FAIL    {} · {}{rule}\n",
                    failure.word,
                    found(origin, &report.name)
                );
            }
            None => {
                let _ = writeln!(out, "FAIL    {} · {}{rule}", failure.word, report.name);
                let _ = writeln!(out, "        {}\n", report.file);
            }
        }
        for sentence in &failure.story {
            for line in sentence.lines() {
                wrapped(&mut out, line, 2, width);
            }
        }
        out.push('\n');
        table(&mut out, &failure.timeline, width);
        if let (Some(expected), Some(got)) = (&failure.expected, &failure.got) {
            let website = failure.website.as_deref().unwrap_or("");
            let _ = writeln!(
                out,
                "\n  {website:<9} - expected {expected}\n  {:<9} + got      {got}",
                ""
            );
        }
        out.push('\n');
        if let Some(hazard) = &failure.hazard {
            field(
                &mut out,
                "Looks like",
                &format!(
                    "{} ({}). {} See: {}",
                    hazard.what,
                    hazard.number,
                    hazard.instead,
                    hazard.explained()
                ),
                width,
            );
        }
        if let Some(unready) = &failure.never_ready {
            field(&mut out, "Not ready", unready, width);
        }
        if let Some(fair) = failure.fair {
            let quirks = if failure.quirks.is_empty() {
                "No quirk needed.".to_owned()
            } else {
                format!("Quirks: {}.", failure.quirks.join(", "))
            };
            let fair = if fair {
                "crisp-sync passes this file."
            } else {
                "No: crisp-sync fails this file too."
            };
            field(&mut out, "Fair?", &format!("{fair} {quirks}"), width);
        }
        if !report.also.is_empty() {
            field(&mut out, "Also", &report.also.join(", "), width);
        }
        for unfired in &report.unfired {
            field(&mut out, "Warning", &unfired.text(&report.file), width);
        }
        let not_judged = not_judged(report);
        if !not_judged.is_empty() {
            field(&mut out, "Not judged", &not_judged, width);
        }
        outside(&mut out, report, width);
        // A command is never broken: it is there to be copied.
        if !report.file.is_empty() {
            let _ = writeln!(out, "  {:<12}{}", "Replay", failure.replay);
        }
        out.push('\n');
        out
    }
}

/// What a slow machine left out, or what lies outside of a scenario, and what to do about it where that is too much for a
/// verdict.
pub(super) fn too_slow(slow: u64, exit_code: u8) -> String {
    match (slow, exit_code) {
        (0, _) => String::new(),
        (_, 3) => format!(
            ": {slow} of them because this machine was too slow, or because of what the plugin reads or waits for outside \
             of the scenario (each says so). That is too many for a verdict: mend that, or run it again with fewer at a \
             time (--jobs 1), with a longer --client-timeout, or when less else runs"
        ),
        _ => format!(" ({slow} because of a slow machine, or of what lies outside of a scenario)"),
    }
}

/// The demands that could not be judged, those with one reason together. That there was no calm
/// goes without saying after a failure.
fn not_judged(report: &ScenarioReport) -> String {
    let listed = report.not_judged.iter().filter(|(name, _)| name != "quiet");
    grouped(listed)
}

/// Demands with the reason why they were not judged, those with one reason together.
pub(super) fn grouped<'a>(demands: impl IntoIterator<Item = &'a (String, String)>) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in demands {
        match groups.iter_mut().find(|(reason, _)| reason == why) {
            Some((_, names)) => names.push(name),
            None => groups.push((why, vec![name])),
        }
    }
    let groups = groups.iter().map(|(why, names)| format!("{} ({why})", names.join(", ")));
    groups.collect::<Vec<_>>().join(", ")
}
