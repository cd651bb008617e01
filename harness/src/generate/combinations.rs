//! Combinations: a few steps, a fault and a setting that only mean something together.
//!
//! Drawn independently, the parts of one would meet about once in ten thousand cases. The rest of
//! the case goes on around it.

use std::time::Duration;

use crisp_mock_server::fault::{Delay, Effect, Fault, Occurrence, Target, Throttle, Window};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use http::StatusCode;

use super::random::Random;
use super::{Bounds, Case, crowd, late, long, settings};
use crate::scenario::{Anchor, Deed, Scenario, Spot, Step};

/// Steps that a combination has at least.
const STEPS: usize = 2;

/// Puts a combination into one case of six.
pub(super) fn add(random: &mut Random<'_>, case: &Case, bounds: Bounds, scenario: &mut Scenario) {
    if bounds.max_steps < STEPS || case.websites == 0 {
        return;
    }
    if case.crowded {
        scenario.when.truncate(bounds.max_steps - 1);
        scenario.when.push(crowd::changes(random, case));
        return;
    }
    let combinations: &[Draw] = match (random.once_in(long::RARE), random.once_in(6)) {
        (true, _) => &[long::hours],
        (false, true) => &COMBINATIONS,
        (false, false) => return,
    };
    let (mut steps, fault) = random.one(combinations)(random, case, scenario);
    steps.truncate(bounds.max_steps);
    scenario.when.truncate(bounds.max_steps - steps.len());
    let saves = |step: &Step| matches!(step.deed, Deed::ClientSave(_) | Deed::ClientUpdate(_));
    if bounds.saves || !steps.iter().any(saves) {
        scenario.when.extend(steps);
        scenario.faults.faults.extend(fault);
    }
}

pub(super) type Combination = (Vec<Step>, Option<Fault>);

type Draw = fn(&mut Random<'_>, &Case, &mut Scenario) -> Combination;

const COMBINATIONS: [Draw; 10] = [
    forgotten,
    overtaken_save,
    overtaken_poll,
    late_drift,
    away_and_back,
    drift_in_each_pass,
    at_one_moment,
    late::poll,
    late::own_save,
    late::reading,
];

/// An outage that is longer than the server remembers, and a change at its beginning.
fn forgotten(random: &mut Random<'_>, case: &Case, scenario: &mut Scenario) -> Combination {
    scenario.client.longest_gap = Some(Duration::from_secs(300));
    quirk(scenario, "horizon", "partial:10m");
    let from = case.poll_every + Duration::from_secs(random.between(1, 30));
    let until = from + Duration::from_secs(random.between(640, 900));
    let effect = Effect::Status(StatusCode::SERVICE_UNAVAILABLE);
    let window = Window { from, until: Some(until) };
    let mut fault = Fault::during(window, effect);
    fault.at = Some(Target::all(Operation::Since));
    let (id, new) = (website(random, case), save(random, case));
    let deed = if random.coin() { Deed::Uninstall(vec![id]) } else { Deed::Save(vec![(id, new)]) };
    let changed = from + Duration::from_secs(random.between(1, 20));
    (vec![at(changed, deed)], Some(fault))
}

/// The plugin saves, the answer is slow, an operator saves, and a poll brings that first.
fn overtaken_save(random: &mut Random<'_>, case: &Case, _scenario: &mut Scenario) -> Combination {
    let poll = case.poll_every * polls(random);
    let before = |seconds| poll.saturating_sub(Duration::from_secs(seconds));
    let id = website(random, case);
    let (mine, theirs) = (save(random, case), save(random, case));
    let steps = vec![
        at(before(5), Deed::ClientSave(vec![(id, mine)])),
        at(before(2), Deed::Save(vec![(id, theirs)])),
    ];
    (steps, Some(slow(Operation::SaveSettings, 1, Duration::from_secs(9))))
}

/// A poll that is slower than the next one, and a change before each of them.
fn overtaken_poll(random: &mut Random<'_>, case: &Case, scenario: &mut Scenario) -> Combination {
    scenario.client.request_timeout = Some(case.poll_every * 2);
    let number = polls(random);
    let poll = case.poll_every * number;
    let id = website(random, case);
    let (older, newer) = (save(random, case), save(random, case));
    let steps = vec![
        at(poll.saturating_sub(case.poll_every / 3), Deed::Save(vec![(id, older)])),
        at(poll + case.poll_every / 2, Deed::Save(vec![(id, newer)])),
    ];
    // The first differential belongs to the load.
    let slowness = case.poll_every * 3 / 2;
    let fault = slow(Operation::Since, u64::from(number) + 1, slowness);
    (steps, Some(fault))
}

/// A website of the first page leaves while the list is read, and the differential lags.
fn late_drift(random: &mut Random<'_>, case: &Case, scenario: &mut Scenario) -> Combination {
    quirk(scenario, "since-lag", random.one(&["1500ms", "5s"]));
    let id = early(random, case);
    (vec![after_page(1, 1, Deed::Uninstall(vec![id]))], None)
}

/// A website of the first page leaves while the list is read, and is back on the next page with
/// all that it had.
fn away_and_back(random: &mut Random<'_>, case: &Case, scenario: &mut Scenario) -> Combination {
    quirk(scenario, "re-added", "updated");
    quirk(scenario, "reinstall-token", "same");
    quirk(scenario, "reinstall-settings", "kept");
    let id = early(random, case);
    let pass = random.between(1, 2);
    let steps = vec![
        after_page(1, pass, Deed::Uninstall(vec![id])),
        after_page(2, pass, Deed::Install(vec![(id, None)])),
    ];
    (steps, None)
}

/// In each of the passes that a doubtful load has, a website leaves before the reading position:
/// first one that was there, then the one that came in the pass before.
fn drift_in_each_pass(
    random: &mut Random<'_>,
    case: &Case,
    scenario: &mut Scenario,
) -> Combination {
    quirk(scenario, "list-order", random.one(&["newest-first", "oldest-first", "by-id"]));
    let first = random.between(1, 2);
    let mut leaves = early(random, case);
    let mut steps = Vec::new();
    for pass in first..first + random.between(2, 3) {
        let comes = WebsiteId::numbered(case.websites + u32::try_from(pass).unwrap_or(1));
        steps.push(after_page(1, pass, Deed::Uninstall(vec![leaves])));
        steps.push(after_page(2, pass, Deed::Install(vec![(comes, None)])));
        leaves = comes;
    }
    (steps, None)
}

/// A website that may be on the first page.
fn early(random: &mut Random<'_>, case: &Case) -> WebsiteId {
    let first = u64::from(case.page_size.min(case.websites));
    let newest = u64::from(case.websites) + 1 - random.between(1, first);
    let oldest = random.between(1, first);
    WebsiteId::numbered(u32::try_from(random.one(&[oldest, newest])).unwrap_or(1))
}

fn after_page(page: u32, pass: u64, deed: Deed) -> Step {
    let spot = Spot { operation: Operation::List, page: Some(page), number: pass };
    Step { anchor: Anchor::After(spot), wait: None, deed }
}

/// An answer asks for silence, and in the same moment the plugin is to save.
fn at_one_moment(random: &mut Random<'_>, case: &Case, _scenario: &mut Scenario) -> Combination {
    let spot = match random.coin() {
        true => Spot { operation: Operation::List, page: Some(1), number: 1 },
        false => Spot { operation: Operation::Since, page: None, number: polls(random).into() },
    };
    let occurrence = Occurrence::Range { first: spot.number, last: Some(spot.number) };
    let target = Target { operation: spot.operation, page: spot.page, occurrence };
    let status = random.one(&[Throttle::TooManyRequests, Throttle::EnhanceYourCalm]);
    let asks = Some(Duration::from_secs(random.one(&[5, 20, 120])));
    let fault = Fault { retry_after: asks, ..Fault::new(target, Effect::Throttle(status)) };
    let (id, mine) = (website(random, case), save(random, case));
    let deed = Deed::ClientSave(vec![(id, mine)]);
    (vec![Step { anchor: Anchor::After(spot), wait: None, deed }], Some(fault))
}

fn quirk(scenario: &mut Scenario, name: &str, value: &str) {
    let quirks = &mut scenario.server.quirks.0;
    quirks.retain(|(other, _)| other != name);
    quirks.push((name.to_owned(), value.to_owned()));
}

pub(super) fn slow(operation: Operation, number: u64, by: Duration) -> Fault {
    let occurrence = Occurrence::Range { first: number, last: Some(number) };
    let target = Target { operation, page: None, occurrence };
    Fault::new(target, Effect::Delay(Delay::Fixed(by)))
}

/// How many intervals go by before the poll that matters.
pub(super) fn polls(random: &mut Random<'_>) -> u32 {
    u32::try_from(random.between(1, 4)).unwrap_or(1)
}

pub(super) fn website(random: &mut Random<'_>, case: &Case) -> WebsiteId {
    WebsiteId::numbered(u32::try_from(random.between(1, u64::from(case.websites))).unwrap_or(1))
}

pub(super) fn save(random: &mut Random<'_>, case: &Case) -> serde_json::Value {
    settings::of(random, &case.pool, 1, case.swarm.rich)
}

pub(super) fn at(time: Duration, deed: Deed) -> Step {
    let time = Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    Step { anchor: Anchor::At(time), wait: None, deed }
}
