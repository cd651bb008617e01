//! What happens: steps, and pairs of steps that only mean something together.

use std::time::Duration;

use crisp_mock_server::id::WebsiteId;

use super::Case;
use super::random::Random;
use super::{settings, times};
use crate::scenario::{Anchor, Deed, Restarted, Side, Step};

/// Names of plans that a website may change to.
const PLANS: [&str; 3] = ["Mini", "Essentials", "Plus"];

/// By how much clocks are moved.
pub(super) const SHIFTS: [i64; 6] = [-600_000, -60_000, -3_000, 2_000, 90_000, 600_000];

/// The steps of a case.
pub(super) fn steps(random: &mut Random<'_>, case: &Case, most: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let count = random.place(most.saturating_add(1));
    while steps.len() < count {
        let pair = count - steps.len() >= 2 && random.once_in(5);
        if pair && case.swarm.saves && random.coin() {
            steps.extend(contest(random, case));
        } else if pair && case.swarm.moves {
            steps.extend(visit(random, case));
        } else if pair {
            steps.extend(there_and_back(random, case));
        } else {
            let (anchor, wait) = times::anchor(random, case);
            let deed = deed(random, case);
            steps.push(Step { anchor, wait, deed });
        }
    }
    steps
}

/// A website leaves and comes back, with a poll between, or none.
fn visit(random: &mut Random<'_>, case: &Case) -> [Step; 2] {
    let (id, number) = website(random, case);
    let gone = times::time(random, case);
    let away = if random.once_in(4) {
        Duration::from_secs(1)
    } else {
        case.poll_every + case.poll_every.mul_f64(random.below(10) as f64 / 10.0)
    };
    let back = random.coin().then(|| settings::of(random, &case.pool, number, case.swarm.rich));
    [at(gone, Deed::Uninstall(vec![id])), at(gone + away, Deed::Install(vec![(id, back)]))]
}

/// The plugin saves, and an operator soon after it, while the answer may be missing.
fn contest(random: &mut Random<'_>, case: &Case) -> [Step; 2] {
    let (id, number) = website(random, case);
    let saved = times::time(random, case);
    // The first save asks for the account before it, and each takes 10 ms.
    let later = Duration::from_millis(random.one(&[15, 300, 2_000, 20_000]));
    let new = |random: &mut Random<'_>| settings::of(random, &case.pool, number, case.swarm.rich);
    let (mine, theirs) = (new(random), new(random));
    [
        at(saved, Deed::ClientSave(vec![(id, mine)])),
        at(saved + later, Deed::Save(vec![(id, theirs)])),
    ]
}

/// A website gets other settings and then what it had (A-B-A).
fn there_and_back(random: &mut Random<'_>, case: &Case) -> [Step; 2] {
    let (id, number) = website(random, case);
    let first = times::time(random, case);
    let other = settings::of(random, &case.pool, number, case.swarm.rich);
    let before = case.held(id).unwrap_or_else(|| case.pool[0].clone());
    let later = case.poll_every.mul_f64(random.between(1, 15) as f64 / 10.0);
    [at(first, Deed::Save(vec![(id, other)])), at(first + later, Deed::Save(vec![(id, before)]))]
}

fn at(time: Duration, deed: Deed) -> Step {
    // The scenario language writes times in whole milliseconds.
    let time = Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    Step { anchor: Anchor::At(time), wait: None, deed }
}

fn deed(random: &mut Random<'_>, case: &Case) -> Deed {
    let swarm = &case.swarm;
    let (id, number) = website(random, case);
    let new = |random: &mut Random<'_>| settings::of(random, &case.pool, number, swarm.rich);
    // What is left off in this case becomes what every case can have: an operator's save.
    match random.below(16) {
        0 | 1 if swarm.moves => {
            let with = (!random.once_in(4)).then(|| new(random));
            Deed::Install(vec![(id, with)])
        }
        2 | 3 if swarm.moves => Deed::Uninstall(vec![id]),
        4..=6 if swarm.saves => Deed::ClientSave(vec![(id, new(random))]),
        7 | 8 if swarm.saves => Deed::ClientUpdate(vec![(id, new(random))]),
        9 if swarm.plans => Deed::Plan(vec![(id, random.one(&PLANS).to_owned())]),
        10 if swarm.restarts => Deed::Restart(if random.coin() {
            Restarted::ClientWithItsFile
        } else {
            Restarted::Client
        }),
        11 if swarm.clocks => Deed::Clock {
            side: if random.coin() { Side::Client } else { Side::Server },
            millis: random.one(&SHIFTS),
        },
        12 => {
            let other = website(random, case);
            let mut saved = vec![(id, new(random))];
            if other.0 != id {
                saved.push((other.0, settings::of(random, &case.pool, other.1, swarm.rich)));
            }
            Deed::Save(saved)
        }
        _ => Deed::Save(vec![(id, new(random))]),
    }
}

/// One of those that are there, or might come.
fn website(random: &mut Random<'_>, case: &Case) -> (WebsiteId, u32) {
    let strangers = if case.swarm.moves { 2 } else { 0 };
    let number = u32::try_from(random.below(u64::from(case.websites) + strangers)).unwrap_or(0) + 1;
    (WebsiteId::numbered(number), number)
}
