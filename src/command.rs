//! The command line as a whole.

use std::ffi::OsString;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::check::CheckArguments;
use crate::completions::CompletionsArguments;
use crate::ctl::CtlArguments;
use crate::exec::ExecArguments;
use crate::explain::ExplainArguments;
use crate::healthcheck::HealthcheckArguments;
use crate::man::ManArguments;
use crate::replay::ReplayArguments;
use crate::schema::SchemaArguments;
use crate::serve::ServeArguments;
use crate::validate::ValidateArguments;

/// What stands under the help of what runs in containers, which take no arguments.
const ENVIRONMENT: &str = "\
Every option can also be given in the environment: --page-size as CRISP_MOCK_PAGE_SIZE.";

/// Run your Crisp plugin offline, and find the update its sync loop loses
///
/// An emulator of the plugin area of Crisp's REST API. Not affiliated with Crisp.
#[derive(Parser)]
#[command(
    name = "crisp-mock",
    version,
    disable_help_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Line {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    help: Help,
}

#[derive(Args)]
struct Help {
    /// Print help
    #[arg(
        short = 'h',
        long = "help",
        global = true,
        action = clap::ArgAction::HelpShort,
        display_order = 1000
    )]
    short: Option<bool>,

    /// Print every option and more about each
    #[arg(
        long = "help-all",
        global = true,
        action = clap::ArgAction::HelpLong,
        display_order = 1001
    )]
    all: Option<bool>,
}

/// What is to be done.
#[derive(Subcommand)]
pub enum Command {
    /// Run the emulator until Ctrl-C
    Serve(Box<ServeArguments>),
    /// Run a command, such as your tests, against an emulator of its own
    Exec(Box<ExecArguments>),
    /// Replay scenarios against a client, and judge it
    Replay(ReplayArguments),
    /// Search for a scenario that breaks a client, and hand it back as a file
    Check(Box<CheckArguments>),
    /// Explain a hazard that a report names, such as C3, with what to write in Node, Python and Go
    Explain(ExplainArguments),
    /// Say whether a settings schema, a scenario, a server config, a fault plan or a file of stubs is
    /// valid, and what is not
    Validate(ValidateArguments),
    /// Print the JSON Schema that an editor completes a file with
    Schema(SchemaArguments),
    /// Change and watch a running emulator
    Ctl(CtlArguments),
    /// Wait until an emulator is ready
    Healthcheck(HealthcheckArguments),
    /// Print the completion script of a shell
    Completions(CompletionsArguments),
    /// Print a page of the manual, for packages
    #[command(hide = true)]
    Man(ManArguments),
}

/// Reads the command line and the environment.
///
/// # Errors
///
/// What clap has to say, help and version included.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let matches = command().try_get_matches_from(arguments)?;
    Ok(Line::from_arg_matches(&matches)?.command)
}

/// The command line as clap knows it.
#[must_use]
pub fn command() -> clap::Command {
    let command = settle(Line::command());
    ["serve", "check", "healthcheck"].into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |command| command.after_help(ENVIRONMENT))
    })
}

fn settle(command: clap::Command) -> clap::Command {
    command
        .mut_args(|argument| {
            // CI systems set variables without a value to an empty text.
            let is_empty =
                argument.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty());
            // Values of the environment may be secrets, and one line below says it for all.
            let argument = argument.hide_env(true);
            // `-1` is a value that does not fit, and no option that does not exist.
            let takes_value = argument.get_action().takes_values() && !argument.is_positional();
            let argument =
                if takes_value { argument.allow_negative_numbers(true) } else { argument };
            if is_empty { argument.env(None::<&str>) } else { argument }
        })
        .mut_subcommands(settle)
}
