//! What a search has met: which fault, at which operation, in which phase of the client's life.
//!
//! A search that passes says little if its faults never met a client that was listing again. The
//! table of what was met is printed after each search, and a long one fails for a cell that can be
//! reached and stayed empty.

use std::fmt::Write;

use crisp_mock_server::fault::Effect;
use crisp_mock_server::operation::Operation;
use serde::Serialize;

use crate::dimensions::Dimensions;
use crate::history::{History, Request};
use crate::scenario::Scenario;

/// What a client is doing when it sends a request. Each request has one, the first that fits.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Phase {
    /// Its last request of this operation failed.
    Retrying,
    /// It has no complete set yet.
    Loading,
    /// It writes, or reads back what it wrote.
    Saving,
    /// It reads the whole list again, or checks it.
    #[strum(serialize = "re-listing")]
    Relisting,
    /// It polls.
    Steady,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Loading, Self::Steady, Self::Retrying, Self::Relisting, Self::Saving];

    /// As people read it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The operations of a client that caches settings.
pub const OPERATIONS: [Operation; 5] = [
    Operation::List,
    Operation::Since,
    Operation::GetSettings,
    Operation::SaveSettings,
    Operation::UpdateSettings,
];

const EFFECTS: usize = Effect::REQUEST_KEYS.len();

/// How often each effect met each operation in each phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    counts: [[[u64; 5]; 5]; EFFECTS],
    /// How varied the cases were.
    pub dimensions: Dimensions,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { counts: [[[0; 5]; 5]; EFFECTS], dimensions: Dimensions::default() }
    }
}

/// One cell that was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// The key of the effect.
    pub fault: &'static str,
    /// The operation it met.
    pub operation: &'static str,
    /// What the client was doing.
    pub phase: Phase,
    /// How often.
    pub count: u64,
}

impl Coverage {
    /// Adds what a run has met.
    pub fn see(&mut self, scenario: &Scenario, history: &History) {
        self.dimensions.see(scenario, history.now());
        let clocks: Vec<_> = scenario
            .faults
            .faults
            .iter()
            .filter(|fault| matches!(fault.effect, Effect::Clock(_)))
            .filter_map(|fault| fault.window)
            .collect();
        if clocks.is_empty() && !history.requests.iter().any(Request::met_fault) {
            return;
        }
        let mut phases = Phases::new(history);
        for request in &history.requests {
            let phase = phases.of(request);
            let Some(operation) = place(request.operation) else {
                continue;
            };
            let wrong_clock = clocks.iter().any(|window| window.is_open(request.sent));
            let keys = request.faults.iter().copied();
            for key in keys.chain(wrong_clock.then_some("clock")) {
                if let Some(effect) = Effect::REQUEST_KEYS.iter().position(|known| *known == key) {
                    self.counts[effect][operation][phase as usize] += 1;
                }
            }
        }
    }

    /// Adds what another search has met.
    pub fn add(&mut self, other: &Self) {
        let ours = self.counts.iter_mut().flatten().flatten();
        let theirs = other.counts.iter().flatten().flatten();
        ours.zip(theirs).for_each(|(ours, theirs)| *ours += theirs);
        self.dimensions.add(&other.dimensions);
    }

    /// How often this effect met this operation in this phase.
    #[must_use]
    pub fn count(&self, effect: &str, operation: Operation, phase: Phase) -> u64 {
        let effect = Effect::REQUEST_KEYS.iter().position(|known| *known == effect);
        effect.zip(place(operation)).map_or(0, |(e, o)| self.counts[e][o][phase as usize])
    }

    /// All cells that were met, and those that can be reached and were not.
    pub fn cells(&self) -> impl Iterator<Item = Cell> {
        every_cell().filter_map(|(fault, operation, phase)| {
            let count = self.count(fault, operation, phase);
            let cell = Cell { fault, operation: operation.name(), phase, count };
            (count > 0 || is_reachable(fault, operation, phase)).then_some(cell)
        })
    }

    /// The cells that a search of the reference can reach and this one did not.
    #[must_use]
    pub fn missing(&self) -> Vec<Cell> {
        self.cells().filter(|cell| cell.count == 0).collect()
    }

    /// Phases down, operations across: how many faults met what.
    #[must_use]
    pub fn table(&self) -> String {
        let sum = |operation: Operation, phase: Phase| -> u64 {
            let keys = Effect::REQUEST_KEYS.iter();
            keys.map(|key| self.count(key, operation, phase)).sum()
        };
        table("phase", Phase::ALL.map(|phase| (phase.name(), phase)), sum)
    }

    /// Effects down, operations across, for one phase.
    #[must_use]
    pub fn table_of(&self, phase: Phase) -> String {
        let rows = Effect::REQUEST_KEYS.into_iter().map(|key| (key, key));
        table(phase.name(), rows, |operation, key| self.count(key, operation, phase))
    }
}

fn every_cell() -> impl Iterator<Item = (&'static str, Operation, Phase)> {
    Effect::REQUEST_KEYS.into_iter().flat_map(|key| {
        OPERATIONS
            .into_iter()
            .flat_map(move |operation| Phase::ALL.map(|phase| (key, operation, phase)))
    })
}

/// Whether a search of the reference meets this, given enough cases.
#[must_use]
pub fn is_reachable(effect: &str, operation: Operation, phase: Phase) -> bool {
    let in_phase = match operation {
        Operation::List => !matches!(phase, Phase::Steady | Phase::Saving),
        Operation::Since => phase != Phase::Saving,
        Operation::GetSettings => {
            matches!(phase, Phase::Loading | Phase::Saving | Phase::Retrying)
        }
        // A save is one request, sent once: what fails is read back, not sent again.
        _ => matches!(phase, Phase::Loading | Phase::Saving),
    };
    let fits = match effect {
        "stale" => matches!(operation, Operation::List | Operation::Since | Operation::GetSettings),
        "empty_page" | "short_page" => matches!(operation, Operation::List | Operation::Since),
        "repeat_page" => operation == Operation::List,
        _ => true,
    };
    in_phase && fits
}

fn place(operation: Operation) -> Option<usize> {
    OPERATIONS.iter().position(|known| *known == operation)
}

fn table<T: Copy>(
    title: &str,
    rows: impl IntoIterator<Item = (&'static str, T)>,
    count: impl Fn(Operation, T) -> u64,
) -> String {
    let mut out = format!("  {title:<15}");
    for operation in OPERATIONS {
        let _ = write!(out, "{:>16}", operation.name());
    }
    out.push('\n');
    for (name, row) in rows {
        let _ = write!(out, "  {name:<15}");
        for operation in OPERATIONS {
            let shown = match count(operation, row) {
                0 => "–".to_owned(),
                some => some.to_string(),
            };
            let _ = write!(out, "{shown:>16}");
        }
        out.push('\n');
    }
    out
}

/// Follows a client through its life.
struct Phases {
    /// For each life, when it became ready.
    ready: Vec<Option<std::time::Duration>>,
    life: u32,
    /// For each operation, whether its last request failed.
    failed: [bool; 5],
    /// Whether the list is being read again.
    listing: bool,
}

impl Phases {
    fn new(history: &History) -> Self {
        use crate::history::What;
        let mut ready = vec![None];
        for event in &history.events {
            match event.what {
                What::Ready => {
                    if let Some(last) = ready.last_mut() {
                        *last = Some(event.at);
                    }
                }
                What::Restart => ready.push(None),
                _ => {}
            }
        }
        Self { ready, life: 0, failed: [false; 5], listing: false }
    }

    fn of(&mut self, request: &Request) -> Phase {
        if request.life != self.life {
            (self.life, self.failed, self.listing) = (request.life, [false; 5], false);
        }
        let ready = self.ready.get(request.life as usize).copied().flatten();
        let place = place(request.operation);
        let again = place.is_some_and(|place| self.failed[place]);
        if let Some(place) = place {
            self.failed[place] = request.quality.is_failure();
        }
        let was_listing = self.listing;
        self.listing = request.operation == Operation::List;
        if again {
            Phase::Retrying
        } else if ready.is_none_or(|ready| request.sent < ready) {
            Phase::Loading
        } else if request.is_save() || request.operation == Operation::GetSettings {
            Phase::Saving
        } else if self.listing || was_listing {
            Phase::Relisting
        } else {
            Phase::Steady
        }
    }
}
