//! What is noted of every request while the command runs, in bounded memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crisp_mock_server::journal::Entry;
use crisp_mock_server::operation::Operation;
use crisp_mock_server::space::DEFAULT;
use crisp_mock_server::spaces::Listener;
use parking_lot::Mutex;

use crate::journal_file::JournalFile;

/// How many requests are shown when the command fails.
pub const LAST: usize = 20;
/// How many different faults are counted; further ones are left out.
const MOST_FAULTS: usize = 1_000;

/// What the requests came to, over all spaces.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Counts>);

/// The counts.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Requests of each operation.
    pub operations: BTreeMap<Operation, u64>,
    /// How often each fault fired.
    pub faults: BTreeMap<String, u64>,
    /// The latest request that met no route.
    pub unmatched: Option<String>,
    /// The latest requests, oldest first, with the space of those in another than the default one.
    pub last: VecDeque<(Option<String>, Entry)>,
}

/// A listener that tells the tally, and the file if there is one.
pub fn listener(tally: &Arc<Tally>, journal: &Arc<Option<JournalFile>>) -> Listener {
    let (tally, journal) = (Arc::clone(tally), Arc::clone(journal));
    Arc::new(move |space: &str, entry: &Entry| {
        tally.note(space, entry);
        if let Some(journal) = journal.as_ref() {
            journal.note(space, entry);
        }
    })
}

impl Tally {
    fn note(&self, space: &str, entry: &Entry) {
        let mut counts = self.0.lock();
        *counts.operations.entry(entry.operation).or_default() += 1;
        for fired in &entry.faults {
            let fault = fired.fault.to_value().to_string();
            if counts.faults.len() < MOST_FAULTS || counts.faults.contains_key(&fault) {
                *counts.faults.entry(fault).or_default() += 1;
            }
        }
        if entry.operation == Operation::Unmatched {
            let why = entry.explanation.as_deref().unwrap_or("no such route");
            counts.unmatched = Some(format!("{} {}: {why}", entry.method, entry.path));
        }
        if counts.last.len() == LAST {
            counts.last.pop_front();
        }
        let space = (space != DEFAULT).then(|| space.to_owned());
        counts.last.push_back((space, entry.clone()));
    }

    /// The counts so far.
    pub fn counts(&self) -> Counts {
        self.0.lock().clone()
    }
}
