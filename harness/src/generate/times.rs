//! When things happen: around polls more often than anywhere else.

use std::time::Duration;

use crisp_mock_server::operation::Operation;

use super::Case;
use super::random::Random;
use crate::scenario::{Anchor, Spot};

/// How many polls a case goes on for.
const POLLS: u64 = 6;

/// A time: near a poll's, right at the start, or anywhere.
pub(super) fn time(random: &mut Random<'_>, case: &Case) -> Duration {
    let every = millis(case.poll_every);
    let poll = random.below(POLLS) * every;
    let millis = match random.below(8) {
        0 => random.below(120),
        1 | 2 => poll + random.below(400),
        3 => (poll + every).saturating_sub(random.below(400)),
        4 => poll + random.below(10_000),
        _ => random.below(POLLS * every),
    };
    // Whole seconds make a case easier to read, and hit the edges of whole seconds.
    let millis = if random.coin() { millis / 1000 * 1000 } else { millis };
    Duration::from_millis(millis)
}

/// A span of time in which something goes wrong.
pub(super) fn span(random: &mut Random<'_>, case: &Case) -> (Duration, Duration) {
    let from = time(random, case);
    let long = match random.below(6) {
        0 => random.between(1, 50) * 100,
        1 => random.between(60, 700) * 1000,
        _ => random.between(5, 150) * 1000,
    };
    (from, from + Duration::from_millis(long))
}

/// When a step happens, and how long after that.
pub(super) fn anchor(random: &mut Random<'_>, case: &Case) -> (Anchor, Option<Duration>) {
    if !case.swarm.hooked || random.once_in(3) {
        return (Anchor::At(time(random, case)), None);
    }
    let spot = spot(random, case);
    let anchor = if random.coin() { Anchor::After(spot) } else { Anchor::During(spot) };
    let wait = random.once_in(5);
    let wait = wait.then(|| Duration::from_millis(random.one(&[5, 300, 3_000, 20_000])));
    (anchor, wait)
}

/// A request that comes for certain, or almost.
fn spot(random: &mut Random<'_>, case: &Case) -> Spot {
    let page = case.pages.clamp(1, 3);
    match random.below(4) {
        0 => Spot {
            operation: Operation::List,
            page: Some(u32::try_from(random.between(1, u64::from(page))).unwrap_or(1)),
            number: 1,
        },
        _ => Spot { operation: Operation::Since, page: None, number: random.between(1, 5) },
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
