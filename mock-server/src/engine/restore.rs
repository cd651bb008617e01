//! What a dump has to know of a world, and how one comes back from it.

use crate::engine::World;
use crate::engine::website::Record;

impl World {
    /// Makes these records what is known of their websites, as something that happened before the
    /// world began; `changes` is the number of its last change.
    pub(crate) fn restore(&mut self, records: Vec<Record>, changes: u64) {
        self.directory.reserve(records.len());
        for record in records {
            self.directory.put(record.website().id, Some(record));
        }
        self.seq = self.seq.max(changes);
        self.generation += 1;
    }

    /// The number of the last change.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.seq
    }

    /// The seed, from which tokens follow.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }
}
