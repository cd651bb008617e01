//! The program `crisp-sync`: the settings of all websites over HTTP, for plugins in any language.

mod config_file;
mod failure;
mod logs;
mod options;
mod place;
mod serve;
mod signals;

use std::ffi::OsString;
use std::io::{BufRead as _, Read as _};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use crisp_sync::service::judged;
use tokio::sync::mpsc;

use failure::Failure;
use options::{Command, JudgedOptions, Program};

/// The longest message of a judge, in bytes.
const LONGEST_LINE: u64 = 8 << 20;

fn main() -> ExitCode {
    match run(std::env::args_os().collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.told(),
    }
}

fn run(arguments: Vec<OsString>) -> Result<(), Failure> {
    let arguments = config_file::with_file(&Program::command(), arguments)?;
    match Program::try_parse_from(arguments)?.command {
        Command::Serve(options) => serve::run(*options),
        Command::Judged(options) => judge(*options),
    }
}

/// Takes part in a trial, over stdin and stdout.
fn judge(options: JudgedOptions) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::environment("starting the runtime"))?;
    let (send, messages) = mpsc::channel(16);
    std::thread::spawn(move || read_lines(&send));
    let store = options.shared();
    let trial = judged(options.into(), store, messages, std::io::stdout());
    runtime.block_on(trial).map_err(Failure::environment("talking to the judge"))
}

/// Hands over each line of stdin; the end of it, or a line that is too long, ends the trial.
fn read_lines(lines: &mpsc::Sender<Vec<u8>>) {
    let mut stdin = std::io::stdin().lock();
    loop {
        let mut line = Vec::new();
        let read = (&mut stdin).take(LONGEST_LINE).read_until(b'\n', &mut line);
        if read.is_err() || line.last() != Some(&b'\n') || lines.blocking_send(line).is_err() {
            return;
        }
    }
}
