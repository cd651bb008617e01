//! `crisp-mock replay`: scenarios held against a client.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use crisp_harness::replay;
use crisp_harness::report::Teller;
use crisp_harness::search::{self, Files};

use crate::client::ClientArguments;
use crate::corpus;
use crate::failure::Failure;
use crate::progress::{Limits, Progress};
use crate::reports::{Events, ReportArguments};
use crate::terminal;

/// The scenarios, the client on trial and the reports.
#[derive(Debug, Args)]
pub struct ReplayArguments {
    /// Scenario files, or folders of them; builtin/outages is one inside the program [default: builtin]
    #[arg(value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub client: ClientArguments,

    #[command(flatten)]
    pub reports: ReportArguments,
}

/// Replays; the exit code is that of the verdict.
pub fn run(arguments: &ReplayArguments) -> Result<ExitCode, Failure> {
    let interception = arguments.client.intercept.interception()?;
    let candidate = arguments.client.candidate(interception.as_ref())?;
    arguments.reports.look()?;
    let files = files(&arguments.paths)?;
    let real = candidate.trial.in_real_time();
    let limits = Limits { together: None, random: None, real };
    // In virtual time it is over before a line could be read.
    let quiet = arguments.reports.is_quiet() || !real;
    let progress = Progress::start(Some(files.len() as u64), limits, quiet);
    progress.begins_scenarios(files.len());
    let mut teller = Teller::new(arguments.reports.text());
    let events = Events::default();
    events.write_on_a_signal(&arguments.reports)?;
    let replayed = replay::replay_files(&files, &candidate, &mut |event| {
        let event = arguments.reports.heard(event);
        progress.aside(|| terminal::print(&terminal::verdict(&teller.tell(&event))));
        if event.is_verdict() {
            progress.judged_one();
        }
        events.add(&event);
    });
    progress.aside(|| ());
    let told = events.end(replayed.as_ref().err(), &arguments.reports, interception.as_deref());
    let code = replayed.map_err(Failure::Untried)?;
    Ok(ExitCode::from(told.unwrap_or(code as u8)))
}

/// The scenarios under these paths, in their order; without any, all inside the program.
fn files(paths: &[PathBuf]) -> Result<Files, Failure> {
    let all = [PathBuf::from("builtin")];
    let paths = if paths.is_empty() { &all } else { paths };
    let mut files = Files::new();
    // What lies in folders is read together: the mistakes of all of it are told.
    let outside: Vec<_> = paths.iter().filter(|path| !corpus::is_inside(path)).cloned().collect();
    for path in paths.iter().filter(|path| corpus::is_inside(path)) {
        files.extend(search::read(&corpus::inside(path)?).map_err(Failure::Untried)?);
    }
    if !outside.is_empty() {
        files.extend(replay::load(&outside)?);
    }
    Ok(files)
}
