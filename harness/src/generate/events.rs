//! What goes wrong with events, for a client that listens: drawn after everything else, so that the
//! cases of other clients stay what they are.

use std::time::Duration;

use crisp_mock_server::document::True;
use crisp_mock_server::fault::{Delay, Effect, Fault, Occurrence, Target, Window};
use crisp_mock_server::id::WebsiteId;
use crisp_mock_server::operation::Operation;
use http::StatusCode;

use super::combinations::{at, save, website};
use super::random::Random;
use super::{Bounds, Case, settings, times};
use crate::scenario::{Anchor, Deed, Scenario, Spot, Step};

/// Quirks of sockets that a client which listens can be held to.
const QUIRKS: [(&str, &str); 4] = [
    ("rtm-install", "at-once"),
    ("rtm-installed", "withheld"),
    ("rtm-ping-interval", "5s"),
    ("rtm-ping-timeout", "5s"),
];

/// Adds steps and faults about events.
pub(super) fn add(random: &mut Random<'_>, case: &Case, bounds: Bounds, scenario: &mut Scenario) {
    for (name, value) in QUIRKS {
        if case.swarm.quirks && random.once_in(6) {
            scenario.server.quirks.0.push((name.to_owned(), value.to_owned()));
        }
    }
    for _ in 0..random.below(4) {
        let fault = if random.once_in(3) { handshake(random, case) } else { event(random) };
        scenario.faults.faults.push(fault);
    }
    let mut steps = match random.below(5) {
        0 if case.websites > 0 => overtaken(random, case, scenario),
        1 if case.websites > 0 => unheard(random, case, scenario),
        2 => unbound(random, case),
        _ => Vec::new(),
    };
    if random.coin() {
        steps.extend(around(random, case, Deed::Kick));
    }
    if random.coin() && case.websites > 0 {
        let deed = Deed::Save(vec![(website(random, case), save(random, case))]);
        steps.extend(around(random, case, deed));
    }
    steps.truncate(bounds.max_steps);
    scenario.when.truncate(bounds.max_steps - steps.len());
    scenario.when.extend(steps);
}

/// What happens to an event on its way.
fn event(random: &mut Random<'_>) -> Fault {
    let effect = match random.below(8) {
        0..=2 => Effect::Drop(True),
        3 => Effect::Duplicate(True),
        4 | 5 => {
            let seconds = random.one(&[1, 5, 40, 90, 700]);
            Effect::Delay(Delay::Fixed(Duration::from_secs(seconds)))
        }
        6 => Effect::HoldOrder(True),
        _ if random.coin() => Effect::Kick(True),
        _ => Effect::Reset(True),
    };
    aimed(random, Operation::RtmEvent, effect)
}

/// What happens to a handshake, or to the socket that follows.
fn handshake(random: &mut Random<'_>, case: &Case) -> Fault {
    let effect = match random.below(7) {
        0 => Effect::Status(StatusCode::SERVICE_UNAVAILABLE),
        1 => Effect::Hang(True),
        2 => Effect::Reset(True),
        3 => Effect::Delay(Delay::Fixed(Duration::from_secs(random.one(&[3, 30])))),
        4 => Effect::MutePings(True),
        5 => Effect::RefuseAuth(True),
        _ => Effect::Kick(True),
    };
    let mut fault = aimed(random, Operation::Rtm, effect);
    if random.once_in(4) {
        // No socket opens for a while.
        let (from, until) = times::span(random, case);
        fault.window = Some(Window { from, until: Some(until) });
        fault.at = Some(Target::all(Operation::Rtm));
    }
    fault
}

fn aimed(random: &mut Random<'_>, operation: Operation, effect: Effect) -> Fault {
    let first = random.between(1, 3);
    let last = first + if random.coin() { 0 } else { random.below(3) };
    let occurrence = Occurrence::Range { first, last: Some(last) };
    Fault::new(Target { operation, page: None, occurrence }, effect)
}

/// An operator saves twice: the first event is late, and what tells of the second comes before it.
fn overtaken(random: &mut Random<'_>, case: &Case, scenario: &mut Scenario) -> Vec<Step> {
    let id = website(random, case);
    let late = Effect::Delay(Delay::Fixed(Duration::from_secs(random.between(20, 90))));
    scenario.faults.faults.push(Fault::new(numbered(1), late));
    if random.coin() {
        scenario.faults.faults.push(Fault::new(numbered(2), Effect::Drop(True)));
    }
    let first = times::time(random, case) + Duration::from_secs(1);
    let second = first + Duration::from_secs(random.between(1, 15));
    let (older, newer) = (save(random, case), save(random, case));
    vec![at(first, Deed::Save(vec![(id, older)])), at(second, Deed::Save(vec![(id, newer)]))]
}

/// An operator saves while a poll is under way, and no event tells of it: the socket is lost, or the
/// event is.
fn unheard(random: &mut Random<'_>, case: &Case, scenario: &mut Scenario) -> Vec<Step> {
    let spot = Spot { operation: Operation::Since, page: None, number: random.between(1, 4) };
    let anchor = Anchor::During(spot);
    let step = |deed| Step { anchor, wait: None, deed };
    let mut steps = Vec::new();
    if random.coin() {
        steps.push(step(Deed::Kick));
    } else {
        let all = Target::all(Operation::RtmEvent);
        scenario.faults.faults.push(Fault::new(all, Effect::Drop(True)));
    }
    steps.push(step(Deed::Save(vec![(website(random, case), save(random, case))])));
    steps
}

/// A website installs the plugin while the socket is open, and is saved soon after, or while a poll is
/// under way.
fn unbound(random: &mut Random<'_>, case: &Case) -> Vec<Step> {
    let number = case.websites + 1;
    let id = WebsiteId::numbered(number);
    let new = |random: &mut Random<'_>| settings::of(random, &case.pool, number, case.swarm.rich);
    let installed = times::time(random, case) + Duration::from_secs(1);
    let (first, second) = (random.coin().then(|| new(random)), new(random));
    let saved = if random.coin() {
        let spot = Spot { operation: Operation::Since, page: None, number: random.between(2, 4) };
        Step { anchor: Anchor::During(spot), wait: None, deed: Deed::Save(vec![(id, second)]) }
    } else {
        let soon = installed + Duration::from_millis(random.one(&[15, 300, 2_000, 20_000]));
        at(soon, Deed::Save(vec![(id, second)]))
    };
    vec![at(installed, Deed::Install(vec![(id, first)])), saved]
}

fn numbered(number: u64) -> Target {
    let occurrence = Occurrence::Range { first: number, last: Some(number) };
    Target { operation: Operation::RtmEvent, page: None, occurrence }
}

/// Has something happen around a handshake or an event, with what makes that come about; or as other
/// steps do.
fn around(random: &mut Random<'_>, case: &Case, deed: Deed) -> Vec<Step> {
    let operation = match random.below(4) {
        0 => Operation::Rtm,
        1 if case.websites > 0 => Operation::RtmEvent,
        _ => {
            let (anchor, wait) = times::anchor(random, case);
            return vec![Step { anchor, wait, deed }];
        }
    };
    let number = random.between(1, 2);
    let mut steps = match operation {
        // Another handshake follows the end of a socket.
        Operation::Rtm if number > 1 => {
            let first = Spot { operation, page: None, number: 1 };
            let wait = Some(Duration::from_secs(random.between(1, 90)));
            vec![Step { anchor: Anchor::After(first), wait, deed: Deed::Kick }]
        }
        Operation::Rtm => Vec::new(),
        _ => heard(random, case, number),
    };
    let spot = Spot { operation, page: None, number };
    let anchor = if random.coin() { Anchor::After(spot) } else { Anchor::During(spot) };
    steps.push(Step { anchor, wait: None, deed });
    steps
}

/// An operator saves so often and once more, some time after a socket was opened: one may be lost.
fn heard(random: &mut Random<'_>, case: &Case, times: u64) -> Vec<Step> {
    let first = Spot { operation: Operation::Rtm, page: None, number: 1 };
    let mut wait = Duration::ZERO;
    let saves = (0..=times).map(|_| {
        wait += Duration::from_secs(random.between(1, 60));
        let deed = Deed::Save(vec![(website(random, case), save(random, case))]);
        Step { anchor: Anchor::After(first), wait: Some(wait), deed }
    });
    saves.collect()
}
