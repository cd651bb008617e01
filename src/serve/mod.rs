//! `crisp-mock serve`: start the emulator, say so, wait for a reason to stop, stop.

mod banner;
pub mod ending;
mod log;
pub mod ready;

use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;
use crisp_mock_server::journal::Entry;
use crisp_mock_server::server::{Bound, MockServer, ServerOptions, StartError};
use crisp_mock_server::spaces::Listener;

use crate::failure::Failure;
use crate::intercept::InterceptArguments;
use crate::options::{Listen, Print, Resolved, ServerArguments, resolve};
use crate::{runtime, terminal};

use crate::journal_file::JournalFile;
use crate::signals::Signals;
use log::Log;

/// The exit code of a server that ended in good order, but without all of its journal; the reason was
/// said when it came up.
const JOURNAL_LOST: u8 = 4;

/// The options of `serve`.
#[derive(Debug, Args)]
#[command(mut_arg("listen", |listen| listen.help(
    "Address and port to listen on; port 0 means any free one \
     [default: 127.0.0.1:8420 and [::1]:8420]"
)))]
pub struct ServeArguments {
    /// What to start
    #[command(flatten)]
    pub server: ServerArguments,

    /// Whether Crisp's own addresses are answered
    #[command(flatten)]
    pub intercept: InterceptArguments,

    /// Log no requests
    #[arg(short, long, env = "CRISP_MOCK_QUIET", value_parser = FalseyValueParser::new())]
    pub quiet: bool,
}

/// Runs the emulator until a signal, idleness or the end of its parent.
pub fn run(arguments: ServeArguments) -> Result<ExitCode, Failure> {
    let resolved = resolve(&arguments.server, Listen::SERVE)?;
    if !resolved.remarks.is_empty() {
        terminal::complain(&resolved.remarks);
    }
    runtime::for_a_server(resolved.options.workers)?.block_on(serve(resolved, &arguments))
}

async fn serve(resolved: Resolved, arguments: &ServeArguments) -> Result<ExitCode, Failure> {
    // Before anything is said to be ready, so that no signal comes too early.
    let mut signals = Signals::listen()?;
    let bound = bind(&resolved).await?;
    let options = &resolved.options;
    let log = (!arguments.quiet).then(Log::start);
    let journal = options.journal.as_deref().map(JournalFile::open).transpose()?.map(Arc::new);
    let listener = listener(log.as_ref(), journal.clone());
    let (idle_exit, parent_pid) = (options.idle_exit.map(Duration::from), options.parent_pid);
    let print = options.print.unwrap_or_default();
    let server = start(bound, resolved, listener)?;
    let intercepting = arguments.intercept.start(&server).await?;
    match print {
        Print::Text => terminal::print(&banner::banner(&server, intercepting.as_ref())),
        Print::Json => terminal::say(&ready::line_with(server.info(), intercepting.as_ref())),
    }
    // A program that waits for it would wait for ever.
    terminal::written()?;
    let reason = ending::wait(&server, &mut signals, idle_exit, parent_pid).await;
    if let Some(log) = &log {
        log.remark(format!("stopping: {reason}"));
    }
    signals.end_at_the_next();
    server.stop().await;
    if let Some(log) = log {
        log.finish();
    }
    if let Some(intercepting) = intercepting {
        intercepting.tell_refused();
    }
    if journal.is_some_and(|journal| !journal.is_whole()) {
        return Ok(ExitCode::from(JOURNAL_LOST));
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes the port: a server that finds it taken changes no file of the one that is running.
///
/// # Errors
///
/// [`Failure`]: the address is taken.
pub async fn bind(resolved: &Resolved) -> Result<Bound, Failure> {
    let Listen { address, also } = resolved.listen;
    let bound = MockServer::bind(address, also).await.map_err(refused)?;
    match resolved.options.rtm_listen {
        Some(rtm) => bound.with_rtm(rtm.address).await.map_err(refused),
        None => Ok(bound),
    }
}

/// Starts a server, says what could not be done, and writes the ready file in place of an earlier
/// server's.
///
/// # Errors
///
/// [`Failure`]: the options do not fit, a file cannot be written.
pub fn start(
    bound: Bound,
    resolved: Resolved,
    on_request: Option<Listener>,
) -> Result<MockServer, Failure> {
    let Resolved { options, listen, .. } = resolved;
    let reach = options.reach();
    let options_of_server = ServerOptions {
        reach,
        listen: listen.address,
        also_listen: listen.also,
        rtm_listen: options.rtm_listen.map(|rtm| rtm.address),
        world: options.world,
        control_token: options.control_token,
        public_url: options.public_url,
        on_request,
    };
    if let Some(file) = &options.ready_file {
        ready::remove_stale(file)?;
    }
    let server = MockServer::start_on(bound, options_of_server).map_err(refused)?;
    for warning in server.warnings() {
        terminal::complain(&format!("warning: {warning}"));
    }
    if let Some(file) = &options.ready_file {
        ready::write(file, server.info())?;
    }
    Ok(server)
}

fn listener(log: Option<&Log>, journal: Option<Arc<JournalFile>>) -> Option<Listener> {
    let log = log.map(Log::sender);
    if log.is_none() && journal.is_none() {
        return None;
    }
    Some(Arc::new(move |space: &str, entry: &Entry| {
        if let Some(journal) = &journal {
            journal.note(space, entry);
        }
        if let Some(log) = &log {
            log.note(entry);
        }
    }))
}

fn refused(error: StartError) -> Failure {
    match error {
        StartError::Options(_) => Failure::Usage { message: error.to_string(), hint: None },
        StartError::Bind { address, source } if source.kind() == io::ErrorKind::AddrInUse => {
            Failure::PortTaken { address }
        }
        StartError::Bind { address, source } => {
            Failure::Listen { address, problem: source.to_string() }
        }
        StartError::Rtm { address, source } => {
            Failure::RtmListen { address, problem: source.to_string() }
        }
    }
}
