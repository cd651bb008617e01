//! One random history: what the world is like, what goes wrong, what people do.

use std::time::Duration;

use crisp_mock_server::fault::FaultPlan;
use crisp_mock_server::options::WorldOptions;
use crisp_mock_server::quirks;
use crisp_sync::Config;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{ms, secs};

/// Something that a person or a machine does.
#[derive(Clone, Debug)]
pub enum Deed {
    Install(u32, Option<Value>),
    Uninstall(u32),
    /// An operator saves these settings at the dashboard.
    Operator(u32, Value),
    /// The website pays another price for the plugin.
    Price(u32, u16),
    /// The plugin saves.
    Put(u32, Value),
    Patch(u32, Value),
    PollNow,
    /// The client's wall clock is moved by so many milliseconds.
    ClientClock(i64),
    /// The plugin's process ends and is there again so many seconds later.
    Restart {
        warm: bool,
        down: u64,
    },
}

#[derive(Clone, Debug)]
pub struct Case {
    pub websites: u32,
    pub unconfigured: u32,
    pub quirks: Vec<(&'static str, String)>,
    /// Faults, in the form of `docs/faults.md`.
    pub faults: Vec<Value>,
    /// Milliseconds since the start, and what happens then.
    pub deeds: Vec<(u64, Deed)>,
    /// Spans of seconds in which there is no connection.
    pub outages: Vec<(u64, u64)>,
    /// Milliseconds from the client to the server, and back.
    pub latency: (u64, u64),
    pub overlap: u64,
    pub relist: u64,
    pub knows_plugin: bool,
    /// How far the client's clock is off at the start, in milliseconds.
    pub client_off: i64,
    pub seed: u64,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            websites: 3,
            unconfigured: 0,
            quirks: Vec::new(),
            faults: Vec::new(),
            deeds: Vec::new(),
            outages: Vec::new(),
            latency: (5, 5),
            overlap: 120,
            relist: 3600,
            knows_plugin: true,
            client_off: 0,
            seed: 1,
        }
    }
}

impl Case {
    pub fn options(&self) -> WorldOptions {
        let settings = self.quirks.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        WorldOptions {
            websites: Some(self.websites),
            unconfigured: Some(self.unconfigured),
            schema: Some(json!({"type": "object", "properties": {"v": {"type": "integer"}}})),
            quirks: Some(quirks::Settings(settings.collect())),
            faults: Some(Value::Array(self.faults.clone())),
            ..WorldOptions::default()
        }
    }

    pub fn configure(&self, config: &mut Config) {
        config.overlap = secs(self.overlap);
        config.relist_every = secs(self.relist);
        config.refused.cap = secs(60);
        config.throttled.cap = secs(60);
        config.quota = crisp_sync::Quota::Unlimited;
        config.seed = self.seed;
        if self.knows_plugin {
            let plugin = crisp_mock_server::id::derive_uuid(&["plugin", "default"]);
            config.plugin_id = Some(plugin.to_string().parse().unwrap());
        }
    }

    pub fn up(&self) -> Duration {
        ms(self.latency.0)
    }

    pub fn down(&self) -> Duration {
        ms(self.latency.1)
    }

    pub fn is_down(&self, now: Duration) -> bool {
        let outage = |(from, until): &(u64, u64)| (secs(*from)..secs(*until)).contains(&now);
        self.outages.iter().any(outage)
    }

    pub fn quirk(&self, name: &str) -> Option<&str> {
        let set = self.quirks.iter().find(|(known, _)| *known == name);
        set.map(|(_, value)| value.as_str())
    }
}

/// From when to when the server's clock is wrong, if the fault says so.
pub fn wrong_clock(fault: &Value) -> Option<(Duration, Duration)> {
    fault.get("clock")?;
    let (from, until) = fault["window"].as_str()?.split_once("..")?;
    let seconds = |text: &str| Some(secs(text.strip_suffix('s')?.parse().ok()?));
    Some((seconds(from)?, seconds(until)?))
}

/// The values within the envelope, where the table's own are not all inside, and what they need.
fn values(about: &quirks::About) -> Vec<String> {
    let only = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    match about.name {
        // The client counts pages from 1, as the guide does in words.
        "page-zero" => only(&["not-found", "empty"]),
        "page-size" => only(&["1", "2", "3", "4"]),
        // Two seconds' worth of requests for one page each would be an outage.
        "edge-limit" => only(&["10/s"]),
        // The client trusts the differential for an hour.
        "horizon" => only(&["refuse:2h", "partial:2h"]),
        // The schema of these cases lets everything through, and bodies are small.
        "body-limit" | "schema-draft" | "schema-formats" => Vec::new(),
        // A client that is refused for its name can only be renamed.
        "unknown-agent" => Vec::new(),
        "since-lag" | "list-lag" => only(&["300ms", "1500ms", "5s", "12s"]),
        "get-cache" => only(&["busted:5s", "kept:2s", "kept:5s", "kept:15s", "busted:20s"]),
        "clock-offset" => only(&["-600s", "-60s", "90s", "600s"]),
        _ => about.alternatives.iter().map(|value| (*value).to_owned()).collect(),
    }
}

fn some_quirks() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let usable: Vec<_> = quirks::TABLE
        .iter()
        .filter(|about| !values(about).is_empty())
        .map(|about| (about.name, values(about)))
        .collect();
    let one = prop::sample::select(usable)
        .prop_flat_map(|(name, values)| (Just(name), prop::sample::select(values)));
    prop_oneof![
        1 => Just(Vec::new()),
        4 => prop::collection::vec(one, 0..7),
    ]
    .prop_map(|mut quirks| {
        quirks.sort();
        quirks.dedup_by_key(|(name, _)| *name);
        // Without a `Date` nobody can know that the server's clock is off.
        if quirks.iter().any(|(name, _)| *name == "date-header") {
            quirks.retain(|(name, _)| *name != "clock-offset");
        }
        quirks
    })
}

const TARGETS: [&str; 12] = [
    "list",
    "list/1",
    "list/2",
    "list/3",
    "since",
    "since",
    "get_settings",
    "save_settings",
    "update_settings",
    "account",
    "since",
    "list",
];

fn effect() -> impl Strategy<Value = Value> {
    let statuses = [301, 400, 401, 403, 404, 408, 410, 422, 500, 502, 503];
    prop_oneof![
        prop::sample::select(statuses.to_vec()).prop_map(|status| json!({"status": status})),
        (prop::sample::select(vec![420, 429]), prop::option::of(1_u64..40)).prop_map(
            |(t, after)| {
                match after {
                    Some(after) => json!({"throttle": t, "retry_after": format!("{after}s")}),
                    None => json!({"throttle": t}),
                }
            }
        ),
        (100_u64..40_000).prop_map(|delay| json!({"delay": format!("{delay}ms")})),
        (0_u64..200).prop_map(|bytes| json!({"cut_body": bytes})),
        (20_u64..2_000).prop_map(|rate| json!({"drip": format!("{rate}B/s")})),
        (1_u64..19).prop_map(|age| json!({"stale": format!("{age}s")})),
        prop::sample::select(vec![
            "hang",
            "reset",
            "close",
            "garbage",
            "html",
            "empty_body",
            "wrong_type",
            "error_envelope",
            "missing_data",
            "null_data",
            "lose_answer",
            "lose_request",
            "lose_answer",
            "lose_request",
            "empty_page",
            "short_page",
            "repeat_page",
            "hold_order",
        ])
        .prop_map(|key| json!({ key: true })),
    ]
}

fn fault() -> impl Strategy<Value = Value> {
    let place = prop_oneof![
        3 => (prop::sample::select(TARGETS.to_vec()), 1_u32..7, 0_u32..3).prop_map(
            |(target, first, more)| match more {
                0 => json!({"at": format!("{target}#{first}")}),
                _ => json!({"at": format!("{target}#{first}..{}", first + more)}),
            }
        ),
        1 => (0_u64..200, 1_u64..20).prop_map(|(from, long)| {
            json!({"window": format!("{from}s..{}s", from + long)})
        }),
        1 => (0_u64..200, 1_u64..19, prop::sample::select(TARGETS.to_vec())).prop_map(
            |(from, long, target)| {
                json!({"window": format!("{from}s..{}s", from + long), "at": target})
            }
        ),
    ];
    let skew = prop::sample::select(vec!["-600s", "-70s", "-20s", "+20s", "+70s", "+600s"]);
    let clock = (0_u64..150, 10_u64..120, skew).prop_map(|(from, long, skew)| {
        json!({"window": format!("{from}s..{}s", from + long), "clock": "server", "skew": skew})
    });
    let aimed = (place, effect()).prop_map(|(mut place, effect)| {
        let effect = effect.as_object().unwrap().clone();
        place.as_object_mut().unwrap().extend(effect);
        place
    });
    // Two parts that contradict each other are no fault at all.
    prop_oneof![9 => aimed, 1 => clock]
        .prop_filter("a fault", |fault| FaultPlan::parse_for_server(&json!([fault])).is_ok())
}

/// Every value is written once only, so that going back shows.
fn deed(number: usize) -> impl Strategy<Value = (u64, Deed)> {
    let at = prop_oneof![2 => 0_u64..4_000, 2 => 0_u64..30_000, 3 => 0_u64..200_000];
    (at, 1_u32..6, 0_u8..24).prop_map(move |(at, id, kind)| {
        let n = 1_000 + number;
        let value = json!({"v": n});
        let deed = match kind {
            0..=3 => Deed::Install(id, (kind > 0).then_some(value)),
            4..=7 => Deed::Uninstall(id),
            8..=11 => Deed::Operator(id, value),
            12 => Deed::Operator(id, json!({"v": n, "ours": {"theirs": n}})),
            13 => Deed::Price(id, n as u16),
            14..=16 => Deed::Put(id, json!({"v": n, "by": "us"})),
            17 | 18 => Deed::Patch(id, json!({"w": n})),
            19 => Deed::Patch(id, json!({"ours": {"x": n}})),
            20 | 21 => Deed::PollNow,
            22 => Deed::ClientClock(if number.is_multiple_of(2) { 600_000 } else { -600_000 }),
            _ => Deed::Restart { warm: id > 2, down: u64::from(id) * u64::from(id) },
        };
        (at, deed)
    })
}

pub fn case() -> impl Strategy<Value = Case> {
    let deeds = (0_usize..9).prop_flat_map(|n| (0..n).map(deed).collect::<Vec<_>>());
    let faults = prop::collection::vec(fault(), 0..4);
    let outage = (0_u64..200, 1_u64..90).prop_map(|(from, long)| (from, from + long));
    let outages = prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(outage, 1..3)];
    let latency = prop_oneof![2 => Just((5, 5)), 1 => (0_u64..3_000, 0_u64..3_000)];
    let clocks = prop::sample::select(vec![0_i64, 0, -600_000, 600_000]);
    let paces = (
        prop::sample::select(vec![20_u64, 60, 120]),
        prop::sample::select(vec![100_u64, 3600, 3600]),
    );
    (
        (0_u32..6, 0_u32..3),
        some_quirks(),
        faults,
        deeds,
        outages,
        latency,
        paces,
        any::<bool>(),
        clocks,
        1_u64..1_000,
    )
        .prop_map(
            |(
                (websites, unconfigured),
                quirks,
                faults,
                deeds,
                outages,
                latency,
                (overlap, relist),
                knows_plugin,
                client_off,
                seed,
            )| {
                let mut case = Case {
                    websites,
                    unconfigured: unconfigured.min(websites),
                    quirks,
                    faults,
                    deeds,
                    outages,
                    latency,
                    overlap,
                    relist,
                    knows_plugin,
                    client_off,
                    seed,
                };
                case.stay_inside();
                case
            },
        )
}

impl Case {
    /// What nobody can cope with is left out: see the envelope in docs/hazards.md.
    fn stay_inside(&mut self) {
        // Without a `Date` the client has nothing but its own clock, and the server's must be right.
        if self.quirk("date-header").is_some() {
            self.client_off = 0;
            self.deeds.retain(|(_, deed)| !matches!(deed, Deed::ClientClock(_)));
            self.faults.retain(|fault| fault.get("clock").is_none());
        }
        // A server that tells every change in the order of their stamps, and whose clock was set
        // back between two of them, tells the older one last.
        if self.faults.iter().any(|fault| fault.get("clock").is_some()) {
            let every =
                |(name, value): &(_, String)| *name == "collapse" && value == "every-change";
            self.quirks.retain(|quirk| !every(quirk));
        }
        // Lag and cache life add up, and have to stay below the overlap.
        let long = ["12s", "kept:15s", "busted:20s"];
        if self.overlap == 20 {
            self.quirks.retain(|(_, value)| !long.contains(&value.as_str()));
        }
    }
}
