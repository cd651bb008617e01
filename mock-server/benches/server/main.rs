//! The server's budgets, as figures and ratios taken in one run.
//!
//! `cargo bench -p crisp-mock-server` takes under three minutes; `-- --quick` about twenty seconds;
//! `-- --full` sends the whole million requests. `-- pages` (or `scale`, `memory`, `life`) runs one
//! part, and `-- pages --peer=NAME,PID,URL` measures another server that runs already beside ours.
//! Nothing here fails: a figure over its budget says so and the exit code stays 0, because
//! time measured on a shared machine is a hint and no proof.
//!
//! Load comes over loopback from another process: the program starts itself again in the roles
//! `generate`, `bare`, `serve` and `within`. Two servers that are compared run side by side and are
//! asked in turn, so that what else the machine does meets both alike.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints what it measured"
)]

mod bare;
mod child;
mod generator;
mod life;
mod load;
mod machine;
mod memory;
mod pages;
mod scale;
mod statistics;
mod table;
mod within;
mod workload;

use std::error::Error;
use std::process::ExitCode;

use machine::Machine;
use table::Table;

/// Whatever goes wrong ends the run with a sentence.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    Quick,
    Usual,
    Full,
}

impl Effort {
    /// One of three values.
    fn choose<T>(self, quick: T, usual: T, full: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Usual => usual,
            Self::Full => full,
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["role", role, rest @ ..] => play(role, rest),
        // `cargo test --all-targets` starts benchmarks too, without this word: nothing to test.
        words if !words.contains(&"--bench") => Ok(()),
        words => measure(words),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the benchmark could not go on: {error}");
            ExitCode::FAILURE
        }
    }
}

fn play(role: &str, rest: &[&str]) -> Outcome<()> {
    match role {
        "generate" => generator::run(),
        "bare" => bare::run(rest),
        "serve" => child::serve(rest),
        "within" => within::run(rest),
        _ => Err(format!("there is no role `{role}`").into()),
    }
}

fn measure(words: &[&str]) -> Outcome<()> {
    let effort = match words {
        words if words.contains(&"--quick") => Effort::Quick,
        words if words.contains(&"--full") => Effort::Full,
        _ => Effort::Usual,
    };
    let parts: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|word| **word == part);
    let machine = Machine::look();
    println!("crisp-mock-server, {}", machine.describe());
    let mut table = Table::default();
    if wanted("pages") {
        let peers = words.iter().filter_map(|word| word.strip_prefix("--peer="));
        pages::measure(effort, &peers.collect::<Vec<_>>(), &mut table)?;
    }
    if wanted("scale") {
        scale::measure(effort, &mut table)?;
    }
    if wanted("life") {
        life::measure(effort, &mut table)?;
    }
    if wanted("memory") {
        memory::measure(effort, &mut table)?;
    }
    println!("{table}");
    println!("{}", machine.verdict());
    Ok(())
}
