//! `crisp-mock exec -- COMMAND`: start an emulator, run a command against it, stop it, and end as
//! the command did.
//!
//! [`mod@variables`] is its environment, [`crisp_harness::peer::lookup`] finds the program, [`child`]
//! starts, signals and ends it, [`summary`] is printed at the end, and [`honesty`] fails a run that
//! proved nothing.

mod child;
#[cfg(unix)]
mod group;
mod honesty;
mod stand_in;
mod summary;
mod tally;
mod variables;

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;
use crisp_harness::peer::lookup::Lookup;
use crisp_mock_server::server::MockServer;
use crisp_mock_server::spaces::Spaces;

use crate::failure::Failure;
use crate::intercept::InterceptArguments;
use crate::journal_file::JournalFile;
use crate::options::{Listen, Print, Resolved, ServerArguments, resolve};
use crate::serve::{self, ending, ready};
use crate::signals::Signals;
use crate::{runtime, terminal};

use child::{Child, End};
use honesty::FailOn;
pub use stand_in::StandIn;
use summary::Summary;
use tally::Tally;
use variables::{Template, variables};

/// The exit code of any failure that is not the command's.
pub const OWN_FAILURE: u8 = 125;

/// The hint for a command line without `--`.
pub const NO_DASHES: &str =
    "  = hint: the command stands after two dashes: `crisp-mock exec -- npm test`";

/// How long the server may take to finish once the command has ended.
const FAREWELL: Duration = Duration::from_secs(1);

/// What stands under the help.
const AFTER: &str = "\
The command finds the emulator in its environment: CRISP_REST_HOST, CRISP_REST_URL,
CRISP_MOCK_CONTROL_URL, CRISP_IDENTIFIER, CRISP_KEY, CRISP_TIER and CRISP_PLUGIN_ID.
Its exit code is ours (128+n after signal n). 125: the emulator failed, 126: the command cannot be
run, 127: there is no such command. Its arguments reach it as they are, no shell reads them: for
pipes and variables, run one with `-- sh -c '…'`.
Every option can also be given in the environment: --page-size as CRISP_MOCK_PAGE_SIZE.";

/// The options of `exec`.
#[derive(Debug, Args)]
#[command(
    after_help = AFTER,
    mut_arg("listen", |listen| listen.help(
        "Address and port to listen on [default: 127.0.0.1:0, any free port]"
    ))
)]
pub struct ExecArguments {
    /// Exit with 1 although the command succeeded, when: no request came (idle), one met no route
    /// (unmatched), one was refused for want of quota (quota), an armed fault never fired
    /// (unfired-fault), a forged web hook was answered with 2xx (forged-hook); several are parted by commas
    #[arg(
        long,
        env = "CRISP_MOCK_FAIL_ON",
        value_name = "WHAT,…",
        value_delimiter = ',',
        value_enum,
        hide_possible_values = true
    )]
    pub fail_on: Vec<FailOn>,

    /// Give the command one more variable, as --env MY_KEY={key}; repeatable
    ///
    /// In braces may stand any name that `crisp-mock ctl info` shows: {url}, {rest_url}, {rtm_url},
    /// {control_url}, {identifier}, {key}, {tier}, {plugin_id}, {user_identifier}, {user_key},
    /// {development_identifier}, {development_key}, {hook_secret}. In CRISP_MOCK_ENV several are parted by newlines.
    #[arg(long = "env", env = "CRISP_MOCK_ENV", value_name = "NAME=VALUE", value_delimiter = '\n')]
    pub variables: Vec<Template>,

    /// Say nothing at the end when all is well
    #[arg(short, long, env = "CRISP_MOCK_QUIET", value_parser = FalseyValueParser::new())]
    pub quiet: bool,

    /// What to run, and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,

    /// What to start
    #[command(flatten)]
    pub server: ServerArguments,

    /// Whether Crisp's own addresses are answered
    #[command(flatten)]
    pub intercept: InterceptArguments,
}

/// Runs a command against an emulator of its own.
pub fn run(arguments: ExecArguments) -> ExitCode {
    attempt(arguments).unwrap_or_else(|failure| {
        terminal::complain(&failure.shown());
        // 126 and 127 speak of the command; all else is a failure of ours.
        ExitCode::from(failure.exit_code().max(OWN_FAILURE))
    })
}

fn attempt(arguments: ExecArguments) -> Result<ExitCode, Failure> {
    let resolved = resolve(&arguments.server, Listen::FREE)?;
    if !resolved.remarks.is_empty() {
        terminal::complain(&resolved.remarks);
    }
    // On this thread: the death signal of a child is bound to the thread that started it.
    runtime::for_a_server(resolved.options.workers)?.block_on(exec(resolved, &arguments))
}

async fn exec(resolved: Resolved, arguments: &ExecArguments) -> Result<ExitCode, Failure> {
    let (name, words) = arguments.command.split_first().ok_or_else(|| {
        Failure::usage("there is no command to run", "write it after `--`: `-- npm test`")
    })?;
    let program = Lookup::here().find(name)?;
    let mut signals = Signals::listen()?;
    let bound = serve::bind(&resolved).await?;
    let options = &resolved.options;
    let journal = options.journal.as_deref().map(JournalFile::open).transpose()?;
    let journal = Arc::new(journal);
    let tally = Arc::new(Tally::default());
    let (idle_exit, parent) = (options.idle_exit.map(Duration::from), options.parent_pid);
    let print = options.print.unwrap_or_default();
    let token = options.control_token.clone();
    let server = serve::start(bound, resolved, Some(tally::listener(&tally, &journal)))?;
    if print == Print::Json {
        terminal::say(&ready::line(server.info()));
        terminal::written()?;
    }
    let mut variables = variables(server.info(), token.as_deref(), &arguments.variables);
    let intercepting = arguments.intercept.start(&server).await?;
    if let Some(intercepting) = &intercepting {
        let added = intercepting.variables(&|name| present(&variables, name));
        variables.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }
    let mut child = Child::start(&program, words, variables)?;
    let not_needed = ending::not_needed(&server, idle_exit, parent);
    let end = match child.end(&mut signals, not_needed).await? {
        End::AtOnce(signal) => return Ok(ExitCode::from(signal.exit_code())),
        End::Given(end) => end,
    };
    signals.end_at_the_next();
    let server = stop(server).await;
    let summary = Summary::of(&tally, &server, intercepting.is_some());
    let ours = judge(arguments, &end, &summary, journal.as_ref().as_ref());
    if let Some(intercepting) = intercepting {
        intercepting.tell_refused();
    }
    end.exit(ours)
}

/// A variable as the command finds it: one of those, the latest first, or else one of ours.
fn present(variables: &[(String, OsString)], name: &str) -> Option<OsString> {
    let found = variables.iter().rev().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone()).or_else(|| std::env::var_os(name))
}

/// Stops the server; its spaces stay readable.
async fn stop(server: MockServer) -> impl std::ops::Deref<Target = Spaces> {
    let spaces = server.shared_spaces();
    // A process that outlived the command may keep an answer from being finished.
    let _ = tokio::time::timeout(FAREWELL, server.stop()).await;
    spaces
}

/// Prints the summary; the exit code of `--fail-on` or of a failure of our own, if there is one.
fn judge(
    arguments: &ExecArguments,
    end: &child::GivenEnd,
    summary: &Summary,
    journal: Option<&JournalFile>,
) -> Option<u8> {
    let reasons = honesty::reasons(&arguments.fail_on, summary);
    let torn = journal.is_some_and(|journal| !journal.is_whole());
    let ours = match (&end.reason, reasons.is_empty(), torn) {
        (Some(_), ..) => Some(OWN_FAILURE),
        (None, false, _) if end.is_success() => Some(1),
        (None, true, true) if end.is_success() => Some(OWN_FAILURE),
        _ => None,
    };
    let failed = ours.is_some() || !end.is_success();
    if failed {
        summary.show_last();
    }
    if failed || !arguments.quiet {
        summary.show();
    }
    if let Some(reason) = &end.reason {
        terminal::complain(&format!("error: the command was ended: {reason}"));
    }
    for reason in reasons {
        terminal::complain(&format!("error: {reason}"));
    }
    ours
}
