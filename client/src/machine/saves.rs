//! The saves that have no end yet, and the websites that are to be read alone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::event::How;
use super::flight::Flight;
use super::words::{Exchange, Job, Save};
use crate::{Config, Website, WebsiteId, Websites};

/// Saves in the order of their orders, and reads in that of the websites.
#[derive(Debug)]
pub(super) struct Saves {
    /// Orders that were not sent yet.
    queue: VecDeque<Save>,
    reads: BTreeMap<WebsiteId, Read>,
    patience: Duration,
    settle: Duration,
    overlap: Duration,
}

/// A save that was answered, or lost, and is being read back.
#[derive(Debug)]
pub(super) struct OpenSave {
    pub(super) save: Save,
    /// Why its answer says nothing; `None` when it was a definite yes.
    pub(super) unclear: Option<Unclear>,
    /// When the answer, or its loss, was known.
    pub(super) since: Duration,
}

/// A save of which it is not known whether it was carried out.
#[derive(Debug)]
pub(super) struct Unclear {
    /// What was wrong with the answer.
    pub(super) problem: String,
    /// The website as it was known until then.
    pub(super) before: Option<Arc<Website>>,
}

/// An order to read one website alone.
#[derive(Debug)]
pub(super) struct Read {
    due: Duration,
    /// Whether something else already said that the website is gone.
    pub(super) said_gone: bool,
    /// Since when its answers come out of a cache.
    cached_since: Option<Duration>,
    /// Since when, and how many times, reading said that the website is gone, against the cache.
    pub(super) missing: Option<(Duration, u32)>,
    pub(super) save: Option<OpenSave>,
}

impl Read {
    fn due(due: Duration) -> Self {
        Self { due, said_gone: false, cached_since: None, missing: None, save: None }
    }
}

impl Saves {
    pub(super) fn new(config: &Config) -> Self {
        let Config { save_patience: patience, settle, overlap, .. } = *config;
        Self { queue: VecDeque::new(), reads: BTreeMap::new(), patience, settle, overlap }
    }

    /// Takes an order.
    pub(super) fn order(&mut self, save: Save) {
        self.queue.push_back(save);
    }

    /// Takes an order that goes before all others.
    pub(super) fn order_first(&mut self, save: Save) {
        self.queue.push_front(save);
    }

    /// The first order that may be sent, with its place: one at a time for each website.
    pub(super) fn next(&self, flight: &Flight) -> Option<(usize, &Save)> {
        let busy = |website: &WebsiteId| {
            flight.count(|job| matches!(job, Job::Save(s) if s.website == *website)) > 0
                || self.reads.get(website).is_some_and(|read| read.save.is_some())
        };
        self.queue.iter().enumerate().find(|(_, save)| !busy(&save.website))
    }

    /// Takes the order at this place out.
    pub(super) fn take(&mut self, place: usize) -> Option<Save> {
        self.queue.remove(place)
    }

    /// The website that is to be read next, and when.
    pub(super) fn next_read(&self, flight: &Flight) -> Option<(WebsiteId, Duration)> {
        let under_way = |website: &WebsiteId| {
            flight.count(|job| matches!(job, Job::Read(other) if other == website)) > 0
        };
        let reads = self.reads.iter().filter(|(website, _)| !under_way(website));
        let (website, read) = reads.min_by_key(|(_, read)| read.due)?;
        Some((*website, read.due))
    }

    /// Whether anything waits that needs the plugin's identifier in its address.
    pub(super) fn are_waiting(&self) -> bool {
        !self.queue.is_empty() || !self.reads.is_empty()
    }

    /// Saves that wait for being sent, for an answer or for a definite end.
    pub(super) fn open(&self, flight: &Flight) -> usize {
        let in_flight = flight.count(|job| matches!(job, Job::Save(_)));
        let reading = self.reads.values().filter(|read| read.save.is_some()).count();
        self.queue.len() + in_flight + reading
    }

    /// Reads the website of this save back at once. A read that waits already does it.
    pub(super) fn read_back(&mut self, save: Save, unclear: Option<Unclear>, now: Duration) {
        let read = self.reads.entry(save.website).or_insert_with(|| Read::due(now));
        read.due = now;
        read.cached_since = None;
        read.save = Some(OpenSave { save, unclear, since: now });
    }

    /// Reads the website of this save back once more.
    pub(super) fn read_again(&mut self, open: OpenSave, due: Duration) {
        let read = Read { save: Some(open), ..Read::due(due) };
        if let Some(OpenSave { save, .. }) = &read.save {
            self.reads.insert(save.website, read);
        }
    }

    /// Orders that a website be read alone.
    pub(super) fn look_into(&mut self, id: WebsiteId, due: Duration, said_gone: bool) {
        let read = self.reads.entry(id).or_insert_with(|| Read::due(due));
        read.said_gone |= said_gone;
    }

    /// Reads a website again that reading called gone, against the cache, since then.
    pub(super) fn doubt_absence(&mut self, id: WebsiteId, due: Duration, missing: (Duration, u32)) {
        self.reads.insert(id, Read { missing: Some(missing), ..Read::due(due) });
    }

    /// Whether this answer to a read is out of a cache, and is asked for again. After the overlap,
    /// the longest that a cache within the envelope lives, it is taken all the same.
    pub(super) fn distrusts(&mut self, id: &WebsiteId, exchange: &Exchange) -> bool {
        let Some(read) = self.reads.get_mut(id).filter(|_| exchange.cached) else { return false };
        let now = exchange.received.elapsed;
        now.saturating_sub(*read.cached_since.get_or_insert(now)) < self.overlap
    }

    /// The cache changed in this website, and an HTTP cache may not know of that yet: the patience
    /// with what comes out of it begins anew.
    pub(super) fn website_changed(&mut self, id: &WebsiteId) {
        if let Some(read) = self.reads.get_mut(id) {
            read.cached_since = None;
        }
    }

    /// Whether a website is to be read that is not among these and that nothing calls gone.
    pub(super) fn seek_one_beside(&self, known: &Websites) -> bool {
        self.reads.iter().any(|(id, read)| !read.said_gone && !known.contains(id))
    }

    /// How many websites wait to be read.
    pub(super) fn names(&self) -> usize {
        self.reads.len()
    }

    /// Ends the order to read this website.
    pub(super) fn end_read(&mut self, id: &WebsiteId) -> Option<Read> {
        self.reads.remove(id)
    }

    /// Whether there is an order to read this website.
    pub(super) fn reads(&self, id: &WebsiteId) -> bool {
        self.reads.contains_key(id)
    }

    /// A website as a list has it, under a definite save that is still being read back. `None`:
    /// there is no such save.
    pub(super) fn over(&self, listed: &Website) -> Option<Website> {
        let open = self.reads.get(&listed.id)?.save.as_ref()?;
        // What a PATCH made of the whole is not guessed: that may be a state that never was (W4).
        let definite = open.unclear.is_none() && open.save.how == How::Put;
        definite.then(|| open.save.over(listed)).flatten()
    }

    /// When a save has settled that was answered, or lost, then: from then on what is read counts.
    pub(super) fn settles(&self, open: &OpenSave) -> Duration {
        open.since + self.settle
    }

    /// Whether the caller of this save still waits.
    pub(super) fn is_patient(&self, open: &OpenSave, now: Duration) -> bool {
        now < open.since + self.patience
    }

    /// When the patience of the next caller ends. `held`: the orders wait for something else than
    /// their turn.
    pub(super) fn patience_ends(&self, held: bool) -> Option<Duration> {
        let queued = self.queue.iter().filter(|_| held).map(|save| save.ordered);
        let open = self.reads.values().filter_map(|read| read.save.as_ref());
        let since = queued.chain(open.map(|open| open.since)).min()?;
        Some(since + self.patience)
    }

    /// Takes the orders out whose callers do not wait until this time, before which none is sent.
    pub(super) fn give_up_until(&mut self, until: Duration, now: Duration) -> Vec<Save> {
        let hopeless = until.saturating_sub(now) > self.patience;
        let ends = |save: &Save| hopeless || now >= save.ordered + self.patience;
        let (ended, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.queue).into_iter().partition(ends);
        self.queue = kept.into();
        ended
    }

    /// Takes the saves out whose callers no longer wait for them to be read back. The reads go on.
    pub(super) fn give_up_open(&mut self, now: Duration) -> Vec<OpenSave> {
        let patience = self.patience;
        let ended = |open: &OpenSave| now >= open.since + patience;
        self.reads
            .values_mut()
            .filter(|read| read.save.as_ref().is_some_and(ended))
            .filter_map(|read| read.save.take())
            .collect()
    }
}
