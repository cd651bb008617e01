//! A world as a document: taken from a running one, started from later.
//!
//! A dump holds the websites (those that left, too), their settings, the clock, the quota, the
//! quirks and the schema. It does not hold what belongs to one run: journal, faults, events, and
//! the past that stale answers reach back to. It holds no credentials of the plugin either, so
//! that any space can start from it; the websites' own tokens are in it.
//!
//! Every dump carries [`VERSION`]. One of another version is refused with an explanation, never
//! half understood.

mod read;
mod website;
mod write;

use std::sync::Arc;

pub(crate) use write::write;

use crate::clock::{Mode, Stamp};
use crate::engine::{Bill, Record, World, numbers};
use crate::id::WebsiteId;
use crate::quirks::{Numbers, Quirks};
use crate::schema::SettingsSchema;

/// The version of the documents that this crate writes and reads.
pub const VERSION: u64 = 1;

/// A dump that was read and judged: nothing can go wrong any more when a world starts from it.
///
/// # Examples
///
/// ```
/// use crisp_mock_server::state::State;
///
/// let state = State::parse(&serde_json::json!({
///     "version": 1,
///     "websites": { "w1": { "settings": { "message": "Hello" } } },
/// }));
/// assert!(state.is_ok());
///
/// let errors = State::parse(&serde_json::json!({ "version": 7 })).unwrap_err();
/// assert!(errors[0].to_string().contains("version 7"));
/// ```
#[derive(Debug, Clone)]
pub struct State {
    /// What the clock showed, if the document says.
    pub now: Option<Stamp>,
    /// Whether time passed by itself, if the document says.
    pub mode: Option<Mode>,
    /// The seed, from which the tokens of later installations follow.
    pub seed: u64,
    /// The schema.
    pub schema: SettingsSchema,
    /// The quirks.
    pub quirks: Quirks,
    /// Requests a day.
    pub limit: Option<u64>,
    /// Requests that count as made.
    pub used: u64,
    /// How many changes the world had seen.
    changes: u64,
    websites: Vec<Dumped>,
}

/// One website of a dump.
#[derive(Debug, Clone)]
struct Dumped {
    id: WebsiteId,
    record: website::Draft,
    bills: Vec<Bill>,
}

impl State {
    /// What the wall shows at the start of a world that goes on from here.
    ///
    /// A manual clock goes on where it stood. A real one shows the real time, unless the dump is
    /// from later than that: time that websites changed at does not lie ahead.
    #[must_use]
    pub fn wall(&self, mode: Mode, outside: Stamp) -> Stamp {
        match (mode, self.now) {
            (_, None) => outside,
            (Mode::Manual, Some(now)) => now,
            (Mode::Real, Some(now)) => now.max(outside),
        }
    }

    /// Fills a world with the websites, and spends the quota that was spent.
    pub(crate) fn fill(&self, world: &mut World, wall: Stamp) {
        let mut seq = self.changes;
        let origin = Origin { seed: self.seed, wall, numbers: world.quirks.numbers };
        let records: Vec<Record> = self
            .websites
            .iter()
            .map(|dumped| dumped.record.record(dumped.id, origin, &mut seq))
            .collect();
        world.restore(records, seq);
        for dumped in &self.websites {
            for bill in &dumped.bills {
                world.usage.add(dumped.id, bill.clone());
            }
        }
        // Spent on the day of the dump, which may be over.
        let then = self.now.unwrap_or(wall).0;
        let then = then.saturating_add(world.quirks.clock_offset.millis);
        let reset = world.quirks.quota_reset;
        world.quota.set_used(self.used, Stamp(then), reset);
    }
}

/// What the records of a dump have in common.
#[derive(Debug, Clone, Copy)]
struct Origin {
    seed: u64,
    /// What the wall shows at the start of the world.
    wall: Stamp,
    numbers: Numbers,
}

impl Origin {
    /// Settings as the engine keeps them.
    fn text(self, settings: &serde_json::Map<String, serde_json::Value>) -> Arc<str> {
        numbers::json(settings, self.numbers).unwrap_or_default().into()
    }
}
