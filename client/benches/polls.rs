//! Applying a poll of 10 changes, with the reading of its body and the sending of the next poll: the
//! budget is 50 µs at 100,000 websites, and about the same at a hundred times fewer. Beside it a load
//! with ten polls, and memory per website.
//!
//! ```text
//! cargo bench -p crisp-sync --bench polls
//! ```
//!
//! Figures are CPU time of the thread; a round is long enough to have its share of the merges that
//! a big set pays for once in a thousand polls.

#![expect(clippy::print_stdout, reason = "a benchmark shows its figures")]

mod measure;

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use crisp_sync::machine::{Action, Event, Machine, Moment, Operation, RequestId, WarmStart};
use crisp_sync::{Config, Credentials, Quota, Settings, Website, WebsiteId};
use http::Response;
use jiff::Timestamp;
use measure::{Rounds, cpu};

const START: &str = "2026-01-01T00:00:00Z";

fn start() -> Timestamp {
    START.parse().expect("it is a date")
}

fn moment(elapsed: Duration) -> Moment {
    Moment { elapsed, wall: start() + elapsed }
}

fn id(number: u128) -> WebsiteId {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    WebsiteId::from_number(mixed ^ (mixed >> 61))
}

fn settings(number: u128, round: u64) -> String {
    format!(r#"{{"message":"{}","n":{number},"round":{round}}}"#, "x".repeat(280))
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
    let warm = WarmStart { websites, cursor: start(), verified: true, learnt: Vec::new() };
    let now = moment(Duration::ZERO);
    let mut machine = Machine::resume(config(), now, warm);
    let actions = machine.handle(now, Event::Tick);
    let sent = actions.iter().find_map(|action| match action {
        Action::Send { id, operation: Operation::Since, .. } => Some(*id),
        _ => None,
    });
    (machine, sent.expect("a poll is sent first"))
}

fn answer(body: String, elapsed: Duration) -> Response<Bytes> {
    let date = (start() + elapsed).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    Response::builder().header("date", date).body(body.into()).expect("it is a response")
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
    format!(r#"{{"error":false,"reason":"listed","data":[{}]}}"#, items.join(","))
}

/// A machine in the middle of its polls.
struct Polling {
    machine: Machine,
    id: RequestId,
    count: u128,
    round: u64,
    elapsed: Duration,
}

impl Polling {
    fn new(count: u128) -> Self {
        let (machine, id) = polling(count);
        Self { machine, id, count, round: 0, elapsed: Duration::ZERO }
    }

    /// One poll; the CPU time of the machine alone.
    fn poll(&mut self) -> Duration {
        self.round += 1;
        let response = answer(ten_changes(self.count, self.round), self.elapsed);
        let id = self.id;
        let before = cpu();
        let now = moment(self.elapsed);
        let told = self.machine.handle(now, Event::Answer { id, response });
        self.elapsed = self.machine.next_wake().expect("a poll is due some time");
        let sent = self.machine.handle(moment(self.elapsed), Event::Tick);
        let took = cpu() - before;
        let ten =
            |action: &Action| matches!(action, Action::Changed(changes) if changes.len() == 10);
        assert!(told.iter().any(ten), "ten websites changed");
        for action in sent {
            if let Action::Send { id, .. } = action {
                self.id = id;
            }
        }
        took
    }
}

fn polls() {
    const POLLS: u32 = 1_300;
    let (mut few, mut many) = (Polling::new(1_000), Polling::new(100_000));
    let (mut at_few, mut at_many) = (Rounds::default(), Rounds::default());
    for _ in 0..31 {
        at_few.add((0..POLLS).map(|_| few.poll()).sum(), POLLS);
        at_many.add((0..POLLS).map(|_| many.poll()).sum(), POLLS);
    }
    println!("a poll of 10 changes, medians of 31 rounds of {POLLS}");
    for (name, rounds) in [("1,000", &at_few), ("100,000", &at_many)] {
        let (median, calm) = (rounds.median() * 1e6, rounds.calmest() * 1e6);
        println!("  {name:>7} websites {median:>7.1} µs   the calmest tenth {calm:.1} µs");
    }
    println!("  100,000 to 1,000 {:>7.2}", at_many.to(&at_few));
}

/// A plugin with three websites for ten minutes: the load and ten polls.
fn scenario() -> u64 {
    let list = |items: &str| format!(r#"{{"error":false,"reason":"listed","data":[{items}]}}"#);
    let item = |number: u128| {
        format!(r#"{{"website_id":"{}","token":"t","settings":{{"v":1}}}}"#, id(number))
    };
    let page = list(&[item(1), item(2), item(3)].join(","));
    let mut now = Duration::ZERO;
    let mut machine = Machine::new(config(), moment(now));
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

fn scenarios() {
    const TIMES: u32 = 200;
    let mut rounds = Rounds::default();
    for _ in 0..31 {
        let before = cpu();
        for _ in 0..TIMES {
            black_box(scenario());
        }
        rounds.add(cpu() - before, TIMES);
    }
    let (median, calm) = (rounds.median() * 1e6, rounds.calmest() * 1e6);
    println!("a load and ten polls {median:>7.1} µs   the calmest tenth {calm:.1} µs");
}

/// Resident memory of this process, where the system tells.
fn resident() -> Option<usize> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = pages.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

fn memory() {
    let (count, before) = (100_000_u128, resident());
    let websites: crisp_sync::Websites = (0..count).map(website).collect();
    let bare: usize = (0..count).map(|number| settings(number, 0).len()).sum();
    if let (Some(before), Some(after)) = (before, resident()) {
        let each = after.saturating_sub(before) / websites.len();
        let bare = bare / websites.len();
        println!("memory: {each} bytes a website, of which {bare} are its settings as bare JSON");
    }
}

fn main() {
    memory();
    polls();
    scenarios();
}
