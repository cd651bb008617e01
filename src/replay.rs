//! `crisp-mock replay`: scenarios held against a client.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crisp_harness::replay::{self, ReplayError};
use crisp_harness::report::RunEvent;

use crate::client::ClientArguments;
use crate::failure::Failure;
use crate::reports::ReportArguments;
use crate::terminal;

/// The scenarios, the client on trial and the reports.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// Scenario files, or folders of them
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub client: ClientArguments,

    #[command(flatten)]
    pub reports: ReportArguments,
}

/// Replays; the exit code is that of the verdict.
pub fn run(arguments: &ReplayArguments) -> Result<ExitCode, Failure> {
    let text = arguments.reports.text();
    let candidate = arguments.client.candidate()?;
    arguments.reports.look()?;
    let mut events = Vec::new();
    let replayed = replay::replay(&arguments.paths, &candidate, &mut |event| {
        let event = arguments.reports.heard(event);
        terminal::print(&text.render(&event));
        events.push(event);
    });
    // What was judged stays, also where the rest could not be.
    if replayed.is_ok() || events.iter().any(RunEvent::is_verdict) {
        arguments.reports.write(&events);
    }
    let code = replayed.map_err(refused)?;
    Ok(arguments.reports.code(&events, ExitCode::from(code as u8)))
}

fn refused(error: ReplayError) -> Failure {
    match error {
        ReplayError::Untried(untried) => Failure::Untried(untried),
        error => Failure::BadFile { report: error.to_string() },
    }
}
