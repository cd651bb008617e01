//! No oracle convicts the reference, whatever happens within its envelope.
//!
//! `CASES=100000 cargo test --release -p crisp-harness --test no_false_alarm` looks harder.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use crisp_harness::report::{RunEvent, ScenarioReport, Text};
use crisp_harness::runner::{Outcome, judge};
use crisp_harness::scenario::{Anchor, Deed, Scenario, Spot, Step};
use crisp_harness::subject::Sync;
use crisp_harness::world::Prepared;
use crisp_mock_server::fault::FaultPlan;
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use serde_json::{Value, json};
use std::time::Duration;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }
}

/// What the reference promises to live with.
const QUIRKS: &[(&str, &[&str])] = &[
    ("list-order", &["newest-first", "by-id", "snapshot"]),
    ("since-boundary", &["exclusive"]),
    ("since-granularity", &["1s-floor", "1s-ceil"]),
    ("collapse", &["last-change", "every-change"]),
    ("re-added", &["updated", "removed-and-added"]),
    ("removed-payload", &["last-known", "nulls"]),
    ("unconfigured-settings", &["null", "absent"]),
    ("plan-change", &["silent"]),
    ("reinstall-token", &["same"]),
    ("reinstall-settings", &["kept"]),
    ("merge-depth", &["deep", "rfc7396"]),
    ("unchanged-save", &["silent"]),
    ("get-cache", &["busted:5s", "kept:5s"]),
    ("since-lag", &["1500ms", "5s"]),
    ("list-lag", &["1500ms"]),
    ("clock-offset", &["-60s", "90s"]),
    ("past-the-end", &["not-found"]),
    ("retry-after", &["seconds", "date"]),
    ("list-status", &["200"]),
    ("since-status", &["206"]),
];

fn scenario(seed: u64) -> Scenario {
    let mut dice = Dice(seed.wrapping_mul(0xA076_1D64_78BD_642F));
    let mut scenario = Scenario {
        name: format!("random case {seed}"),
        ..Scenario::default()
    };
    scenario.server.page_size = Some(u32::try_from(dice.roll(3)).unwrap() + 1);
    for (name, values) in QUIRKS {
        if dice.roll(6) == 0 {
            let value = dice.one(values);
            scenario
                .server
                .quirks
                .0
                .push(((*name).to_owned(), value.to_owned()));
        }
    }
    let client = &mut scenario.client;
    client.overlap = (dice.roll(3) == 0).then(|| Duration::from_secs(60));
    client.relist_every = (dice.roll(3) == 0).then(|| Duration::from_secs(300));
    client.seed = Some(seed);
    client.clock = (dice.roll(3) == 0).then(|| dice.one(&[90_000, -60_000, 600_000]));
    scenario.start.generated = Some(u32::try_from(dice.roll(6)).unwrap());
    let faults: Vec<Value> = (0..dice.roll(4)).map(|_| fault(&mut dice)).collect();
    scenario.faults = FaultPlan::parse(&Value::Array(faults)).unwrap();
    for number in 0..dice.roll(7) {
        let step = step(&mut dice, number);
        scenario.when.push(step);
    }
    scenario
}

fn fault(dice: &mut Dice) -> Value {
    let read = dice.one(&["list", "list/1", "list/2", "since", "since", "get_settings"]);
    let any = dice.one(&[
        "list",
        "since",
        "since",
        "get_settings",
        "save_settings",
        "update_settings",
    ]);
    let first = dice.roll(5) + 1;
    let last = first + dice.roll(3);
    let at = |operation: &str| format!("{operation}#{first}..{last}");
    match dice.roll(12) {
        0 => json!({ "at": at(any), "status": dice.one(&[500, 503, 401, 403, 404, 408]) }),
        1 => json!({ "at": at(any), "throttle": 429, "retry_after": "20s" }),
        2 => json!({ "at": at(any), "throttle": 420 }),
        3 => json!({ "at": at(any), "delay": dice.one(&["200ms", "5s", "25s", "29990ms"]) }),
        4 => json!({ "at": at(any), "hang": true }),
        5 => {
            json!({ "at": at(any), dice.one(&["reset", "close", "lose_answer", "lose_request"]): true })
        }
        6 => json!({ "at": at(any), "cut_body": 40 }),
        7 => {
            json!({ "at": at(any), dice.one(&["garbage", "html", "empty_body", "wrong_type"]): true })
        }
        8 => {
            json!({ "at": at(any), dice.one(&["error_envelope", "missing_data", "null_data"]): true })
        }
        9 => json!({ "at": at(read), "stale": dice.one(&["5s", "30s"]) }),
        10 => json!({ "at": at(any), "drip": "50B/s" }),
        _ => json!({ "window": dice.one(&["..60s", "65s..200s", "100s..400s"]), "status": 503 }),
    }
}

fn step(dice: &mut Dice, number: u64) -> Step {
    let website = WebsiteId::numbered(u32::try_from(dice.roll(5)).unwrap() + 1);
    let settings = match dice.roll(5) {
        0 => json!({}),
        1 => json!({ "message": "again", "n": null }),
        _ => {
            json!({ "message": format!("value {number}"), "deep": { format!("k{number}"): number } })
        }
    };
    let spot = |dice: &mut Dice| match dice.roll(3) {
        0 => Spot {
            operation: Operation::List,
            page: Some(u32::try_from(dice.roll(2)).unwrap() + 1),
            number: 1,
        },
        _ => Spot {
            operation: Operation::Since,
            page: None,
            number: dice.roll(4) + 1,
        },
    };
    let anchor = match dice.roll(6) {
        0 => Anchor::After(spot(dice)),
        1 => Anchor::During(spot(dice)),
        2 => Anchor::At(Duration::from_millis(dice.roll(100))),
        _ => Anchor::At(Duration::from_millis(dice.roll(200_000))),
    };
    let deed = match dice.roll(13) {
        0..=2 => Deed::Save(vec![(website, settings)]),
        3 | 4 => Deed::Install(vec![(website, Some(settings))]),
        5 | 6 => Deed::Uninstall(vec![website]),
        7 | 8 => Deed::ClientSave(vec![(website, settings)]),
        9 | 10 => Deed::ClientUpdate(vec![(website, settings)]),
        11 => Deed::Plan(vec![(website, "Mini".to_owned())]),
        _ => Deed::Restart,
    };
    Step {
        anchor,
        wait: None,
        deed,
    }
}

#[test]
fn no_oracle_convicts_the_reference_in_random_cases() {
    let cases: u64 = std::env::var("CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(200);
    let from: u64 = std::env::var("FROM")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let mut told = Vec::new();
    let mut words: std::collections::BTreeMap<String, u32> = std::collections::BTreeMap::new();
    for seed in from..from + cases {
        let scenario = scenario(seed);
        let yaml = scenario.to_yaml();
        let prepared = Prepared::new(scenario.into()).unwrap();
        let judged = judge(&prepared, &Sync::reference());
        if judged.outcome() == Outcome::Failed {
            let report = ScenarioReport::of(&judged, 0, "case.yaml", "--client sync", None);
            *words
                .entry(
                    report
                        .failure
                        .as_ref()
                        .map_or("?", |failure| failure.word)
                        .to_owned(),
                )
                .or_default() += 1;
            let text = Text::default().render(&RunEvent::ScenarioFinished(Box::new(report)));
            told.push(format!("{yaml}\n{text}"));
        }
    }
    let few: Vec<_> = told.iter().take(7).cloned().collect();
    assert!(
        told.is_empty(),
        "{} of {cases}: {words:?}\n{}",
        told.len(),
        few.join("\n")
    );
}
