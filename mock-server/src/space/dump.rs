//! A space's world, written as a dump and replaced by one.

use serde_json::Value;

use super::{Outside, Space};
use crate::api::Pages;
use crate::engine::{Outbox, World};
use crate::state::{self, State};

impl Space {
    /// Makes this world the one of a dump. Clock mode, journal, faults and credentials stay,
    /// and the numbers of events go on.
    pub fn restore(&mut self, state: &State, outside: Outside) {
        let before = self.clock.now(outside.elapsed).wall;
        let wall = state.wall(self.clock.mode(), before);
        if wall != before {
            self.clock.set(wall, outside.elapsed);
        }
        let (schema, quirks) = (state.schema.clone(), state.quirks.clone());
        let mut world = World::new(state.seed, self.plugin.id, schema, quirks, state.limit);
        state.fill(&mut world, wall);
        world.quota.carry(&self.world.quota);
        world.outbox = Outbox::following(&self.world.outbox);
        self.world = world;
        self.cache.clear();
        self.pages = Pages::default();
    }

    /// The dump of this world.
    #[must_use]
    pub fn state(&mut self, outside: Outside) -> Value {
        let skewed = self.now(outside.elapsed).wall;
        let clock = (self.clock.now(outside.elapsed).wall, self.clock.mode());
        state::write(&mut self.world, clock, skewed)
    }
}
