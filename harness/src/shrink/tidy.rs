//! Plain names and values: w1 instead of w5, `message: new` instead of anything else.

use crisp_mock_server::id::WebsiteId;
use serde_json::{Value, json};

use crate::scenario::{Deed, Scenario};

/// What settings become, in the order of the steps.
const MESSAGES: [&str; 4] = ["new", "newer", "newest", "last"];

/// Websites with lower numbers: w1 instead of w5.
pub(super) fn websites(scenario: &Scenario) -> Vec<Scenario> {
    let mut candidates = Vec::new();
    let named = ids(scenario);
    for id in &named {
        let Some(number) = id.number() else { continue };
        for lower in (1..number).map(WebsiteId::numbered) {
            let mut candidate = scenario.clone();
            // Two websites change their names with one another; none is merged with another.
            rename(&mut candidate, *id, lower);
            // Only towards lower numbers, so that it comes to an end.
            if numbers(&candidate) < numbers(scenario) {
                candidates.push(candidate);
            }
        }
    }
    candidates
}

/// The websites' numbers in the order in which they are named.
fn numbers(scenario: &Scenario) -> Vec<Option<u32>> {
    ids(scenario).iter().map(|id| id.number()).collect()
}

fn ids(scenario: &Scenario) -> Vec<WebsiteId> {
    let mut seen = Vec::new();
    let mut copy = scenario.clone();
    visit(&mut copy, &mut |id| {
        if !seen.contains(id) {
            seen.push(*id);
        }
    });
    seen
}

fn rename(scenario: &mut Scenario, one: WebsiteId, other: WebsiteId) {
    visit(scenario, &mut |id| {
        if *id == one {
            *id = other;
        } else if *id == other {
            *id = one;
        }
    });
    scenario.start.websites.sort_by_key(|(id, _)| (id.number(), *id));
    scenario.start.unconfigured.sort_by_key(|id| (id.number(), *id));
}

fn visit(scenario: &mut Scenario, see: &mut dyn FnMut(&mut WebsiteId)) {
    let start = &mut scenario.start;
    start.websites.iter_mut().for_each(|(id, _)| see(id));
    start.unconfigured.iter_mut().for_each(&mut *see);
    for step in &mut scenario.when {
        match &mut step.deed {
            Deed::Save(websites) | Deed::ClientSave(websites) | Deed::ClientUpdate(websites) => {
                websites.iter_mut().for_each(|(id, _)| see(id));
            }
            Deed::Install(websites) => websites.iter_mut().for_each(|(id, _)| see(id)),
            Deed::Plan(websites) => websites.iter_mut().for_each(|(id, _)| see(id)),
            Deed::Uninstall(websites) => websites.iter_mut().for_each(&mut *see),
            Deed::Clock { .. } | Deed::Restart(_) | Deed::Kick | Deed::Quiet => {}
        }
    }
    for fault in &mut scenario.faults.faults {
        fault.website.as_mut().map(&mut *see);
    }
}

/// Settings of one word, all at once and then one by one.
pub(super) fn settings(scenario: &Scenario) -> Vec<Scenario> {
    let mut candidates = Vec::new();
    let mut all = scenario.clone();
    let count = each_settings(&mut all, &mut |_, settings, plain| *settings = plain);
    candidates.push(all);
    for wanted in 0..count {
        let mut one = scenario.clone();
        each_settings(&mut one, &mut |place, settings, plain| {
            if place == wanted {
                *settings = plain;
            }
        });
        candidates.push(one);
    }
    // Only towards plainer settings, so that it comes to an end.
    candidates
        .retain(|candidate| candidate != scenario && plainness(candidate) > plainness(scenario));
    candidates
}

/// How many settings are as plain as they get.
fn plainness(scenario: &Scenario) -> usize {
    let mut plain_ones = 0;
    let mut copy = scenario.clone();
    each_settings(&mut copy, &mut |_, settings, plain| {
        if *settings == plain {
            plain_ones += 1;
        }
    });
    plain_ones
}

/// Shows each settings with their place and what they would be if they were plain.
fn each_settings(scenario: &mut Scenario, see: &mut dyn FnMut(usize, &mut Value, Value)) -> usize {
    let mut place = 0;
    for (id, settings) in &mut scenario.start.websites {
        let word = match id.number() {
            Some(1) | None => "old".to_owned(),
            Some(number) => format!("old w{number}"),
        };
        see(place, settings, json!({ "message": word }));
        place += 1;
    }
    let mut messages = 0;
    let mut next = || {
        messages += 1;
        let message = MESSAGES.get(messages - 1).copied();
        json!({ "message": message.map_or_else(|| format!("new {messages}"), str::to_owned) })
    };
    for step in &mut scenario.when {
        match &mut step.deed {
            Deed::Save(websites) | Deed::ClientSave(websites) | Deed::ClientUpdate(websites) => {
                for (_, settings) in websites {
                    see(place, settings, next());
                    place += 1;
                }
            }
            Deed::Install(websites) => {
                for (_, settings) in websites {
                    if let Some(settings) = settings {
                        see(place, settings, next());
                        place += 1;
                    }
                }
            }
            _ => {}
        }
    }
    place
}
