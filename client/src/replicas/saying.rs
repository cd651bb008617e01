//! What a replica appends to the log, when, and what it publishes.

use std::time::Duration;

use super::entry::{Body, Head, Link, Renewal};
use super::followed::Place;
use super::queue::What;
use super::replica::{Appending, Log, Replica};
use super::standing::Standing;
use super::words::{LogAction, Publication};
use crate::machine::Event;

/// A number above all that this replica has met, and, by the wall clock's milliseconds, above those of a
/// log, or an end of one, that was lost before it was read: a log grows by fewer entries than that.
fn next_sequence(highest: u64, wall: jiff::Timestamp) -> u64 {
    let millis = u64::try_from(wall.as_millisecond()).unwrap_or(0);
    millis.max(highest.saturating_add(1))
}

impl Replica {
    /// Appends what is to be said, or what time demands; one entry at a time.
    pub(super) fn say_what_is_due(&mut self) {
        if !self.may_say() {
            return;
        }
        self.begin_log_if_due();
        if self.queue.is_empty() && self.time_is_due() {
            let what = match self.renewal_is_due() {
                true => What::Renewal { begins: false },
                false => What::Event(Body::Event(Event::Tick)),
            };
            self.queue.push(what);
        }
        self.append_first();
    }

    fn may_say(&self) -> bool {
        let alone = matches!(self.standing, Standing::Alone { .. });
        let foreign = matches!(self.log, Log::Foreign { .. });
        self.caught_up && self.appending.is_none() && (!alone || foreign)
    }

    /// An empty log begins with a renewal, and so does one whose replicas are gone.
    fn begin_log_if_due(&mut self) {
        let begins = match &self.log {
            Log::Unread | Log::Followed(_) => false,
            Log::Empty => true,
            Log::Foreign { heard, .. } => self.silent_until(*heard) <= self.now.elapsed,
        };
        if begins && !self.queue.begins_with_renewal() {
            self.queue.push_first(What::Renewal { begins: true });
        }
    }

    /// So long a log of others may be silent before they are taken to be gone.
    fn silent_until(&self, heard: Duration) -> Duration {
        let longest = self.config.poll_every.max(self.config.longest_poll);
        heard.saturating_add(longest.saturating_mul(3))
    }

    /// When the next entry is to be written for time's sake, by the own clock.
    pub(super) fn says_at(&self) -> Option<Duration> {
        if !self.may_say() || !self.queue.is_empty() {
            return None;
        }
        match &self.log {
            Log::Followed(followed) => {
                let wake = self.clock.own(followed.machine.next_wake()?);
                Some(wake.saturating_add(self.grace(followed.place)))
            }
            Log::Foreign { heard, .. } => Some(self.silent_until(*heard)),
            Log::Unread | Log::Empty => None,
        }
    }

    /// The author of the last entry goes on at once; the others wait for it, each a little longer.
    fn grace(&self, place: Place) -> Duration {
        if place.link.author == self.options.id {
            return Duration::ZERO;
        }
        let turn = u32::try_from(self.options.id % 8).unwrap_or(0);
        self.options.grace + self.options.grace * turn / 8
    }

    fn time_is_due(&self) -> bool {
        let following = matches!(self.log, Log::Followed(_));
        following && self.says_at().is_some_and(|at| at <= self.now.elapsed)
    }

    fn renewal_is_due(&self) -> bool {
        let Log::Followed(followed) = &self.log else { return false };
        let (bytes, entries) = followed.since_renewal;
        let set = followed.snapshot().websites.text_bytes();
        let much = entries >= self.options.renew_every || bytes > (4 << 20) + 2 * set;
        // What cannot be renewed without a loss is renewed with it before the log has no end.
        let full = entries >= self.options.renew_every.saturating_mul(20);
        much && (full || followed.renewal(self.kind, self.config.seed).is_some())
    }

    fn append_first(&mut self) {
        if let Some(count) = self.queue.renewal_at_hand()
            && matches!(self.log, Log::Followed(_))
            && !self.renewal_is_due()
        {
            // Another entry came first, and a renewal would now lose what is under way: it comes due again.
            self.queue.said(count);
        }
        let after = self.end_of_log();
        let open = match &self.log {
            Log::Unread => false,
            Log::Empty | Log::Foreign { .. } => self.queue.begins_with_renewal(),
            Log::Followed(_) => true,
        };
        let now = self.stamp();
        let (kind, seed) = (self.kind, self.config.seed);
        let renewal = |log: &Log, begins: bool, start| match log {
            Log::Followed(followed) => followed.renewal(kind, seed).unwrap_or_else(|| Renewal {
                kind,
                seed,
                // Where the log is read from here on, what is to be published is not known.
                begins: begins || followed.is_unpublished(),
                plugin_id: followed.machine.plugin_id(),
                spending: Some(followed.machine.spending()),
                start: followed.machine.warm_start(),
            }),
            _ => Renewal { kind, seed, begins, plugin_id: None, spending: None, start },
        };
        let start = if open && after.is_none() { self.warm_start() } else { None };
        let published = match &self.log {
            Log::Followed(followed) => followed.published,
            _ => 0,
        };
        let follows = match &self.log {
            Log::Followed(followed) => Some(followed.place.link),
            _ => after.map(|place| place.link),
        };
        let author = self.options.id;
        let Some(first) = self.queue.first().filter(|_| open) else { return };
        first.tried = true;
        let link = Link { author, count: first.count };
        let head = Head { link, after: follows, now, published };
        let encoded = match &first.what {
            What::Event(body) => head.encode(body),
            What::Renewal { begins } => {
                head.encode(&Body::Renewal(Box::new(renewal(&self.log, *begins, start))))
            }
        };
        let Some(entry) = encoded else { return self.queue.said(link.count) };
        // Given once: a place with this number and name follows one entry and no other.
        let sequence = next_sequence(self.highest, self.now.wall);
        self.highest = sequence;
        let since = self.now.elapsed;
        self.appending = Some(Appending { link, after, entry: entry.clone(), since, open: true });
        self.ask(LogAction::Append { after, sequence, place: Place { sequence, link }, entry });
    }

    /// Publishes what changed, if this replica wrote the last entry; forgets entries before the last
    /// renewals.
    pub(super) fn publish(&mut self) {
        let Log::Followed(followed) = &self.log else { return };
        let mine = followed.place.link.author == self.options.id;
        if !mine || !self.caught_up || self.publishing || !followed.machine.is_ready() {
            return;
        }
        let sequence = followed.place.sequence;
        let all = followed.publish_all.is_some();
        if !all && followed.unpublished.is_empty() {
            return;
        }
        let websites = &followed.snapshot().websites;
        let (mut set, mut gone) = (Vec::new(), Vec::new());
        for (id, changed) in &followed.unpublished {
            match websites.get(id) {
                Some(website) if !all => set.push((*changed, website.clone())),
                Some(_) => {}
                None => gone.push((*changed, *id)),
            }
        }
        if let Some(since) = followed.publish_all {
            set.extend(websites.iter().map(|website| {
                let changed = followed.unpublished.get(&website.id);
                (changed.copied().unwrap_or(since), website.clone())
            }));
        }
        let known = followed.published;
        self.publishing = true;
        self.ask(LogAction::Publish(Publication { sequence, known, all, set, gone }));
    }

    /// Publishing came to its end.
    pub(super) fn published(&mut self, sequence: Option<u64>) {
        self.publishing = false;
        if let (Some(sequence), Log::Followed(followed)) = (sequence, &mut self.log) {
            followed.was_published(sequence);
        }
    }
}
