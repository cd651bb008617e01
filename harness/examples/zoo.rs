//! The kill matrix, and how soon random cases find each mutant:
//! `cargo run --release --example zoo -- 3000`, in the folder of the repository.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "it prints and measures"
)]

use std::process::ExitCode;
use std::time::Instant;

use crisp_harness::generate::{Bounds, scenario};
use crisp_harness::replay::load;
use crisp_harness::zoo::matrix::{Matrix, search};

fn main() -> ExitCode {
    let cases = std::env::args().nth(1).and_then(|n| n.parse().ok());
    let cases: u64 = cases.unwrap_or(3000);
    let files = match load(&["scenarios".into()]) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    let matrix = Matrix::over(&files, threads);
    let corpus = started.elapsed();
    let seeds: Vec<u64> = (1..=7).collect();
    let generate = |seed, index| scenario(seed, index, Bounds::default());
    let matrix = matrix.with_random(search(&generate, &seeds, cases, threads));
    print!("{matrix}");
    let often = matrix.rows.iter().filter(|row| {
        let found = row.random.as_ref().map_or(0, |random| random.found());
        row.mutant.number <= 46 && found >= 4
    });
    println!(
        "\n{} of 46 found in at least 4 of {} seeds of {cases} cases · corpus {:.1} s, all {:.1} s",
        often.count(),
        seeds.len(),
        corpus.as_secs_f64(),
        started.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}
