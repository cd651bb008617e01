//! Swarm testing: each case leaves some features off.
//!
//! Features mask one another: a full list every minute repairs what a lost difference broke, and an
//! outage of ten minutes covers all that happens meanwhile. So each case first draws the features
//! that it has.

use crisp_mock_server::fault::Effect;

use super::Bounds;
use super::random::Random;

/// The features of a case.
#[derive(Debug, Clone, Copy)]
pub(super) struct Swarm {
    /// Websites come and go.
    pub(super) moves: bool,
    /// The plugin saves.
    pub(super) saves: bool,
    /// The client is started anew.
    pub(super) restarts: bool,
    /// Clocks are wrong, or are moved.
    pub(super) clocks: bool,
    /// Plans change.
    pub(super) plans: bool,
    /// Settings have every type of value.
    pub(super) rich: bool,
    /// The list has three pages or more.
    pub(super) pages: bool,
    /// The server behaves otherwise than by default.
    pub(super) quirks: bool,
    /// The client is set up otherwise than by default.
    pub(super) tuned: bool,
    /// Steps are tied to requests instead of times.
    pub(super) hooked: bool,
    /// Which effects faults may have, by their place in [`Effect::REQUEST_KEYS`]; none: no faults.
    effects: u32,
}

impl Swarm {
    pub(super) fn draw(random: &mut Random<'_>, bounds: Bounds) -> Self {
        let faulty = !random.once_in(4);
        let every = (1_u32 << Effect::REQUEST_KEYS.len()) - 1;
        // A few kinds together, or any.
        let effects = match (faulty, random.once_in(4)) {
            (false, _) => 0,
            (true, true) => every,
            (true, false) => {
                let mut some = 0;
                for _ in 0..random.between(1, 5) {
                    some |= 1_u32 << random.place(Effect::REQUEST_KEYS.len());
                }
                some
            }
        };
        Self {
            moves: random.coin(),
            saves: random.coin() && bounds.saves,
            restarts: random.once_in(4),
            clocks: random.once_in(3),
            plans: random.once_in(4),
            rich: random.coin(),
            pages: random.once_in(3),
            quirks: random.coin(),
            tuned: random.coin(),
            hooked: random.coin(),
            effects,
        }
    }

    /// The effects that faults may have.
    pub(super) fn effects(self) -> impl Iterator<Item = &'static str> {
        let allowed = move |place: usize| self.effects >> place & 1 == 1;
        Effect::REQUEST_KEYS
            .into_iter()
            .enumerate()
            .filter_map(move |(place, key)| allowed(place).then_some(key))
    }
}
