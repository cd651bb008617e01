//! Replays scenario files: `cargo run --example replay -- sync scenarios`.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::path::PathBuf;
use std::process::ExitCode;

use crisp_harness::candidate::ClientChoice;
use crisp_harness::replay::replay;
use crisp_harness::report::Text;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let choice: ClientChoice =
        arguments.next().and_then(|name| name.parse().ok()).unwrap_or_default();
    let paths: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let text = Text { verbose: true, ..Text::default() };
    match replay(&paths, &choice.candidate(), &mut |event| print!("{}", text.render(event))) {
        Ok(code) => ExitCode::from(code as u8),
        Err(error) => {
            println!("{error}");
            ExitCode::from(error.exit_code() as u8)
        }
    }
}
