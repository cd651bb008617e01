//! `crisp-mock man`: pages of the manual, which packages install.

use std::process::ExitCode;

use clap::{Args, Command};
use clap_mangen::Man;

use crate::failure::Failure;
use crate::terminal;

/// Which page.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// The subcommand whose page is wanted; without it, the page of the program
    pub subcommand: Option<String>,
}

/// Prints a page in the language of `man`.
///
/// # Errors
///
/// [`Failure::Usage`] when there is no such subcommand.
pub fn run(arguments: &ManArguments, command: Command) -> Result<ExitCode, Failure> {
    let page = match &arguments.subcommand {
        None => command,
        Some(name) => subcommand(command, name)?,
    };
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = Man::new(page).render(&mut text);
    terminal::print(&String::from_utf8_lossy(&text));
    Ok(ExitCode::SUCCESS)
}

/// A subcommand with the name of its page, `crisp-mock-serve`, which building the whole gives it.
fn subcommand(mut command: Command, name: &str) -> Result<Command, Failure> {
    command.build();
    let found =
        command.get_subcommands().find(|known| known.get_name() == name && !known.is_hide_set());
    let Some(found) = found else {
        let all = command.get_subcommands().filter(|known| !known.is_hide_set());
        let all: Vec<_> = all.map(Command::get_name).collect();
        return Err(Failure::usage(
            format!("there is no subcommand `{name}` to print a page for"),
            format!("name one of {}", all.join(", ")),
        ));
    };
    Ok(found.clone())
}
