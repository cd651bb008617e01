//! The journal: what was asked, what met it, how it was answered.
//!
//! Its memory is bounded twice, by entries and by bytes, and it says what it dropped. Counts by
//! operation and status stay exact after an entry is gone.

mod exchange;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Serialize;

pub use exchange::Exchange;

use crate::api::Unread;
use crate::clock::Stamp;
use crate::fault::Fired;
use crate::id::WebsiteId;
use crate::operation::Operation;

/// How many entries are kept at the most.
pub const MOST_ENTRIES: usize = 10_000;

/// How many bytes of text the entries may hold together.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// How many requests are kept with their headers and bodies, the newest.
pub const MOST_EXCHANGES: usize = 200;

/// How much of a path, a query or an explanation an entry keeps.
const LONGEST_TEXT: usize = 2_000;

/// How much of a method, or of the name of something unread, an entry keeps.
const LONGEST_NAME: usize = 100;

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Its number in this space, from 1; the answer carries it as `X-Mock-Request`.
    pub seq: u64,
    /// What the world's wall clock showed when it arrived.
    #[serde(serialize_with = "as_text")]
    pub time: Stamp,
    /// Milliseconds of the world's elapsed time when it arrived.
    pub elapsed_ms: u64,
    /// What it asked for.
    pub operation: Operation,
    /// 1-based index of the request among those of its operation.
    pub occurrence: u64,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its query, as sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// What its client calls itself (`User-Agent`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The website in its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<WebsiteId>,
    /// The same as a person writes it, where it has such a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website_name: Option<String>,
    /// The status it was answered with; none when no answer was sent.
    pub status: Option<u16>,
    /// How it ended: `answer`, `cut`, `drip`, `reset`, `close` or `hang`.
    pub outcome: &'static str,
    /// Whether it was carried out: no fault kept it from the API, and the API did not refuse it.
    pub carried_out: bool,
    /// Whether the client was gone before all of that had been done to it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client_left: bool,
    /// The faults that met it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fired>,
    /// What was sent and never read.
    #[serde(skip_serializing_if = "Unread::is_empty")]
    pub unread: Unread,
    /// Why it was refused, in words that name the fix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// Milliseconds from its arrival to the end of its answer; none while it lasts.
    pub duration_ms: Option<f64>,
}

fn as_text<S: serde::Serializer>(stamp: &Stamp, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(stamp)
}

impl Entry {
    /// Notes how long the request took, and whether its client disconnected before the end.
    pub fn finish(&mut self, took: Duration, client_left: bool) {
        self.duration_ms = Some(took.as_secs_f64() * 1_000.0);
        self.client_left = client_left;
    }

    fn bytes(&self) -> usize {
        let unread = &self.unread;
        let lists = [&unread.query, &unread.headers, &unread.body];
        let unread: usize = lists.into_iter().flatten().map(String::len).sum();
        let explanation = self.explanation.as_ref().map_or(0, String::len);
        size_of::<Self>()
            + self.method.len()
            + self.path.len()
            + self.query.len()
            + unread
            + explanation
            + self.agent.as_ref().map_or(0, String::len)
            + self.faults.len() * 64
    }
}

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this operation.
    pub operation: Option<Operation>,
    /// With a number above this.
    pub since_seq: u64,
    /// With a number below this.
    pub before_seq: Option<u64>,
    /// With this method.
    pub method: Option<String>,
    /// Answered with this status.
    pub status: Option<u16>,
    /// About this website.
    pub website: Option<WebsiteId>,
    /// Whose path contains this text.
    pub path: Option<String>,
}

impl Filter {
    /// Whether it lets an entry through.
    pub(crate) fn matches(&self, entry: &Entry) -> bool {
        entry.seq > self.since_seq
            && self.before_seq.is_none_or(|before| entry.seq < before)
            && self.operation.is_none_or(|operation| operation == entry.operation)
            && self.status.is_none_or(|status| Some(status) == entry.status)
            && self.website.is_none_or(|website| Some(website) == entry.website)
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&entry.method))
            && self.path.as_ref().is_none_or(|part| entry.path.contains(part.as_str()))
    }
}

/// The requests of one space.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    exchanges: VecDeque<(u64, Exchange)>,
    bytes: usize,
    dropped: u64,
    last_seq: u64,
    counts: BTreeMap<(Operation, Option<u16>), u64>,
}

impl Journal {
    /// The number that the next request will have.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.last_seq + 1
    }

    /// Adds a request; its number has to be [`Journal::next_seq`].
    pub fn push(&mut self, mut entry: Entry) {
        shorten(&mut entry.method, LONGEST_NAME);
        shorten(&mut entry.path, LONGEST_TEXT);
        shorten(&mut entry.query, LONGEST_TEXT);
        if let Some(agent) = &mut entry.agent {
            shorten(agent, LONGEST_NAME);
        }
        if let Some(explanation) = &mut entry.explanation {
            shorten(explanation, LONGEST_TEXT);
        }
        let unread = &mut entry.unread;
        for names in [&mut unread.query, &mut unread.headers, &mut unread.body] {
            names.iter_mut().for_each(|name| shorten(name, LONGEST_NAME));
        }
        self.last_seq = entry.seq;
        *self.counts.entry((entry.operation, entry.status)).or_default() += 1;
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        while self.entries.len() > MOST_ENTRIES || self.bytes > MOST_BYTES {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
            self.dropped += 1;
        }
    }

    /// Notes the end of a request, if its entry is still here.
    pub fn finish(&mut self, seq: u64, took: Duration, client_left: bool) {
        if let Some(entry) = self.entry(seq) {
            entry.finish(took, client_left);
        }
    }

    /// Notes that the client of a request ended its side before its answer was out, if its entry is
    /// still here.
    pub fn client_ended(&mut self, seq: u64) {
        if let Some(entry) = self.entry(seq) {
            entry.client_left = true;
        }
    }

    /// Replaces what is said of a request, if its entry is still here.
    pub fn explain(&mut self, seq: u64, mut text: String) {
        shorten(&mut text, LONGEST_TEXT);
        if let Some(entry) = self.entry(seq) {
            let before = entry.bytes();
            entry.explanation = Some(text);
            let after = entry.bytes();
            self.bytes = self.bytes + after - before;
        }
    }

    /// Keeps what went over the wire for an entry; of older ones it is forgotten.
    pub fn keep(&mut self, seq: u64, exchange: Exchange) {
        self.exchanges.push_back((seq, exchange));
        if self.exchanges.len() > MOST_EXCHANGES {
            self.exchanges.pop_front();
        }
    }

    /// What went over the wire for an entry, if that is still known.
    #[must_use]
    pub fn exchange(&self, seq: u64) -> Option<&Exchange> {
        self.exchanges.iter().find(|(kept, _)| *kept == seq).map(|(_, exchange)| exchange)
    }

    /// The entry with this number, if it is still here.
    #[must_use]
    pub fn find(&self, seq: u64) -> Option<&Entry> {
        let first = self.entries.front()?.seq;
        let index = usize::try_from(seq.checked_sub(first)?).ok()?;
        self.entries.get(index).filter(|entry| entry.seq == seq)
    }

    /// The number of the newest request that there ever was; 0 before the first.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The newest entry.
    #[must_use]
    pub fn last(&self) -> Option<&Entry> {
        self.entries.back()
    }

    fn entry(&mut self, seq: u64) -> Option<&mut Entry> {
        let first = self.entries.front().map_or(0, |entry| entry.seq);
        let index = usize::try_from(seq.wrapping_sub(first)).unwrap_or(usize::MAX);
        self.entries.get_mut(index).filter(|entry| entry.seq == seq)
    }

    /// The entries that a filter lets through, oldest first.
    pub fn entries<'a>(&'a self, filter: &'a Filter) -> impl DoubleEndedIterator<Item = &'a Entry> {
        self.entries.iter().filter(|entry| filter.matches(entry))
    }

    /// How many entries were dropped for want of room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many requests of each operation ended with each status, dropped ones included.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Operation, BTreeMap<String, u64>> {
        let mut by_operation: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for ((operation, status), count) in &self.counts {
            let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
            by_operation.entry(*operation).or_default().insert(status, *count);
        }
        by_operation
    }

    /// How many requests there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// Empties the journal; numbers go on from where they are.
    pub fn clear(&mut self) {
        *self = Self { last_seq: self.last_seq, ..Self::default() };
    }
}

fn shorten(text: &mut String, longest: usize) {
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest));
        text.push('…');
    }
    text.shrink_to_fit(); // a text that was cut keeps the room it had
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, path: String) -> Entry {
        Entry {
            seq,
            time: Stamp(0),
            elapsed_ms: 0,
            operation: Operation::List,
            occurrence: seq,
            method: "GET".into(),
            path,
            query: String::new(),
            agent: None,
            website: None,
            website_name: None,
            status: Some(206),
            outcome: "answer",
            carried_out: true,
            client_left: false,
            faults: Vec::new(),
            unread: Unread::default(),
            explanation: None,
            duration_ms: None,
        }
    }

    #[test]
    fn memory_is_bounded_and_what_was_dropped_is_counted() {
        let mut journal = Journal::default();
        for seq in 1..=30_000 {
            journal.push(entry(seq, "x".repeat(5_000)));
        }
        assert!(journal.bytes <= MOST_BYTES);
        let kept = journal.entries(&Filter::default()).count() as u64;
        assert_eq!(journal.dropped() + kept, 30_000);
        assert_eq!(journal.counts()[&Operation::List]["206"], 30_000);
    }

    #[test]
    fn a_duration_finds_its_entry_after_others_were_dropped() {
        let mut journal = Journal::default();
        for seq in 1..=(MOST_ENTRIES as u64 + 5) {
            journal.push(entry(seq, String::new()));
        }
        journal.finish(3, Duration::from_millis(1), false);
        journal.finish(10, Duration::from_millis(250), false);
        let filter = Filter { since_seq: 9, ..Filter::default() };
        assert_eq!(
            journal.entries(&filter).next().and_then(|entry| entry.duration_ms),
            Some(250.0)
        );
    }

    #[test]
    fn what_went_over_the_wire_is_known_of_the_newest_requests_alone_and_cut() {
        let mut journal = Journal::default();
        let newest = MOST_EXCHANGES as u64 + 3;
        for seq in 1..=newest {
            journal.push(entry(seq, String::new()));
            let length = if seq == newest { 100_000 } else { 9_000 };
            let mut request = http::Request::new(bytes::Bytes::from("x".repeat(length)));
            request.headers_mut().insert("x-odd", http::HeaderValue::from_static("a: b"));
            journal.keep(seq, Exchange::of(&request, None));
        }
        assert!(journal.exchange(3).is_none());
        for (seq, length) in [(newest, 100_000), (newest - 1, 9_000)] {
            let kept = serde_json::to_value(journal.exchange(seq).unwrap()).unwrap();
            assert_eq!(kept["request"]["bytes"], length);
            assert_eq!(kept["request"]["body"].as_str().map(str::len), Some(8 << 10));
            assert_eq!(kept["request"]["headers"], serde_json::json!([["x-odd", "a: b"]]));
        }
        assert_eq!(journal.find(3).map(|entry| entry.seq), Some(3));
    }

    #[test]
    fn numbers_go_on_after_the_journal_was_emptied() {
        let mut journal = Journal::default();
        journal.push(entry(1, String::new()));
        journal.clear();
        assert_eq!(journal.next_seq(), 2);
        assert_eq!(journal.total(), 0);
    }
}
