//! Reading one website among 100,000: the cache's snapshot, while another thread applies polls,
//! against `RwLock<HashMap>` without a writer, in turn. The budget is 2 times.
//!
//! ```text
//! cargo bench -p crisp-sync --bench reads
//! ```

#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]

mod measure;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use crisp_sync::machine::Snapshot;
use crisp_sync::{Settings, Website, WebsiteId, Websites};
use measure::{Rounds, cpu};

const WEBSITES: u128 = 100_000;
const ROUNDS: u32 = 61;
/// About 10 ms, so that ten polls come within.
const READS: u32 = 50_000;

/// Identifiers as random as those of the API, the same on each run.
fn id(number: u128) -> WebsiteId {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    WebsiteId::from_number(mixed ^ (mixed >> 61))
}

fn website(number: u128) -> Website {
    let settings = format!(r#"{{"message":"{}","n":{number}}}"#, "x".repeat(280));
    Website {
        id: id(number),
        token: Some("c99e0df2-db6f-4b0c-9505-83fcbb2da627".into()),
        settings: Settings::from_json(&settings).expect("it is JSON"),
        price: Some(0),
        plan: None,
    }
}

/// Walks over the identifiers in an order that no cache line foresees.
struct Walk(u128);

impl Walk {
    fn next(&mut self) -> WebsiteId {
        self.0 = (self.0 + 7_919) % WEBSITES;
        id(self.0)
    }
}

/// A thread that applies polls of 10 changes a thousand times a second, while it is told to.
struct Writer {
    writes: AtomicBool,
    ends: AtomicBool,
    polls: AtomicU64,
}

impl Writer {
    fn run(&self, shared: &ArcSwap<Snapshot>) {
        let mut round = 0;
        while !self.ends.load(Ordering::Relaxed) {
            if self.writes.load(Ordering::Relaxed) {
                let mut snapshot = Snapshot::clone(&shared.load());
                for number in 0..10 {
                    let website = website((round * 10 + number) % WEBSITES);
                    snapshot.websites.insert(Arc::new(website));
                }
                snapshot.generation += 1;
                shared.store(Arc::new(snapshot));
                round += 1;
                self.polls.fetch_add(1, Ordering::Relaxed);
            }
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}

fn timed(rounds: &mut Rounds, mut read: impl FnMut() -> Option<Arc<Website>>) {
    let before = cpu();
    for _ in 0..READS {
        black_box(read());
    }
    rounds.add(cpu() - before, READS);
}

fn main() {
    let websites: Websites = (0..WEBSITES).map(website).collect();
    let plain: HashMap<WebsiteId, Arc<Website>> =
        websites.iter().map(|website| (website.id, website.clone())).collect();
    let (locked, mut walk) = (RwLock::new(plain), Walk(0));
    let shared = ArcSwap::from_pointee(Snapshot { websites, generation: 1 });
    let writer = Writer {
        writes: AtomicBool::new(false),
        ends: AtomicBool::new(false),
        polls: AtomicU64::new(0),
    };
    let (mut plain, mut rest, mut busy) = <(Rounds, Rounds, Rounds)>::default();
    std::thread::scope(|scope| {
        scope.spawn(|| writer.run(&shared));
        for _ in 0..ROUNDS {
            timed(&mut plain, || {
                let held = locked.read().expect("no writer panics");
                held.get(&walk.next()).cloned()
            });
            timed(&mut rest, || shared.load().websites.get(&walk.next()).cloned());
            writer.writes.store(true, Ordering::Relaxed);
            timed(&mut busy, || shared.load().websites.get(&walk.next()).cloned());
            writer.writes.store(false, Ordering::Relaxed);
        }
        writer.ends.store(true, Ordering::Relaxed);
    });
    println!(
        "one website of 100,000, CPU time, medians of {ROUNDS} rounds of {READS} reads in turn"
    );
    for (name, rounds) in [
        ("RwLock<HashMap>, no writer", &plain),
        ("the cache, at rest", &rest),
        ("the cache, polls applied", &busy),
    ] {
        let (median, calm) = (rounds.median() * 1e9, rounds.calmest() * 1e9);
        let ratio = rounds.to(&plain);
        println!(
            "  {name:<26} {median:>5.0} ns, the calmest tenth {calm:>4.0} ns   {ratio:.2} times"
        );
    }
    let polls = writer.polls.load(Ordering::Relaxed);
    println!("  {polls} polls of 10 changes were applied meanwhile");
}
