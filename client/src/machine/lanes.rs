//! The waits of the lanes: requests that fail and recover together.

use std::time::Duration;

use super::words::Lane;

/// The waits of the lanes.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    pub(super) poll: LaneState,
    pub(super) load: LaneState,
    pub(super) read: LaneState,
}

#[derive(Debug, Default)]
pub(super) struct LaneState {
    pub(super) not_before: Duration,
    pub(super) failures: u32,
}

impl Lanes {
    pub(super) fn of(&mut self, lane: Lane) -> &mut LaneState {
        match lane {
            Lane::Poll => &mut self.poll,
            Lane::Load => &mut self.load,
            Lane::Read => &mut self.read,
        }
    }
}
