//! `crisp-mock check`: a search for the scenario that breaks a client.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;
use crisp_harness::generate::exhaustive::Bound;
use crisp_harness::report::{RunEvent, Teller};
use crisp_harness::search::{self, Plan, SearchError, Shard};
use crisp_harness::zoo::bounds::Falls;
use crisp_harness::zoo::matrix::{self, Matrix};
use crisp_mock_server::duration;

use crate::client::ClientArguments;
use crate::corpus::CORPUS;
use crate::failure::Failure;
use crate::options::whole;
use crate::progress::{Limits, Progress};
use crate::reports::{Events, ReportArguments};
use crate::{signals, terminal};

/// A client in real time is searched for so long when nothing else is said.
const IN_REAL_TIME: Duration = Duration::from_secs(60);
/// A case with more steps explains nothing, and takes minutes.
const MAX_STEPS: usize = 1_000;
/// The seeds of the kill matrix.
const ZOO_SEEDS: u64 = 7;

/// The client that is searched, how long, and how it is reported.
#[derive(Debug, Args)]
pub struct CheckArguments {
    #[command(flatten)]
    pub client: ClientArguments,

    /// So many random cases at most
    #[arg(
        long,
        value_name = "N",
        default_value_t = 3_000,
        env = "CRISP_MOCK_CASES",
        value_parser = whole::<u64>
    )]
    pub cases: u64,

    /// Every case with so many deeds and faults at most, such as 2,1, instead of random ones (docs/exhaustive.md)
    ///
    /// Without a value: 2,1. Of a client in virtual time. With --zoo: where each broken client falls.
    #[arg(
        id = "bound", // `all` is that of `--help-all`
        long = "all",
        value_name = "DEEDS,FAULTS",
        num_args = 0..=1,
        default_missing_value = "2,1",
        env = "CRISP_MOCK_ALL",
        conflicts_with_all = ["cases", "seed", "max_steps", "forever", "over_http"]
    )]
    pub all: Option<Bound>,

    /// Go on with this case of --all, where an earlier search came to
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        env = "CRISP_MOCK_FROM",
        requires = "bound",
        hide_short_help = true,
        value_parser = whole::<u64>
    )]
    pub from: u64,

    /// The seed of the cases; the same seed finds the same [default: random, and 1 in CI]
    #[arg(long, value_name = "S", env = "CRISP_MOCK_SEED", value_parser = whole::<u64>)]
    pub seed: Option<u64>,

    /// Stop after this time, also before all cases were run [default: none, and 60s in real time]
    #[arg(
        long,
        value_name = "TIME",
        env = "CRISP_MOCK_TIME_LIMIT",
        value_parser = duration::parse
    )]
    pub time_limit: Option<Duration>,

    /// Where failures are kept as scenarios; what is there is replayed first
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./crisp-mock-failures",
        env = "CRISP_MOCK_SAVE_FAILURE"
    )]
    pub save_failure: PathBuf,

    /// So many steps a case at most
    #[arg(
        long,
        value_name = "N",
        default_value_t = 8,
        env = "CRISP_MOCK_MAX_STEPS",
        hide_short_help = true,
        value_parser = steps
    )]
    pub max_steps: usize,

    /// One of N equal parts of the cases, such as 2/4, to spread a search over machines
    #[arg(
        long,
        value_name = "I/N",
        default_value_t = Shard::default(),
        env = "CRISP_MOCK_SHARD",
        hide_short_help = true
    )]
    pub shard: Shard,

    /// Soak: search until Ctrl-C, and keep every distinct failure
    #[arg(long, env = "CRISP_MOCK_FOREVER", value_parser = FalseyValueParser::new())]
    pub forever: bool,

    /// Print the kill matrix: which rule convicts which broken client, and how soon chance finds it
    ///
    /// The broken clients are those of docs/zoo.md, the scenarios those in ./scenarios, or, where there are none, those
    /// inside the program. --cases are
    /// the random cases of each of seven seeds. With --all it is the table of docs/zoo.md that says where each falls.
    #[arg(
        long,
        env = "CRISP_MOCK_ZOO",
        value_parser = FalseyValueParser::new(),
        conflicts_with_all = ["client", "run", "client_cmd", "client_url", "over_http", "forever"]
    )]
    pub zoo: bool,

    #[command(flatten)]
    pub reports: ReportArguments,
}

/// Searches; the exit code is that of the product surface.
pub fn run(arguments: &CheckArguments) -> Result<ExitCode, Failure> {
    if arguments.zoo {
        return zoo(arguments);
    }
    let interception = arguments.client.intercept.interception()?;
    let candidate = arguments.client.candidate(interception.as_ref())?;
    arguments.reports.look()?;
    let outside = arguments.client.is_outside();
    let real = candidate.trial.in_real_time();
    if real && arguments.all.is_some() {
        return Err(in_real_time());
    }
    let limits = Limits {
        together: arguments.time_limit,
        random: (real && !arguments.forever).then_some(IN_REAL_TIME),
        real,
    };
    let plan = Plan {
        cases: arguments.cases,
        all: arguments.all,
        from: arguments.from,
        seed: arguments.seed.unwrap_or_else(some_seed),
        max_steps: arguments.max_steps,
        shard: arguments.shard,
        jobs: match arguments.client.jobs {
            _ if outside => candidate.trial.at_a_time(),
            Some(jobs) => jobs.get(),
            None => cores(),
        },
        forever: arguments.forever,
        save_to: Some(arguments.save_failure.clone()),
        corpus: if outside && arguments.all.is_none() { CORPUS } else { &[] },
        takes: limits.in_words(),
        ..Plan::default()
    };
    look_at_the_folder(&arguments.save_failure)?;
    let mut teller = Teller::new(arguments.reports.text());
    let drawn = !plan.forever && plan.all.is_none();
    let progress =
        Progress::start(drawn.then_some(plan.cases), limits, arguments.reports.is_quiet());
    let events = Events::default();
    if plan.forever || plan.all.is_some() {
        // From now on a signal ends the search in good order.
        let stop = progress.stopper();
        signals::wait_beside(move |_| stop.store(true, Ordering::Relaxed))?;
    } else {
        events.write_on_a_signal(&arguments.reports)?;
    }
    let searched = search::search(&candidate, &plan, &progress, &mut |event| {
        let event = arguments.reports.heard(event);
        progress.aside(|| match &event {
            RunEvent::SavedSkipped { problem } => skipped(problem),
            event => terminal::print(&terminal::verdict(&teller.tell(event))),
        });
        events.add(&event);
    });
    progress.finish();
    let untried = match &searched {
        Err(SearchError::Untried(untried)) => Some(untried),
        _ => None,
    };
    let told = events.end(untried, &arguments.reports, interception.as_deref());
    let found = searched?;
    if let Some(unkept) = &found.unkept {
        terminal::complain(&format!("error: {unkept}"));
    }
    Ok(ExitCode::from(told.unwrap_or(found.code as u8)))
}

/// All cases of a client that lives in real time would take days.
fn in_real_time() -> Failure {
    Failure::usage(
        "`--all` runs hundreds of cases, and this client is judged in real time",
        "judge a program for Node or Python, whose clock can be moved (`--run`), a client with the \
         capability `manual_clock` (`--client-cmd`), or one that is built in",
    )
}

/// Looks whether failures can be kept there: a search may take hours.
///
/// # Errors
///
/// [`Failure::Usage`] when it is a file.
fn look_at_the_folder(folder: &Path) -> Result<(), Failure> {
    if folder.exists() && !folder.is_dir() {
        let message = format!("--save-failure {} is a file", folder.display());
        return Err(Failure::usage(message, "name a folder; nothing was judged"));
    }
    Ok(())
}

/// Reads how many steps a case may have.
fn steps(text: &str) -> Result<usize, String> {
    let steps = whole(text).ok().filter(|steps| *steps <= MAX_STEPS);
    steps.ok_or_else(|| format!("write a whole number from 0 to {MAX_STEPS}"))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// In CI always the same: a pull request must not fail by chance.
fn some_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    if std::env::var_os("CI").is_some_and(|ci| !ci.is_empty()) {
        return 1;
    }
    // Short enough to be typed.
    RandomState::new().hash_one("seed") % 1_000_000
}

/// The kill matrix, or where each mutant falls.
fn zoo(arguments: &CheckArguments) -> Result<ExitCode, Failure> {
    if let Some(bound) = arguments.all {
        let jobs = arguments.client.jobs.map_or_else(cores, usize::from);
        terminal::print(&Falls::within(bound, jobs).to_string());
        return Ok(ExitCode::SUCCESS);
    }
    let files = zoo_files(Path::new("scenarios"))?;
    let jobs = arguments.client.jobs.map_or_else(cores, usize::from);
    let generate = |seed, index, events| {
        let bounds = crisp_harness::generate::Bounds {
            max_steps: arguments.max_steps,
            events,
            ..Default::default()
        };
        crisp_harness::generate::scenario(seed, index, bounds)
    };
    let first = arguments.seed.unwrap_or(1);
    let seeds: Vec<u64> = (first..first.saturating_add(ZOO_SEEDS)).collect();
    let random = matrix::search(&generate, &seeds, arguments.cases, jobs);
    let matrix = Matrix::over(&files, jobs).with_random(random);
    terminal::print(&matrix.to_string());
    let escaped: Vec<_> = matrix
        .rows
        .iter()
        .filter(|row| row.own.iter().next().is_none())
        .map(|row| row.mutant.name)
        .collect();
    if escaped.is_empty() {
        terminal::say(&format!(
            "PASS    all {} mutants fall to their scenarios",
            matrix.rows.len()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    terminal::say(&format!("FAIL    no scenario convicts {}", escaped.join(", ")));
    Ok(ExitCode::from(1))
}

/// The scenarios in the folder, where they may just have been changed; elsewhere those that this
/// program was built with.
fn zoo_files(folder: &Path) -> Result<search::Files, Failure> {
    if folder.is_dir() {
        return Ok(crisp_harness::replay::load(&[folder.to_owned()])?);
    }
    let mut files = search::read(CORPUS).map_err(Failure::Untried)?;
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(files)
}

/// A kept failure that cannot be used says nothing about the client.
fn skipped(problem: &str) {
    let problem = problem.trim_end();
    terminal::complain(&format!(
        "{problem}\nwarning: this kept failure was skipped; mend it, or take it out of the folder"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zoo_has_the_same_scenarios_in_the_same_order_where_there_is_no_checkout() {
        let names = |folder: &str, root: &str| {
            let files = zoo_files(Path::new(folder)).unwrap();
            let files = files.into_iter().map(|(file, _)| file.replacen(root, "", 1));
            files.collect::<Vec<_>>()
        };
        assert_eq!(names("no/such/folder", "builtin"), names("scenarios", "scenarios"));
    }
}
