//! A message of the log: an entry, or a part of one.
//!
//! The headers give every message a number of ours. It is as far from the number that the server gives as that of every other
//! message there, so each follows from the other. An entry has the number of its last part.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

/// The number of the message in the log.
pub(super) const NUMBER: &str = "Crisp-Number";
/// The name of the entry.
pub(super) const NAME: &str = "Crisp-Entry";
/// Which part of the entry it is, from 1, and of how many: `1/3`.
pub(super) const PART: &str = "Crisp-Part";

#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its number in the stream.
    pub(super) at: u64,
    /// Its number in the log.
    pub(super) number: u64,
    pub(super) name: String,
    part: (u64, u64),
    data: Bytes,
    time: Timestamp,
}

impl Part {
    /// The message with these headers; none, if it is no part of an entry.
    pub(super) fn new<'a>(
        (at, time): (u64, Timestamp),
        header: impl Fn(&str) -> Option<&'a str>,
        data: Bytes,
    ) -> Option<Self> {
        let number = header(NUMBER)?.parse().ok()?;
        let name = header(NAME)?.to_owned();
        let (part, of) = header(PART)?.split_once('/')?;
        let part = (part.parse().ok()?, of.parse().ok()?);
        Some(Self { at, number, name, part, data, time })
    }

    /// Where in the stream the message with this number of the log is; none, if it comes later.
    pub(super) fn place_of(&self, number: u64) -> Option<u64> {
        self.at.checked_sub(self.number.checked_sub(number)?)
    }

    /// Whether it comes right after this one, or is the first of those from this number on. A log that is read from 1 begins
    /// where it was trimmed.
    pub(super) fn continues(&self, before: Option<&Self>, from: u64) -> bool {
        match before {
            Some(before) => self.at == before.at.saturating_add(1),
            None => from == 1 || self.at == from,
        }
    }

    /// How many parts of the same entry stand before it.
    pub(super) fn before_it(&self) -> u64 {
        self.part.0.saturating_sub(1)
    }

    pub(super) fn is_last(&self) -> bool {
        self.part.0 >= self.part.1
    }

    pub(super) fn size(&self) -> usize {
        self.data.len()
    }

    /// How long before this time of the server it was written.
    pub(super) fn age(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.time)).unwrap_or_default()
    }
}

/// The entries that these parts are, with their numbers. What is not whole at the end is left out.
pub(super) fn assemble(parts: Vec<Part>) -> Vec<(u64, Bytes)> {
    let mut entries = Vec::new();
    let mut open: Vec<Bytes> = Vec::new();
    for part in parts {
        let last = part.is_last();
        open.push(part.data);
        if last {
            let whole = match &open[..] {
                [only] => only.clone(),
                several => several.concat().into(),
            };
            entries.push((part.number, whole));
            open.clear();
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(at: u64, number: u64, part: &str, data: &'static str) -> Part {
        let number = number.to_string();
        let header = |name: &str| match name {
            NUMBER => Some(&*number),
            NAME => Some("a-1"),
            PART => Some(part),
            _ => None,
        };
        Part::new((at, Timestamp::UNIX_EPOCH), header, Bytes::from(data)).unwrap()
    }

    #[test]
    fn the_parts_of_an_entry_are_one_entry_with_the_number_of_the_last() {
        let parts = vec![
            part(5, 105, "1/1", "one"),
            part(6, 106, "1/2", "tw"),
            part(7, 107, "2/2", "o"),
            part(8, 108, "1/2", "thr"),
        ];
        let entries = assemble(parts);
        let expected = [(105, Bytes::from("one")), (107, Bytes::from("two"))];
        assert_eq!(entries, expected, "half an entry is none");
    }

    #[test]
    fn a_message_behind_a_gap_does_not_continue_what_was_read() {
        let [first, next, later] = [5, 6, 9].map(|at| part(at, at + 100, "1/1", "one"));
        assert!(first.continues(None, 1), "the log was trimmed before it is read");
        assert!(first.continues(None, 5) && next.continues(Some(&first), 5));
        assert!(!first.continues(None, 4) && !later.continues(Some(&next), 5));
    }

    #[test]
    fn a_number_of_the_log_says_where_in_the_stream_it_is() {
        let last = part(8, 108, "1/1", "");
        assert_eq!(last.place_of(106), Some(6));
        assert_eq!(last.place_of(109), None);
        assert_eq!(last.place_of(99), None);
    }
}
