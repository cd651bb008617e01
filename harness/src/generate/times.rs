//! When things happen: around polls more often than anywhere else.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::Case;
use super::dice::Dice;
use crate::scenario::{Anchor, Spot};

/// How many polls a case goes on for.
const POLLS: u64 = 6;

/// A time: near a poll's, right at the start, or anywhere.
pub(super) fn time(dice: &mut Dice<'_>, case: &Case) -> Duration {
    let every = millis(case.poll_every);
    let poll = dice.roll(POLLS) * every;
    let millis = match dice.roll(8) {
        0 => dice.roll(120),
        1 | 2 => poll + dice.roll(400),
        3 => (poll + every).saturating_sub(dice.roll(400)),
        4 => poll + dice.roll(10_000),
        _ => dice.roll(POLLS * every),
    };
    // Whole seconds make a case easier to read, and hit the edges of whole seconds.
    let millis = if dice.coin() { millis / 1000 * 1000 } else { millis };
    Duration::from_millis(millis)
}

/// A span of time in which something goes wrong.
pub(super) fn span(dice: &mut Dice<'_>, case: &Case) -> (Duration, Duration) {
    let from = time(dice, case);
    let long = match dice.roll(6) {
        0 => dice.between(1, 50) * 100,
        1 => dice.between(60, 700) * 1000,
        _ => dice.between(5, 150) * 1000,
    };
    (from, from + Duration::from_millis(long))
}

/// When a step happens, and how long after that.
pub(super) fn anchor(dice: &mut Dice<'_>, case: &Case) -> (Anchor, Option<Duration>) {
    if !case.swarm.hooked || dice.once_in(3) {
        return (Anchor::At(time(dice, case)), None);
    }
    let spot = spot(dice, case);
    let anchor = if dice.coin() { Anchor::After(spot) } else { Anchor::During(spot) };
    let wait = dice.once_in(5);
    let wait = wait.then(|| Duration::from_millis(dice.one(&[5, 300, 3_000, 20_000])));
    (anchor, wait)
}

/// A request that comes for certain, or almost.
fn spot(dice: &mut Dice<'_>, case: &Case) -> Spot {
    let page = case.pages.clamp(1, 3);
    match dice.roll(4) {
        0 => Spot {
            operation: Operation::List,
            page: Some(u32::try_from(dice.between(1, u64::from(page))).unwrap_or(1)),
            number: 1,
        },
        _ => Spot { operation: Operation::Since, page: None, number: dice.between(1, 5) },
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
