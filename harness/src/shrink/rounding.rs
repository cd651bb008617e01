//! Rounder times, as in a scenario that is written by hand.

use std::time::Duration;

/// Times that say "between two polls", in milliseconds.
const NICE: [u64; 4] = [30_000, 90_000, 150_000, 210_000];
/// The units to which a time is rounded, in milliseconds.
const UNITS: [u64; 6] = [60_000, 30_000, 10_000, 1_000, 100, 1];

/// How far from round a time is; less is rounder, then earlier.
fn rank(millis: u64) -> (usize, u64) {
    if NICE.contains(&millis) {
        return (0, millis);
    }
    let unit = UNITS.iter().position(|unit| millis.is_multiple_of(*unit));
    (unit.map_or(UNITS.len(), |place| place + 1), millis)
}

/// Times that need no explanation.
pub(super) fn usual() -> impl Iterator<Item = Duration> {
    NICE.into_iter().map(Duration::from_millis)
}

/// Rounder times instead of this one, the roundest first.
pub(super) fn rounder(time: Duration) -> Vec<Duration> {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut times = NICE.to_vec();
    for unit in UNITS {
        let down = millis / unit * unit;
        times.extend([down, down.saturating_add(unit)]);
    }
    pick(times, millis)
}

/// Rounder lengths instead of this one: never zero.
pub(super) fn rounder_length(time: Duration) -> Vec<Duration> {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut times = vec![5_000, 10_000, 20_000, 60_000, 120_000, 600_000];
    for unit in UNITS {
        times.push(millis / unit * unit);
    }
    times.retain(|time| *time > 0);
    pick(times, millis)
}

fn pick(mut times: Vec<u64>, than: u64) -> Vec<Duration> {
    times.retain(|time| rank(*time) < rank(than));
    times.sort_by_key(|time| rank(*time));
    times.dedup();
    times.into_iter().map(Duration::from_millis).collect()
}
