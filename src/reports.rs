//! The reports of a run: the options that `replay` and `check` share.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use crisp_harness::report::{self, RunEvent, Text};

use crate::failure::Failure;
use crate::terminal;

/// Which reports are written, and how much text.
#[derive(Debug, Clone, Args)]
pub struct ReportArguments {
    /// Also write a report: junit=FILE, json=FILE (one event a line), svg=FILE, github; repeatable
    #[arg(long, value_name = "KIND[=FILE]")]
    pub report: Vec<Report>,

    /// A line for each scenario that passed, too
    #[arg(long, short = 'v', conflicts_with = "quiet")]
    pub verbose: bool,

    /// Nothing but failures and the last line
    #[arg(long, short = 'q')]
    pub quiet: bool,
}

impl ReportArguments {
    /// The text for the terminal.
    pub fn text(&self) -> Text {
        Text { verbose: self.verbose, quiet: self.quiet }
    }

    /// Writes all reports that were asked for.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] when one cannot be written.
    pub fn write(&self, events: &[RunEvent]) -> Result<(), Failure> {
        self.report.iter().try_for_each(|kind| write(kind, events))
    }
}

/// A report besides the text on the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// JUnit XML.
    Junit(PathBuf),
    /// One event a line, as JSON.
    Json(PathBuf),
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
            Some(("svg", file)) if !file.is_empty() => Ok(Self::Svg(file.into())),
            None if text == "github" => Ok(Self::Github),
            _ => Err("write junit=FILE, json=FILE, svg=FILE or github".to_owned()),
        }
    }
}

fn write(kind: &Report, events: &[RunEvent]) -> Result<(), Failure> {
    match kind {
        Report::Junit(file) => {
            save(file, report::junit(events).map_err(|error| lost(file, &error))?)
        }
        Report::Json(file) => {
            let lines: Result<Vec<_>, _> = events.iter().map(report::ndjson).collect();
            save(file, lines.map_err(|error| lost(file, &error))?.concat())
        }
        Report::Svg(file) => {
            let drawn = events.iter().find_map(|event| match event {
                RunEvent::ScenarioFinished(finished) => report::svg(finished),
                _ => None,
            });
            // Without a failure there is nothing to draw, and a picture from before would mislead.
            drawn.map_or_else(|| remove(file), |picture| save(file, picture))
        }
        Report::Github => {
            events.iter().filter_map(report::github).for_each(|line| terminal::say(&line));
            Ok(())
        }
    }
}

fn save(file: &Path, text: String) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| lost(file, &error))
}

fn remove(file: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(lost(file, &error)),
        _ => Ok(()),
    }
}

fn lost(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::Usage {
        message: format!("the report {} cannot be written: {error}", file.display()),
        hint: Some(
            "the verdict above stands; check that the folder exists and is writable".to_owned(),
        ),
    }
}
