//! How many scenarios a second one core judges: `cargo run --release --example throughput`.
#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it prints and measures")]

use std::time::{Duration, Instant};

use crisp_harness::runner::{Outcome, judge};
use crisp_harness::scenario::Scenario;
use crisp_harness::subject::Sync;
use crisp_harness::world::Prepared;

const TEXT: &str = "
name: an operator saves during a slow poll, a website leaves, a save of the client gets lost
server: { page_size: 2 }
start: { websites: { w1: { message: one }, w2: { message: two }, w3: { message: three } } }
faults:
  - { at: since#2, delay: 5s }
  - { at: save_settings#1, lose_answer: true }
when:
  - { during: since#2, save: { w1: { message: new } } }
  - { at: 70s, uninstall: w2 }
  - { at: 130s, client_save: { w3: { message: mine } } }
";

fn main() {
    let runs: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let scenario = Scenario::parse("throughput.yaml", TEXT).expect("a valid scenario");
    let (started, mut virtual_time, mut requests) = (Instant::now(), Duration::ZERO, 0);
    for _ in 0..runs {
        let prepared = Prepared::new(scenario.clone().into()).expect("a valid scenario");
        let judged = judge(&prepared, &Sync::reference());
        assert_eq!(judged.outcome(), Outcome::Passed, "{:?}", judged.failures());
        virtual_time += judged.run.history.now();
        requests += judged.run.history.requests.len();
    }
    let took = started.elapsed().as_secs_f64();
    println!(
        "{:.0} scenarios/s on one core, {:.0} requests/s, virtual time {:.1} million times real time",
        f64::from(runs) / took,
        requests as f64 / took,
        virtual_time.as_secs_f64() / took / 1e6
    );
}
