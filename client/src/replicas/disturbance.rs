//! What happens to one of several replicas that are on trial as one client.

use std::time::Duration;

/// A disturbance every so many answers.
const EVERY: u64 = 3;
const PAUSE: Duration = Duration::from_secs(8);
const CUT: Duration = Duration::from_secs(6);

/// What happens to one replica. None costs a request, and all are shorter than a trial's patience with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// It dies with its connections, and starts again knowing nothing.
    Killed,
    /// It does not run for so long.
    Paused(Duration),
    /// It does not reach the store for so long.
    CutOff(Duration),
}

impl Disturbance {
    /// The longest pause.
    pub const LONGEST_PAUSE: Duration = PAUSE;
    /// How the wall clock of the last replica differs: where the API tells no date, one that is ahead is wrong in any client,
    /// and one that is further behind asks beyond the shortest horizon of a trial's server, ten minutes, for ever.
    pub const WALL: jiff::SignedDuration = jiff::SignedDuration::from_mins(-4);

    /// What happens after so many answers of the API, and to which of so many replicas; most often nothing. Another seed
    /// is another order.
    pub fn after(answers: u64, seed: u64, replicas: usize) -> Option<(usize, Self)> {
        let (counted, turn) = (answers.wrapping_add(seed), (answers / EVERY).wrapping_add(seed));
        let number = usize::try_from(turn).ok()?.checked_rem(replicas)?;
        let happens = match turn % 5 {
            0 | 3 => Self::Killed,
            1 => Self::Paused(PAUSE),
            _ => Self::CutOff(CUT),
        };
        counted.is_multiple_of(EVERY).then_some((number, happens))
    }
}
