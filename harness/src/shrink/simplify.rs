//! Making simpler what cannot be taken away.

use std::time::Duration;

use crisp_mock_server::fault::{Delay, Effect, Fault, Occurrence, Side, Target, Window};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use http::StatusCode;
use serde_json::json;

use super::rounding::{rounder, rounder_length, usual};
use crate::scenario::{Anchor, Deed, Scenario, Spot, Start, Step};

/// Fewer websites at the start.
pub(super) fn start(scenario: &Scenario) -> Vec<Scenario> {
    let start = &scenario.start;
    let mut starts = Vec::new();
    let one = Start {
        websites: vec![(WebsiteId::numbered(1), json!({ "message": "old" }))],
        ..Start::default()
    };
    let is_one = *start == one;
    if *start != Start::default() && !is_one {
        starts.extend([one, Start::default()]);
    }
    if let Some(generated) = start.generated {
        starts.extend(
            [0, 1, 2, generated.saturating_sub(1)]
                .map(|fewer| Start { generated: Some(fewer), ..start.clone() }),
        );
        starts.retain(|other| other.generated.is_none_or(|fewer| fewer < generated));
    }
    let websites = all_but_one(&start.websites);
    starts.extend(websites.map(|websites| Start { websites, ..start.clone() }));
    let unconfigured = all_but_one(&start.unconfigured);
    starts.extend(unconfigured.map(|unconfigured| Start { unconfigured, ..start.clone() }));
    starts.into_iter().map(|start| Scenario { start, ..scenario.clone() }).collect()
}

fn all_but_one<T: Clone>(items: &[T]) -> impl Iterator<Item = Vec<T>> {
    (0..items.len()).map(|place| [&items[..place], &items[place + 1..]].concat())
}

/// Each step about one website, and no settings where none are needed.
pub(super) fn deeds(scenario: &Scenario) -> Vec<Scenario> {
    let simpler = |deed: &Deed| -> Vec<Deed> {
        match deed {
            Deed::Save(websites) => singly(websites, Deed::Save),
            Deed::ClientSave(websites) => singly(websites, Deed::ClientSave),
            Deed::ClientUpdate(websites) => singly(websites, Deed::ClientUpdate),
            Deed::Uninstall(websites) => singly(websites, Deed::Uninstall),
            Deed::Install(websites) => {
                let mut simpler = singly(websites, Deed::Install);
                if websites.iter().any(|(_, settings)| settings.is_some()) {
                    let bare = websites.iter().map(|(id, _)| (*id, None)).collect();
                    simpler.push(Deed::Install(bare));
                }
                simpler
            }
            Deed::Plan(_) | Deed::Clock { .. } | Deed::Restart(_) | Deed::Kick | Deed::Quiet => {
                Vec::new()
            }
        }
    };
    each_step(scenario, |step| {
        let deeds = simpler(&step.deed).into_iter();
        deeds.map(|deed| Step { deed, ..step.clone() }).collect()
    })
}

fn singly<T: Clone>(items: &[T], deed: fn(Vec<T>) -> Deed) -> Vec<Deed> {
    if items.len() < 2 {
        return Vec::new();
    }
    items.iter().map(|item| deed(vec![item.clone()])).collect()
}

/// Earlier requests, rounder times, and a request instead of an odd time.
pub(super) fn anchors(scenario: &Scenario) -> Vec<Scenario> {
    each_step(scenario, |step| {
        let with = |anchor: Anchor| Step { anchor, ..step.clone() };
        let mut steps = Vec::new();
        if let Some(wait) = step.wait {
            steps.push(Step { wait: None, ..step.clone() });
            let shorter = rounder_length(wait).into_iter();
            steps.extend(shorter.map(|wait| Step { wait: Some(wait), ..step.clone() }));
        }
        match step.anchor {
            Anchor::At(at) => {
                steps.extend(rounder(at).into_iter().map(|at| with(Anchor::At(at))));
                if at.subsec_millis() != 0 {
                    steps.extend(near_requests().map(with));
                }
            }
            Anchor::After(spot) => steps.extend(before(spot, Anchor::After).map(with)),
            Anchor::During(spot) => steps.extend(before(spot, Anchor::During).map(with)),
        }
        steps
    })
}

/// A usual time instead of a request, or an earlier request.
fn before(spot: Spot, anchor: fn(Spot) -> Anchor) -> impl Iterator<Item = Anchor> {
    let earlier = (1..spot.number).map(move |number| anchor(Spot { number, ..spot }));
    usual().map(Anchor::At).chain(earlier)
}

/// Requests near which something may have to happen.
fn near_requests() -> impl Iterator<Item = Anchor> {
    let since = (1..4).map(|number| Spot { operation: Operation::Since, page: None, number });
    let list = Spot { operation: Operation::List, page: Some(1), number: 1 };
    [Anchor::After(list), Anchor::During(list)]
        .into_iter()
        .chain(since.flat_map(|spot| [Anchor::During(spot), Anchor::After(spot)]))
}

/// The scenario with one of its steps made simpler.
fn each_step(scenario: &Scenario, simpler: impl Fn(&Step) -> Vec<Step>) -> Vec<Scenario> {
    each(scenario, &scenario.when, simpler, |candidate, place, step| candidate.when[place] = step)
}

/// The scenario with one of its faults made simpler.
fn each_fault(scenario: &Scenario, simpler: impl Fn(&Fault) -> Vec<Fault>) -> Vec<Scenario> {
    each(scenario, &scenario.faults.faults, simpler, |candidate, place, fault| {
        candidate.faults.faults[place] = fault;
    })
}

fn each<T>(
    scenario: &Scenario,
    items: &[T],
    simpler: impl Fn(&T) -> Vec<T>,
    put: fn(&mut Scenario, usize, T),
) -> Vec<Scenario> {
    let simpler = items.iter().map(simpler).enumerate();
    let edits = simpler.flat_map(|(place, items)| items.into_iter().map(move |item| (place, item)));
    edits
        .map(|(place, item)| {
            let mut candidate = scenario.clone();
            put(&mut candidate, place, item);
            candidate
        })
        .collect()
}

/// Faults that meet one request, the first if possible.
pub(super) fn occurrences(scenario: &Scenario) -> Vec<Scenario> {
    each_fault(scenario, |fault| {
        let Some(target) = fault.at else {
            return Vec::new();
        };
        let Occurrence::Range { first, last } = target.occurrence else {
            return Vec::new();
        };
        let mut ranges: Vec<_> = (1..first).map(|n| (n, Some(n))).collect();
        if last != Some(first) {
            ranges.extend([(first, Some(first)), (first, Some(first + 1))]);
            ranges.extend(last.map(|last| (last, Some(last))));
        }
        let ranges = ranges.into_iter().filter(|range| *range != (first, last));
        let rarer = ranges.map(|(first, last)| {
            let occurrence = Occurrence::Range { first, last };
            Target { occurrence, ..target }
        });
        // A poll comes by itself; a save has to be ordered.
        let saves = matches!(target.operation, Operation::SaveSettings | Operation::UpdateSettings);
        let poll = saves.then_some(Target { operation: Operation::Since, ..target });
        let with = |target| Fault { at: Some(target), website: None, ..fault.clone() };
        rarer.chain(poll).map(with).collect()
    })
}

/// Rounder windows.
pub(super) fn windows(scenario: &Scenario) -> Vec<Scenario> {
    each_fault(scenario, |fault| {
        let Some(window) = fault.window else {
            return Vec::new();
        };
        let later = rounder(window.from)
            .into_iter()
            .filter(|from| window.until.is_none_or(|until| *from < until))
            .map(|from| Window { from, ..window });
        let until = window.until.into_iter().flat_map(rounder);
        let ended = until
            .filter(|until| *until > window.from)
            .map(|until| Window { until: Some(until), ..window });
        later.chain(ended).map(|window| Fault { window: Some(window), ..fault.clone() }).collect()
    })
}

/// Simpler effects of the same sort.
pub(super) fn effects(scenario: &Scenario) -> Vec<Scenario> {
    each_fault(scenario, |fault| {
        let bare = Fault {
            seed: None,
            reason: None,
            retry_after: None,
            retry_after_as: None,
            ..fault.clone()
        };
        let with = |effect: Effect| Fault { effect, ..bare.clone() };
        let plain = with(Effect::Status(StatusCode::INTERNAL_SERVER_ERROR));
        if let Some((side, millis)) = fault.clock() {
            let shifted = |millis| match side {
                Side::Server => Fault { skew: Some(millis), ..bare.clone() },
                Side::Client => Fault { step: Some(millis), ..bare.clone() },
            };
            return clock(millis).map(shifted).collect();
        }
        let simpler = match &fault.effect {
            Effect::Stale(age) => rounder_length(*age)
                .into_iter()
                .filter(|age| *age <= crisp_mock_server::fault::STALE_AT_MOST)
                .map(Effect::Stale)
                .collect(),
            Effect::LoseAnswer(_) => Vec::new(),
            effect if effect.alters_a_list() => Vec::new(),
            effect if effect.is_answer() || effect.is_ending() => {
                return if *fault == plain { Vec::new() } else { vec![plain] };
            }
            Effect::Delay(Delay::Uniform { uniform: [_, most] }) => {
                vec![Effect::Delay(Delay::Fixed(most.0))]
            }
            Effect::Delay(Delay::Fixed(by)) => {
                rounder_length(*by).into_iter().map(|by| Effect::Delay(Delay::Fixed(by))).collect()
            }
            Effect::Drip(_) | Effect::HoldOrder(_) => {
                vec![Effect::Delay(Delay::Fixed(Duration::from_secs(5)))]
            }
            _ => Vec::new(),
        };
        simpler.into_iter().map(with).collect()
    })
}

/// One way for each direction.
fn clock(millis: i64) -> impl Iterator<Item = i64> {
    let usual = if millis < 0 { -600_000 } else { 90_000 };
    (millis != usual).then_some(usual).into_iter()
}
