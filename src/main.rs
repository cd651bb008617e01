//! The `crisp-mock` command: arguments, start, stop. What it starts lives in the libraries.
//!
//! One file a subcommand; [`failure`] says with which exit code each can end.

mod check;
mod client;
mod command;
mod completions;
mod corpus;
mod ctl;
mod document;
mod emulator;
mod environment;
mod exec;
mod explain;
mod failure;
mod healthcheck;
mod intercept;
mod journal_file;
mod man;
mod options;
mod progress;
mod replay;
mod reports;
mod request_line;
mod runtime;
mod schema;
mod serve;
mod signals;
mod terminal;
mod validate;
mod warden;

use std::process::ExitCode;

use command::{Command, parse};
use failure::Failure;

fn main() -> ExitCode {
    if let Some(stand_in) = exec::StandIn::asked_for(std::env::args_os()) {
        return stand_in.become_the_command();
    }
    if warden::asked_for(std::env::args_os()) {
        return warden::keep_watch();
    }
    let code = match parse(std::env::args_os()) {
        Ok(command) => run(told(command)).unwrap_or_else(|failure| {
            terminal::complain(&failure.shown());
            ExitCode::from(&failure)
        }),
        Err(error) => misread(&error),
    };
    terminal::settle(code)
}

/// Tells of variables that are misspelt, before anything is done without them.
fn told(command: Command) -> Command {
    environment::misspelt(command::command).iter().for_each(|told| terminal::complain(told));
    command
}

/// Says why there is no command to run; `--help` and `--version` come this way too.
fn misread(error: &clap::Error) -> ExitCode {
    let text = error.render().ansi().to_string();
    if !error.use_stderr() {
        terminal::print(&text);
        return ExitCode::SUCCESS;
    }
    terminal::complain(&text);
    if let Some(note) = environment::note(error, &command::command()) {
        terminal::complain(&note);
    }
    let exec = std::env::args_os().nth(1);
    if exec.is_none_or(|word| word != "exec") {
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    if !std::env::args_os().any(|word| word == "--") {
        terminal::complain(exec::NO_DASHES);
    }
    ExitCode::from(exec::OWN_FAILURE)
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Exec(arguments) => Ok(exec::run(*arguments)),
        Command::Check(arguments) => check::run(&arguments),
        Command::Replay(arguments) => replay::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Ctl(arguments) => ctl::run(arguments),
        Command::Healthcheck(arguments) => healthcheck::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, command::command()),
        Command::Man(arguments) => man::run(&arguments, command::command()),
    }
}
