//! The recent past: what changed, in order, so that an earlier state can be seen again.
//!
//! Stale answers, lagging reads and the differential that reports every change read from here. The
//! past is bounded: [`MOST_CHANGES`] in number, [`MOST_BYTES`] in settings. (How far back an answer
//! may be stale is [`REACH`].)

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

use crate::engine::World;
use crate::engine::directory::Directory;
use crate::engine::website::Record;
use crate::id::WebsiteId;

/// How far back an answer can be stale.
pub const REACH: Duration = Duration::from_secs(600);

/// How many changes are kept at the most: at about 600 bytes each, some 12 MB.
pub const MOST_CHANGES: usize = 20_000;

/// How many bytes the settings in them may have together; the newest change always stays.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What kind of change it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The website installed the plugin.
    Installed,
    /// Its settings, plan or price changed.
    Updated,
    /// It uninstalled the plugin.
    Removed,
}

/// Who changes a website.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Writer {
    /// A person at the dashboard.
    Operator,
    /// The plugin, with its token.
    Plugin,
    /// The control API in an operator's place: the page, `ctl`, a test.
    Control,
}

/// One change of one website.
#[derive(Debug, Clone)]
pub struct Change {
    /// When, on elapsed time.
    pub elapsed: Duration,
    /// Which kind.
    pub kind: Kind,
    /// Whether the differential may speak of it.
    pub reported: bool,
    /// Whose.
    pub id: WebsiteId,
    /// What was known before.
    pub before: Option<Record>,
    /// What is known since.
    pub after: Record,
    /// Who made it.
    pub by: Writer,
}

/// The changes that are still remembered, oldest first.
#[derive(Debug, Clone, Default)]
pub struct History {
    changes: VecDeque<Change>,
    /// Of the settings that the changes left.
    bytes: usize,
    forgotten: u64,
}

fn settings_bytes(change: &Change) -> usize {
    change.after.website().settings_or_empty().len()
}

impl History {
    /// Remembers a change, and forgets the oldest when there are too many.
    pub fn push(&mut self, change: Change) {
        self.bytes += settings_bytes(&change);
        self.changes.push_back(change);
        while self.changes.len() > MOST_CHANGES
            || (self.bytes > MOST_BYTES && self.changes.len() > 1)
        {
            self.bytes -= self.changes.pop_front().as_ref().map_or(0, settings_bytes);
            self.forgotten += 1;
        }
    }

    /// The changes that are remembered and had happened at `elapsed`, oldest first.
    pub fn until(&self, elapsed: Duration) -> impl Iterator<Item = &Change> {
        self.changes.iter().take_while(move |change| change.elapsed <= elapsed)
    }

    /// The changes that are remembered, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().rev()
    }

    /// How many changes there were, forgotten ones included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.forgotten + self.changes.len() as u64
    }

    /// Names who made all changes after the first `total`.
    pub fn ascribe(&mut self, total: u64, by: Writer) {
        let newer = usize::try_from(self.total().saturating_sub(total)).unwrap_or(usize::MAX);
        self.changes.iter_mut().rev().take(newer).for_each(|change| change.by = by);
    }

    /// Whether changes were forgotten.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.forgotten > 0
    }

    /// The directory as it was at `elapsed`, or as far back as is remembered.
    #[must_use]
    pub fn as_of<'a>(&self, directory: &'a Directory, elapsed: Duration) -> Cow<'a, Directory> {
        let mut past = Cow::Borrowed(directory);
        for change in self.changes.iter().rev().take_while(|change| change.elapsed > elapsed) {
            past.to_mut().put(change.id, change.before.clone());
        }
        past
    }
}

impl World {
    /// How many changes there were since it began, forgotten ones included.
    #[must_use]
    pub fn recorded(&self) -> u64 {
        self.history.total()
    }

    /// Names who made all changes after the first `recorded`, as far as they are remembered.
    pub fn ascribe(&mut self, recorded: u64, by: Writer) {
        self.history.ascribe(recorded, by);
    }
}
