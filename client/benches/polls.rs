//! Applying a poll of 10 changes (the budget is 50 µs at 100,000 websites, and no more than that
//! at ten times fewer or more), a whole simulated day, and memory per website.
//!
//! ```text
//! cargo bench -p crisp-sync --bench polls
//! ```

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use crisp_sync::machine::{Action, Event, Legacy, Machine, Moment, Operation, Parts, RequestId};
use crisp_sync::{Config, Credentials, Quota, Settings, Website, WebsiteId};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::Response;
use jiff::Timestamp;

const START: &str = "2026-01-01T00:00:00Z";

fn start() -> Timestamp {
    START.parse().expect("it is a date")
}

fn moment(elapsed: Duration) -> Moment {
    Moment {
        elapsed,
        wall: start() + elapsed,
    }
}

fn id(number: u128) -> WebsiteId {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    WebsiteId::from_number(mixed ^ (mixed >> 61))
}

fn settings(number: u128, round: u64) -> String {
    format!(
        r#"{{"message":"{}","n":{number},"round":{round}}}"#,
        "x".repeat(280)
    )
}

fn website(number: u128) -> Website {
    Website {
        id: id(number),
        token: Some("c99e0df2-db6f-4b0c-9505-83fcbb2da627".into()),
        settings: Settings::from_json(&settings(number, 0)).expect("it is JSON"),
        price: Some(0),
        plan: None,
    }
}

fn config() -> Config {
    let mut config = Config::new(Credentials::new("id", "key"));
    config.quota = Quota::Unlimited;
    config.relist_every = Duration::from_secs(1 << 40);
    config
}

/// A machine that holds this many websites and whose first poll is under way.
fn polling(count: u128) -> (Machine, RequestId) {
    let websites = (0..count).map(website).collect();
    let legacy = Legacy {
        websites,
        cursor: start(),
    };
    let now = moment(Duration::ZERO);
    let mut machine = Machine::resume(config(), Parts::reference(&config()), now, legacy);
    let actions = machine.handle(now, Event::Tick);
    let sent = actions.iter().find_map(|action| match action {
        Action::Send {
            id,
            operation: Operation::Since,
            ..
        } => Some(*id),
        _ => None,
    });
    (machine, sent.expect("a poll is sent first"))
}

fn answer(body: String, elapsed: Duration) -> Response<Bytes> {
    let date = (start() + elapsed)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    Response::builder()
        .header("date", date)
        .body(body.into())
        .expect("it is a response")
}

fn ten_changes(count: u128, round: u64) -> String {
    let items: Vec<_> = (0..10)
        .map(|number| {
            let number = (u128::from(round) * 10 + number) * 7_919 % count;
            format!(
                r#"{{"website_id":"{}","token":"c99e0df2-db6f-4b0c-9505-83fcbb2da627","price":0,"settings":{},"difference":"updated"}}"#,
                id(number),
                settings(number, round + 1),
            )
        })
        .collect();
    format!(
        r#"{{"error":false,"reason":"listed","data":[{}]}}"#,
        items.join(",")
    )
}

fn polls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("apply a poll of 10 changes");
    for count in [1_000_u128, 100_000] {
        let (mut machine, mut id) = polling(count);
        let (mut round, mut elapsed) = (0_u64, Duration::ZERO);
        group.bench_function(format!("{count} websites"), |bencher| {
            bencher.iter_batched(
                || {
                    round += 1;
                    ten_changes(count, round)
                },
                |body| {
                    // Reading the body, applying it, and sending the next poll when it is due.
                    let response = answer(body, elapsed);
                    let told = machine.handle(moment(elapsed), Event::Answer { id, response });
                    elapsed = machine.next_wake().expect("the next poll is due some time");
                    for action in machine.handle(moment(elapsed), Event::Tick) {
                        if let Action::Send { id: next, .. } = action {
                            id = next;
                        }
                    }
                    black_box(told)
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// A plugin with three websites for ten minutes: the load and ten polls.
fn scenario() -> u64 {
    let list = |items: &str| format!(r#"{{"error":false,"reason":"listed","data":[{items}]}}"#);
    let item = |number: u128| {
        format!(
            r#"{{"website_id":"{}","token":"t","settings":{{"v":1}}}}"#,
            id(number)
        )
    };
    let page = list(&[item(1), item(2), item(3)].join(","));
    let mut now = Duration::ZERO;
    let mut machine = Machine::new(config(), Parts::reference(&config()), moment(now));
    let mut actions = machine.handle(moment(now), Event::Tick);
    while now < Duration::from_secs(600) {
        let mut next = Vec::new();
        for action in actions.drain(..) {
            if let Action::Send { id, operation, .. } = action {
                let full = operation == Operation::List(1);
                let body = if full { page.clone() } else { list("") };
                let response = Response::builder()
                    .header("date", "Thu, 01 Jan 2026 00:00:00 GMT")
                    .body(body.into())
                    .expect("it is a response");
                next.extend(machine.handle(moment(now), Event::Answer { id, response }));
            }
        }
        if next.is_empty() {
            now = machine.next_wake().unwrap_or(Duration::MAX);
            next = machine.handle(moment(now), Event::Tick);
        }
        actions = next;
    }
    machine.counters().requests
}

fn scenarios(criterion: &mut Criterion) {
    criterion.bench_function("one scenario: a load and ten polls", |bencher| {
        bencher.iter(|| black_box(scenario()));
    });
}

/// Resident memory of this process, where the system tells.
fn resident() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

#[expect(clippy::print_stdout, reason = "a figure is printed, not timed")]
fn memory(_: &mut Criterion) {
    let (count, before) = (100_000_u128, resident());
    let websites: crisp_sync::Websites = (0..count).map(website).collect();
    let bare: usize = (0..count).map(|number| settings(number, 0).len()).sum();
    if let (Some(before), Some(after)) = (before, resident()) {
        let each = after.saturating_sub(before) / websites.len();
        let bare = bare / websites.len();
        println!("memory: {each} bytes a website, of which {bare} are its settings as bare JSON");
    }
}

criterion_group!(benches, memory, polls, scenarios);
criterion_main!(benches);
