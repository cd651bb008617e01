//! How many random scenarios a second one core judges, and how much faster than real time that is:
//! `cargo bench -p crisp-harness`. `-- --quick` takes a tenth of the time; `-- crisp-sync` or `-- guide` judges
//! one client alone, for a profiler.
//!
//! Drawing, the world with the emulator's real router, the client, and all oracles are inside.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it prints and measures")]

use std::time::{Duration, Instant};

use crisp_harness::generate::{Bounds, scenario};
use crisp_harness::runner::judge;
use crisp_harness::scenario::Scenario;
use crisp_harness::subject::{Client, Guide, Sync};
use crisp_harness::world::Prepared;

fn main() {
    let asked = |name: &str| std::env::args().any(|argument| argument == name);
    let cases = if asked("--quick") { 2_000 } else { 20_000 };
    let (sync, guide) = (asked("crisp-sync"), asked("guide"));
    if !sync && !guide {
        drawing(cases);
    }
    if sync || !guide {
        judging("crisp-sync", &Sync::reference(), cases);
    }
    if guide || !sync {
        judging("the guide's loop", &Guide, cases);
    }
}

fn case(index: u64) -> Scenario {
    scenario(1, index, Bounds::default())
}

fn drawing(cases: u64) {
    let started = Instant::now();
    let steps: usize = (0..cases).map(|index| case(index).when.len()).sum();
    let took = started.elapsed().as_secs_f64();
    println!(
        "drawing           {:>8.0} scenarios/s on one core ({:.1} steps each)",
        cases as f64 / took,
        steps as f64 / cases as f64
    );
}

fn judging(name: &str, client: &dyn Client, cases: u64) {
    let (started, mut passed, mut requests) = (Instant::now(), Duration::ZERO, 0);
    for index in 0..cases {
        let prepared = Prepared::new(case(index).into()).expect("a case that can be set up");
        let judged = judge(&prepared, client);
        passed += judged.run.history.now();
        requests += judged.run.history.requests.len();
    }
    let took = started.elapsed().as_secs_f64();
    println!(
        "{name:<17} {:>8.0} scenarios/s on one core, {:.0} requests/s, virtual time {:.1} million \
         times real time",
        cases as f64 / took,
        requests as f64 / took,
        passed.as_secs_f64() / took / 1e6
    );
}
