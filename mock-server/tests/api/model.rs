//! The list and the differential held against a model that a person can check by reading.
//!
//! The model is a plain list of what happened, with stamps. After any sequence of operations, with
//! the clock set back now and then, both routes must say what the model says, page size and filter
//! whatever they are.

use std::collections::BTreeMap;

use crisp_mock_server::clock::Stamp;
use crisp_mock_server::options::WorldOptions;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::emulator::{Emulator, differences, options};

#[derive(Debug, Clone)]
enum Step {
    Install(u32),
    Uninstall(u32),
    Put(u32, u8),
    Patch(u32, u8),
    Save(u32, u8),
    Price(u32, u16),
    Wait(u64),
    SetBack(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let website = 1..7_u32;
    prop_oneof![
        3 => website.clone().prop_map(Step::Install),
        3 => website.clone().prop_map(Step::Uninstall),
        2 => (website.clone(), 0..3_u8).prop_map(|(w, n)| Step::Put(w, n)),
        2 => (website.clone(), 0..3_u8).prop_map(|(w, n)| Step::Patch(w, n)),
        2 => (website.clone(), 0..3_u8).prop_map(|(w, n)| Step::Save(w, n)),
        1 => (website, 0..9_u16).prop_map(|(w, n)| Step::Price(w, n)),
        4 => (0..3_000_u64).prop_map(Step::Wait),
        1 => (0..5_000_i64).prop_map(Step::SetBack),
    ]
}

/// Settings number `n`; 0 is none at all.
fn settings(n: u8) -> Value {
    match n {
        0 => json!({}),
        n => json!({"message": format!("m{n}"), "more": n}),
    }
}

/// What the model knows of a website that has or had the plugin.
#[derive(Debug, Clone)]
struct Known {
    live: bool,
    installed: (Stamp, usize),
    changed: (Stamp, usize),
    settings: Value,
    price: u16,
}

#[derive(Debug, Default)]
struct Model {
    websites: BTreeMap<u32, Known>,
    steps: usize,
}

impl Model {
    /// Whether the step is possible; then it has happened.
    fn apply(&mut self, step: &Step, now: Stamp) -> bool {
        self.steps += 1;
        let at = (now, self.steps);
        match *step {
            Step::Install(w) => {
                let free = self.websites.get(&w).is_none_or(|known| !known.live);
                if free {
                    let known = Known {
                        live: true,
                        installed: at,
                        changed: at,
                        settings: json!({}),
                        price: 0,
                    };
                    self.websites.insert(w, known);
                }
                free
            }
            Step::Uninstall(w) => self.change(w, at, |known| known.live = false),
            Step::Put(w, n) | Step::Save(w, n) => {
                self.change(w, at, |known| known.settings = settings(n))
            }
            Step::Patch(w, n) => self.change(w, at, |known| {
                let members = settings(n);
                for (name, value) in members.as_object().expect("an object") {
                    known.settings[name] = value.clone();
                }
            }),
            Step::Price(w, price) => self.change(w, at, |known| known.price = price),
            Step::Wait(_) | Step::SetBack(_) => true,
        }
    }

    fn change(&mut self, w: u32, at: (Stamp, usize), change: impl FnOnce(&mut Known)) -> bool {
        let known = self.websites.get_mut(&w).filter(|known| known.live);
        known
            .map(|known| {
                change(known);
                known.changed = at;
            })
            .is_some()
    }

    fn list(&self, configured_only: bool) -> Vec<(u32, Value, u16)> {
        let live = self.websites.iter().filter(|(_, known)| known.live);
        let live = live.filter(|(_, known)| !configured_only || known.settings != json!({}));
        let mut live: Vec<_> = live.collect();
        live.sort_by_key(|(_, known)| known.installed);
        live.into_iter().map(|(w, known)| (*w, known.settings.clone(), known.price)).collect()
    }

    fn since(&self, date: Stamp, now: Stamp, configured_only: bool) -> String {
        if date > now {
            return String::new();
        }
        let mut changed: Vec<_> =
            self.websites.iter().filter(|(_, known)| known.changed.0 >= date).collect();
        changed.sort_by_key(|(_, known)| known.changed);
        let items = changed.into_iter().filter_map(|(w, known)| {
            let hidden = configured_only && known.settings == json!({});
            match (known.live, known.installed.0 >= date) {
                (false, _) => Some(format!("removed w{w}")),
                (true, _) if hidden => None,
                (true, true) => Some(format!("added w{w}")),
                (true, false) => Some(format!("updated w{w}")),
            }
        });
        items.collect::<Vec<_>>().join(", ")
    }
}

/// Does the step in the emulator; `possible` is what the model said of it.
fn act(crisp: &mut Emulator, step: &Step, possible: bool) {
    let name = |w: &u32| format!("w{w}");
    match step {
        Step::Wait(millis) => crisp.millis(*millis),
        Step::SetBack(millis) => crisp.space.clock.skew(-millis),
        Step::Put(w, n) | Step::Patch(w, n) => {
            let method = if matches!(step, Step::Put(..)) { "PUT" } else { "PATCH" };
            let status = crisp.write(method, &name(w), settings(*n)).status;
            assert_eq!(status, if possible { 200 } else { 404 });
        }
        _ if !possible => {}
        Step::Install(w) => crisp.install(&name(w)),
        Step::Uninstall(w) => crisp.uninstall(&name(w)),
        Step::Save(w, n) => crisp.save(&name(w), settings(*n)),
        Step::Price(w, price) => crisp.set_plan(&name(w), None, Some(*price)),
    }
}

/// All pages, as the model lists them.
fn listed(crisp: &mut Emulator, filter: &str) -> Vec<(u32, Value, u16)> {
    let mut all = Vec::new();
    for page in 1.. {
        let path = format!("plugin/connect/websites/all/{page}?filter_configured={filter}");
        let reply = crisp.get(&path);
        let items = reply.data.as_array().expect("an array").clone();
        if items.is_empty() {
            break;
        }
        for (item, name) in items.iter().zip(reply.names().split(' ')) {
            let number = name[1..].parse().expect("a number");
            let price = item["price"].as_u64().expect("a number");
            all.push((number, item["settings"].clone(), u16::try_from(price).expect("u16")));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    /// The list and the differential agree with the model after every step.
    #[test]
    fn the_list_and_the_differential_agree_with_the_model(
        page_size in 1..4_u32,
        steps in prop::collection::vec((step(), 0..4_000_i64), 1..25),
    ) {
        let mut crisp = Emulator::with(WorldOptions {
            websites: Some(0),
            page_size: Some(page_size),
            ..options()
        });
        let mut model = Model::default();
        for (step, back) in steps {
            let possible = model.apply(&step, crisp.moment().wall);
            act(&mut crisp, &step, possible);
            let now = crisp.moment().wall;
            let date = Stamp(now.0 - back);
            for (filter, only) in [("0", false), ("1", true)] {
                prop_assert_eq!(listed(&mut crisp, filter), model.list(only), "{:?}", &step);
                let query = format!("&filter_configured={filter}");
                let told = crisp.since_with(&date.to_string(), &query).data;
                prop_assert_eq!(differences(&told), model.since(date, now, only), "{:?}", &step);
            }
        }
    }
}
