//! Reading one website among 100,000: the cache's snapshot, while another thread applies polls,
//! against `RwLock<HashMap>` without a writer. The budget is 2 times.
//!
//! ```text
//! cargo bench -p crisp-sync --bench reads
//! ```

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use arc_swap::ArcSwap;
use crisp_sync::machine::Snapshot;
use crisp_sync::{Settings, Website, WebsiteId, Websites};
use criterion::{Criterion, criterion_group, criterion_main};

const WEBSITES: u128 = 100_000;

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

fn reads(criterion: &mut Criterion) {
    let websites: Websites = (0..WEBSITES).map(website).collect();
    let plain: HashMap<WebsiteId, Arc<Website>> = websites
        .iter()
        .map(|website| (website.id, website.clone()))
        .collect();
    let mut group = criterion.benchmark_group("read one website of 100,000");

    let locked = RwLock::new(plain);
    let mut number = 0_u128;
    let mut next = move || {
        number = (number + 7_919) % WEBSITES;
        id(number)
    };
    group.bench_function("RwLock<HashMap>, no writer", |bencher| {
        bencher.iter(|| {
            let held = locked.read().expect("no writer panics");
            black_box(held.get(&next()).cloned())
        });
    });

    let shared = Arc::new(ArcSwap::from_pointee(Snapshot {
        websites,
        generation: 1,
    }));
    group.bench_function("the cache, at rest", |bencher| {
        bencher.iter(|| black_box(shared.load().websites.get(&next()).cloned()));
    });

    let stop = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (shared, stop) = (shared.clone(), stop.clone());
        move || {
            let mut round = 0;
            while !stop.load(Ordering::Relaxed) {
                let mut snapshot = Snapshot::clone(&shared.load());
                for number in 0..10 {
                    snapshot
                        .websites
                        .insert(Arc::new(website((round * 10 + number) % WEBSITES)));
                }
                snapshot.generation += 1;
                shared.store(Arc::new(snapshot));
                round += 1;
                std::thread::park_timeout(std::time::Duration::from_millis(1));
            }
        }
    });
    group.bench_function("the cache, 1,000 polls a second applied", |bencher| {
        bencher.iter(|| black_box(shared.load().websites.get(&next()).cloned()));
    });
    stop.store(true, Ordering::Relaxed);
    writer.join().expect("the writer does not panic");
    group.finish();
}

criterion_group!(benches, reads);
criterion_main!(benches);
