//! The reports of a run: the options that `replay` and `check` share.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use crisp_harness::candidate::Untried;
use crisp_harness::intercept::Interception;
use crisp_harness::report::{self, RunEvent, Text};
use crisp_harness::runner::Outcome;
use crisp_harness::whole_file;

use parking_lot::Mutex;

use crate::failure::Failure;
use crate::intercept::tell_refused;
use crate::{signals, terminal};

const PASSED: u8 = crisp_harness::replay::ExitCode::Passed as u8;
const NOTHING_JUDGED: u8 = crisp_harness::replay::ExitCode::NothingJudged as u8;

/// Which reports are written, and how much text.
#[derive(Debug, Clone, Args)]
pub struct ReportArguments {
    /// Also write a report: junit=FILE, json=FILE (one event a line), html=FILE (to look at), svg=FILE,
    /// github; repeatable. In CRISP_MOCK_REPORT several are parted by newlines
    #[arg(long, value_name = "KIND[=FILE]", env = "CRISP_MOCK_REPORT", value_delimiter = '\n')]
    pub report: Vec<Report>,

    /// A line for each scenario that passed, too
    #[arg(
        long,
        short = 'v',
        env = "CRISP_MOCK_VERBOSE",
        value_parser = FalseyValueParser::new()
    )]
    verbose: bool,

    /// Nothing but failures and the last line
    #[arg(
        long,
        short = 'q',
        env = "CRISP_MOCK_QUIET",
        value_parser = FalseyValueParser::new()
    )]
    quiet: bool,

    /// End with exit code 3 also when some scenario was not judged and all others passed
    #[arg(long, value_name = "WHAT")]
    pub fail_on: Option<FailOn>,
}

/// What is to be told by the exit code besides failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Scenarios that were not judged.
    NotJudged,
}

impl ReportArguments {
    /// Whether nothing is printed but failures and the last line. Where both flags are there, a `--quiet` that is a
    /// variable gives way.
    pub fn is_quiet(&self) -> bool {
        self.quiet && !(self.verbose && std::env::var_os("CRISP_MOCK_QUIET").is_some())
    }

    /// The text for the terminal.
    pub fn text(&self) -> Text {
        let width = terminal::width().map(|width| width.min(Text::default().width));
        let text = Text {
            verbose: !self.is_quiet() && self.verbose,
            quiet: self.is_quiet(),
            ..Text::default()
        };
        width.map_or(text, |width| Text { width: width.max(60), ..text })
    }

    /// Looks whether all reports that are asked for could be written, before anything is judged.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] when one could not, or two would be one file.
    pub fn look(&self) -> Result<(), Failure> {
        let files: Vec<_> = self.report.iter().filter_map(Report::file).collect();
        for (index, file) in files.iter().enumerate() {
            if files[..index].contains(file) {
                let message = format!("two reports would be written to {}", file.display());
                return Err(Failure::usage(message, "name a file for each"));
            }
            whole_file::look(file).map_err(|error| {
                Failure::usage(
                    format!("the report {} cannot be written: {error}", file.display()),
                    "check that the folder exists and is writable; nothing was judged",
                )
            })?;
        }
        Ok(())
    }

    /// The event as it is told, with the exit code that is wanted.
    pub fn heard(&self, event: &RunEvent) -> RunEvent {
        let mut event = event.clone();
        let strict = self.fail_on.is_some() && event.leaves_unjudged();
        if let Some(code) = event.exit_code().filter(|code| strict && **code == PASSED) {
            *code = NOTHING_JUDGED;
        }
        event
    }

    /// Writes all reports that were asked for. One that cannot be written is told, and changes no
    /// verdict.
    pub fn write(&self, events: &[RunEvent]) {
        for kind in &self.report {
            if let Err(why) = write(kind, events, self.is_quiet()) {
                terminal::complain(&format!("error: {why}; the verdict above stands"));
            }
        }
    }
}

/// What has happened so far, for the reports.
#[derive(Debug, Clone, Default)]
pub struct Events(Arc<Mutex<Vec<RunEvent>>>);

impl Events {
    /// Takes one more in.
    pub fn add(&self, event: &RunEvent) {
        self.0.lock().push(event.clone());
    }

    /// Writes all reports.
    fn write(&self, reports: &ReportArguments) {
        let events = std::mem::take(&mut *self.0.lock());
        reports.write(&events);
    }

    /// The end of a run or a search: why the client could not be tried, if it could not, the reports, and
    /// which hosts were refused. Gives the exit code that was told.
    pub fn end(
        &self,
        untried: Option<&Untried>,
        reports: &ReportArguments,
        interception: Option<&Interception>,
    ) -> Option<u8> {
        if let Some(untried) = untried {
            self.add(&untried.into());
        }
        let told = self.0.lock().iter().rev().find_map(|event| event.clone().exit_code().copied());
        self.write(reports);
        interception.inspect(|interception| tell_refused(interception));
        told
    }

    /// How many scenarios were judged so far, in words, by how they ended.
    fn so_far(&self) -> String {
        let events = self.0.lock();
        let outcomes = events.iter().filter_map(|event| match event {
            RunEvent::ScenarioFinished(report) => Some(report.outcome),
            RunEvent::KnownJudged { outcome, .. } => Some(*outcome),
            _ => None,
        });
        let outcomes: Vec<_> = outcomes.collect();
        let [passed, failed, not_judged] = [Outcome::Passed, Outcome::Failed, Outcome::NotJudged]
            .map(|wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count());
        format!("{passed} scenarios had passed, {failed} failed, {not_judged} were not judged")
    }

    /// From now on a signal says how far the run came, writes the reports and ends the process: what
    /// was judged is not lost.
    ///
    /// # Errors
    ///
    /// [`Failure::Environment`] when the system refuses to listen.
    pub fn write_on_a_signal(&self, reports: &ReportArguments) -> Result<(), Failure> {
        let (events, reports) = (self.clone(), reports.clone());
        signals::wait_beside(move |signal| {
            terminal::say(&format!("STOPPED by {}: {}", signal.name(), events.so_far()));
            events.write(&reports);
            std::process::exit(signal.exit_code().into());
        })
    }
}

/// A report besides the text on the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// JUnit XML.
    Junit(PathBuf),
    /// One event a line, as JSON.
    Json(PathBuf),
    /// Failures to look at, as a page of its own.
    Html(PathBuf),
    /// The timeline of the first scenario that failed, as a picture.
    Svg(PathBuf),
    /// Annotations for GitHub, on stdout.
    Github,
}

impl FromStr for Report {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("junit", file)) if !file.is_empty() => Ok(Self::Junit(file.into())),
            Some(("json", file)) if !file.is_empty() => Ok(Self::Json(file.into())),
            Some(("html", file)) if !file.is_empty() => Ok(Self::Html(file.into())),
            Some(("svg", file)) if !file.is_empty() => Ok(Self::Svg(file.into())),
            None if text == "github" => Ok(Self::Github),
            _ => Err("write junit=FILE, json=FILE, html=FILE, svg=FILE or github".to_owned()),
        }
    }
}

impl Report {
    fn file(&self) -> Option<&Path> {
        match self {
            Self::Junit(file) | Self::Json(file) | Self::Html(file) | Self::Svg(file) => Some(file),
            Self::Github => None,
        }
    }
}

fn write(kind: &Report, events: &[RunEvent], quiet: bool) -> Result<(), String> {
    match kind {
        Report::Junit(file) => save(file, report::junit(events)),
        Report::Json(file) => {
            let lines: Result<Vec<_>, _> = events.iter().map(report::ndjson).collect();
            save(file, lines.map(|lines| lines.concat()))
        }
        Report::Html(file) => save(file, report::html(events)),
        Report::Svg(file) => {
            let drawn = events.iter().find_map(|event| match event {
                RunEvent::ScenarioFinished(finished) => report::svg(finished),
                _ => None,
            });
            match drawn {
                Some(picture) => save(file, Ok::<_, std::fmt::Error>(picture)),
                None => {
                    if !quiet && file.exists() {
                        let file = file.display();
                        terminal::complain(&format!(
                            "nothing failed that could be drawn: {file} is of an earlier run"
                        ));
                    }
                    Ok(())
                }
            }
        }
        Report::Github => {
            events.iter().filter_map(report::github).for_each(|line| terminal::say(&line));
            Ok(())
        }
    }
}

fn save<E: std::error::Error>(file: &Path, text: Result<String, E>) -> Result<(), String> {
    let lost = |error: &dyn std::error::Error| {
        format!("the report {} cannot be written: {error}", file.display())
    };
    let text = text.map_err(|error| lost(&error))?;
    whole_file::write(file, text.as_bytes()).map_err(|error| lost(&error))
}
