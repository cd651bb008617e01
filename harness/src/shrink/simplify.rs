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
    for place in 0..start.websites.len() {
        let mut fewer = start.clone();
        fewer.websites.remove(place);
        starts.push(fewer);
    }
    for place in 0..start.unconfigured.len() {
        let mut fewer = start.clone();
        fewer.unconfigured.remove(place);
        starts.push(fewer);
    }
    starts.into_iter().map(|start| Scenario { start, ..scenario.clone() }).collect()
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
            Deed::Plan(_) | Deed::Clock { .. } | Deed::Restart | Deed::Quiet => Vec::new(),
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
            steps.extend(
                rounder_length(wait)
                    .into_iter()
                    .map(|wait| Step { wait: Some(wait), ..step.clone() }),
            );
        }
        match step.anchor {
            Anchor::At(at) => {
                steps.extend(rounder(at).into_iter().map(|at| with(Anchor::At(at))));
                if at.subsec_millis() != 0 {
                    steps.extend(near_requests().map(with));
                }
            }
            Anchor::After(spot) => {
                steps.extend(usual().map(|at| with(Anchor::At(at))));
                steps.extend(earlier(spot).map(|spot| with(Anchor::After(spot))));
            }
            Anchor::During(spot) => {
                steps.extend(usual().map(|at| with(Anchor::At(at))));
                steps.extend(earlier(spot).map(|spot| with(Anchor::During(spot))));
            }
        }
        steps
    })
}

fn earlier(spot: Spot) -> impl Iterator<Item = Spot> {
    (1..spot.number).map(move |number| Spot { number, ..spot })
}

/// Requests near which something may have to happen.
fn near_requests() -> impl Iterator<Item = Anchor> {
    let since = (1..4).map(|number| Spot { operation: Operation::Since, page: None, number });
    let list = Spot { operation: Operation::List, page: Some(1), number: 1 };
    [Anchor::After(list), Anchor::During(list)]
        .into_iter()
        .chain(since.flat_map(|spot| [Anchor::During(spot), Anchor::After(spot)]))
}

fn each_step(scenario: &Scenario, simpler: impl Fn(&Step) -> Vec<Step>) -> Vec<Scenario> {
    let mut candidates = Vec::new();
    for (place, step) in scenario.when.iter().enumerate() {
        for step in simpler(step) {
            let mut candidate = scenario.clone();
            candidate.when[place] = step;
            candidates.push(candidate);
        }
    }
    candidates
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
        let bare = Fault { seed: None, reason: None, retry_after: None, ..fault.clone() };
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

fn each_fault(scenario: &Scenario, simpler: impl Fn(&Fault) -> Vec<Fault>) -> Vec<Scenario> {
    let mut candidates = Vec::new();
    for (place, fault) in scenario.faults.faults.iter().enumerate() {
        for fault in simpler(fault) {
            let mut candidate = scenario.clone();
            candidate.faults.faults[place] = fault;
            candidates.push(candidate);
        }
    }
    candidates
}
