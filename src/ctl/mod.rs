//! `crisp-mock ctl`: the control API from a shell.

mod assignment;
mod call;
mod clock;
mod events;
mod faults;
mod hooks;
mod requests;
mod rtm;
mod rules;
mod show;
mod spaces;
mod state;
mod websites;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use crisp_mock_server::exact;

use crate::emulator::{Emulator, Whereabouts};
use crate::failure::Failure;
use crate::options::Print;
use crate::{runtime, terminal};

use call::Call;

/// A call, and to whom.
#[derive(Debug, Args)]
pub struct CtlArguments {
    #[command(flatten)]
    whereabouts: Whereabouts,

    /// How to print the answer [default: text]
    #[arg(
        long,
        global = true,
        env = "CRISP_MOCK_PRINT",
        value_name = "text|json",
        hide_possible_values = true,
        help_heading = "Where and how"
    )]
    print: Option<Print>,

    #[command(subcommand)]
    command: Command,
}

/// What is asked of the control API.
#[derive(Debug, Subcommand)]
enum Command {
    /// An operator saves a website's settings: the whole of them
    Save(websites::Save),
    /// Install the plugin on a website
    Install(websites::Install),
    /// Uninstall the plugin from a website
    Uninstall(websites::Uninstall),
    /// A website's plan or price changes
    Plan(websites::Change),
    /// Show the websites that have the plugin
    Websites(websites::Show),
    /// Something happens that the plugin is told of: send an event of any name
    Emit(events::Emit),
    /// Show the sockets of the RTM API
    Rtm,
    /// End a socket of the RTM API, or all of them, as a network that fails
    Kick(rtm::Kick),
    /// Show the deliveries of web hooks
    Hooks(hooks::Hooks),
    /// Make one more attempt to deliver a web hook
    Redeliver(hooks::Redeliver),
    /// Let something go wrong; show or remove what is armed
    Fault(faults::Faults),
    /// Show or move the clock
    Clock(clock::Clock),
    /// Show or set how many requests a day are allowed
    Quota(rules::SetQuota),
    /// Show what the plugin asked, or empty the journal
    Requests(requests::Requests),
    /// Show or set undocumented details
    Quirks(rules::SetQuirks),
    /// Show or replace the settings schema
    Schema(rules::SetSchema),
    /// Print the world as a document (version, websites, clock, quota, quirks, schema), or load one
    State(state::State),
    /// Make, list or remove isolated worlds in the same emulator
    Space(spaces::Spaces),
    /// Show addresses and credentials
    Info,
    /// Go back to the state at the start
    Reset,
}

/// Makes the call and prints its answer.
pub fn run(arguments: CtlArguments) -> Result<ExitCode, Failure> {
    let mut whereabouts = arguments.whereabouts;
    if matches!(arguments.command, Command::Space(_)) {
        // Spaces belong to the server, not to one of them.
        whereabouts.space = Some("default".to_owned());
    }
    let emulator = Emulator::at(&whereabouts)?;
    let print = arguments.print.unwrap_or_default();
    let runtime = runtime::for_calls()?;
    let call = match arguments.command {
        Command::Requests(requests) if requests.follow => {
            runtime.block_on(requests.follow(&emulator, print))?;
            return Ok(ExitCode::SUCCESS);
        }
        command => command.call()?,
    };
    let answer = emulator.call(call.method, &call.path, call.body.as_ref(), call.patience);
    let answer = runtime.block_on(answer)?;
    match print {
        Print::Json => terminal::say(&exact::written(answer.to_string())),
        Print::Text => terminal::say(exact::written((call.in_words)(&answer)).trim_end()),
    }
    Ok(ExitCode::SUCCESS)
}

impl Command {
    fn call(self) -> Result<Call, Failure> {
        Ok(match self {
            Self::Save(save) => save.call()?,
            Self::Install(install) => install.call()?,
            Self::Uninstall(uninstall) => uninstall.call(),
            Self::Plan(change) => change.call(),
            Self::Websites(show) => show.call(),
            Self::Emit(emit) => emit.call()?,
            Self::Rtm => rtm::list(),
            Self::Kick(kick) => kick.call(),
            Self::Hooks(hooks) => hooks.call(),
            Self::Redeliver(redeliver) => redeliver.call(),
            Self::Fault(faults) => faults.call()?,
            Self::Clock(clock) => clock.call(),
            Self::Quota(quota) => quota.call(),
            Self::Requests(requests) => requests.call(),
            Self::Quirks(quirks) => quirks.call(),
            Self::Schema(schema) => schema.call()?,
            Self::State(state) => state.call()?,
            Self::Space(spaces) => spaces.call()?,
            Self::Info => Call::get("/info", show::info),
            Self::Reset => {
                let path = "/reset";
                Call::post(path, |_| "everything is as it was at the start".to_owned())
            }
        })
    }
}
