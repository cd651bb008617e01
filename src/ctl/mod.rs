//! `crisp-mock ctl`: the control API from a shell.

mod assignment;
mod clock;
mod faults;
mod requests;
mod rules;
mod show;
mod spaces;
mod state;
mod websites;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::emulator::{Emulator, Whereabouts, runtime};
use crate::failure::Failure;
use crate::options::Print;
use crate::terminal;

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
    call: Call,
}

/// A control call.
#[derive(Debug, Subcommand)]
enum Call {
    /// An operator saves a website's settings: the whole of them
    Save(websites::Save),
    /// Somebody installs the plugin on a website
    Install(websites::Install),
    /// Somebody uninstalls the plugin
    Uninstall(websites::Uninstall),
    /// A website's plan or price changes
    Plan(websites::Change),
    /// Show the websites that have the plugin
    Websites(websites::Show),
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

/// Makes the call and prints what came of it.
pub fn run(arguments: CtlArguments) -> Result<ExitCode, Failure> {
    let mut whereabouts = arguments.whereabouts;
    if matches!(arguments.call, Call::Space(_)) {
        // Spaces belong to the server, not to one of them.
        whereabouts.space = Some("default".to_owned());
    }
    let emulator = Emulator::at(&whereabouts)?;
    let desk = Desk { emulator, print: arguments.print.unwrap_or_default() };
    runtime()?.block_on(make(&desk, arguments.call))?;
    Ok(ExitCode::SUCCESS)
}

async fn make(desk: &Desk, call: Call) -> Result<(), Failure> {
    match call {
        Call::Save(save) => save.run(desk).await,
        Call::Install(install) => install.run(desk).await,
        Call::Uninstall(uninstall) => uninstall.run(desk).await,
        Call::Plan(change) => change.run(desk).await,
        Call::Websites(show) => show.run(desk).await,
        Call::Fault(faults) => faults.run(desk).await,
        Call::Clock(clock) => clock.run(desk).await,
        Call::Quota(quota) => quota.run(desk).await,
        Call::Requests(requests) => requests.run(desk).await,
        Call::Quirks(quirks) => quirks.run(desk).await,
        Call::Schema(schema) => schema.run(desk).await,
        Call::State(state) => state.run(desk).await,
        Call::Space(spaces) => spaces.run(desk).await,
        Call::Info => desk.show(&desk.emulator.get("/info").await?, show::info),
        Call::Reset => {
            let answer = desk.emulator.send(reqwest::Method::POST, "/reset", None).await?;
            desk.show(&answer, |_| "everything is as it was at the start".to_owned())
        }
    }
}

/// Where calls are made, and how their answers are shown.
struct Desk {
    emulator: Emulator,
    print: Print,
}

impl Desk {
    /// Prints an answer: for people as `text` has it, for programs as it came.
    fn show(&self, answer: &Value, text: impl FnOnce(&Value) -> String) -> Result<(), Failure> {
        match self.print {
            Print::Json => terminal::say(&answer.to_string()),
            Print::Text => terminal::say(text(answer).trim_end()),
        }
        Ok(())
    }
}
