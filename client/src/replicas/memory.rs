//! A store in memory, for tests and simulations: one ordered log with compare-and-set, and the settings that
//! are published.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::followed::Place;
use super::words::{LogAction, LogEvent, Publication};
use crate::WebsiteId;

/// What a reader sees of a website: its version, and its settings unless it was removed.
pub type Shown = (u64, Option<String>);

/// A store in memory. It grows with what is written, less what is trimmed.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    /// Entries, and when they were written by the store's clock.
    pub log: Vec<(Place, Bytes, Duration)>,
    /// The store's clock.
    pub clock: Duration,
    /// What readers see.
    pub published: BTreeMap<WebsiteId, Shown>,
    /// The version of the last batch.
    pub version: u64,
}

impl MemoryStore {
    /// The last entry of the log.
    pub fn end(&self) -> Option<Place> {
        self.log.last().map(|(place, ..)| *place)
    }

    /// Does what a replica asked for, and says what came of it.
    pub fn act(&mut self, action: LogAction) -> Option<LogEvent> {
        match action {
            LogAction::Append { after, sequence, place, entry } => {
                if after != self.end() {
                    return Some(LogEvent::Refused);
                }
                self.log.push((place, entry, self.clock));
                Some(LogEvent::Appended(sequence))
            }
            LogAction::Trim(before) => {
                self.log.retain(|(place, ..)| place.sequence >= before);
                None
            }
            LogAction::Publish(publication) => Some(self.publish(publication)),
        }
    }

    fn publish(&mut self, publication: Publication) -> LogEvent {
        let Publication { sequence, all, set, gone, .. } = publication;
        if sequence < self.version {
            return LogEvent::Published(sequence);
        }
        if all {
            for (id, shown) in &mut self.published {
                if !set.iter().any(|(_, website)| website.id == *id) {
                    *shown = (sequence, None);
                }
            }
        }
        let set = set.into_iter().map(|(version, website)| {
            (website.id, (version, Some(website.settings.as_json().to_owned())))
        });
        let gone = gone.into_iter().map(|(version, id)| (id, (version, None)));
        for (id, shown) in set.chain(gone) {
            if self.published.get(&id).is_none_or(|(known, _)| *known < shown.0) {
                self.published.insert(id, shown);
            }
        }
        self.version = sequence;
        LogEvent::Published(sequence)
    }

    /// What stands after this place, to the end.
    pub fn read(&self, after: Option<Place>) -> LogEvent {
        let from = match after {
            None => 0,
            Some(after) => match self.log.iter().position(|(place, ..)| *place == after) {
                Some(at) => at + 1,
                None => return LogEvent::Lost,
            },
        };
        let entries = self.log.iter().skip(from);
        let age = self.log.last().map_or(Duration::ZERO, |last| self.clock.saturating_sub(last.2));
        let entries = entries.map(|(place, entry, _)| (place.sequence, entry.clone())).collect();
        LogEvent::Read { entries, age, end: true }
    }
}
