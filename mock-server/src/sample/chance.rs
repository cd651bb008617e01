//! Chance, all of it from a seed.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

/// Where the chance of one website comes from. Every use has a stream of its own, so that a value
/// depends on what it is for and not on what was made before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source {
    pub seed: u64,
    pub number: u32,
    /// Counts from 0: settings that do not fit the schema are made again.
    pub attempt: u32,
}

/// Names a use of chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stream(u64);

impl Stream {
    pub const WEBSITE: Self = Self(1);
    pub const SETTINGS: Self = Self(2);

    /// The stream of a member. FNV-1a, written out here because it may never change.
    pub fn member(self, name: &str) -> Self {
        name.bytes().fold(self.item(0x5f), |stream, byte| stream.item(u64::from(byte)))
    }

    /// The stream of an item.
    pub fn item(self, index: u64) -> Self {
        Self((self.0 ^ 0xcbf2_9ce4_8422_2325 ^ index).wrapping_mul(0x0100_0000_01b3))
    }
}

impl Source {
    /// Chance for one use. `ChaCha8` and not a standard generator: its output is fixed for good.
    pub fn open(self, stream: Stream) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8..12].copy_from_slice(&self.number.to_le_bytes());
        key[12..16].copy_from_slice(&self.attempt.to_le_bytes());
        key[16..24].copy_from_slice(&stream.0.to_le_bytes());
        ChaCha8Rng::from_seed(key)
    }
}

/// One of several; `None` of nothing.
pub(super) fn pick<'a, T>(chance: &mut ChaCha8Rng, all: &'a [T]) -> Option<&'a T> {
    // Drawn as u64, since usize differs between machines.
    let last = (all.len() as u64).checked_sub(1)?;
    all.get(usize::try_from(chance.random_range(0..=last)).ok()?)
}

/// True once in so many times.
pub(super) fn one_in(chance: &mut ChaCha8Rng, times: u32) -> bool {
    chance.random_range(0..times) == 0
}
