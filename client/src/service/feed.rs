//! The newest changes, written once for all listeners.
//!
//! A listener holds nothing here but a number: the generation up to which it was told. One that falls
//! behind what is kept is told so and begins with a whole set, so that no listener takes memory.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde::de::IgnoredAny;
use tokio::sync::watch;

use super::website::write;
use crate::cache::{Change, Changes};

/// So many steps of the cache are kept at most, and so many bytes.
const MOST_STEPS: usize = 4096;
const MOST_BYTES: usize = 8 << 20;

/// What changed lately.
#[derive(Debug)]
pub(super) struct Feed {
    /// Tells this process from those before it, whose generations mean nothing here.
    life: u32,
    kept: Mutex<Kept>,
    /// Moves with each step; listeners wait for it. True: the streams are to end.
    news: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Kept {
    steps: VecDeque<(u64, Bytes)>,
    bytes: usize,
    /// What is kept begins after this generation.
    floor: u64,
}

/// What a listener is to be told next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A step that leads to this generation.
    Step(u64, Bytes),
    /// Nothing as yet.
    Nothing,
    /// Steps that are not kept any more.
    Gone,
}

impl Feed {
    /// Follows the changes until the cache is stopped or the last handle of the feed is dropped.
    pub(super) fn follow(mut changes: Changes<IgnoredAny>) -> Arc<Self> {
        let feed = Arc::new(Self::new(changes.generation()));
        let weak = Arc::downgrade(&feed);
        tokio::spawn(async move {
            while let Some((generation, step)) = changes.next_step().await {
                let Some(feed) = weak.upgrade() else { return };
                feed.add(generation, &step);
            }
            if let Some(feed) = weak.upgrade() {
                feed.close();
            }
        });
        feed
    }

    fn new(floor: u64) -> Self {
        let mixed = RandomState::new().hash_one(std::process::id());
        let life = u32::try_from(mixed >> 32).unwrap_or_default();
        let kept = Kept { floor, ..Kept::default() };
        Self { life, kept: Mutex::new(kept), news: watch::Sender::new(false) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, generation: u64, step: &[Change<IgnoredAny>]) {
        let text = self.text(generation, step);
        if text.is_empty() {
            return;
        }
        self.kept().add(generation, text);
        self.news.send_modify(|_| {});
    }

    /// A step as events, or more of them than are kept; the last one has the identifier, so that half a step is never gone on from.
    fn text(&self, generation: u64, step: &[Change<IgnoredAny>]) -> Bytes {
        let mut text = Vec::new();
        for (at, change) in step.iter().enumerate() {
            if text.len() > MOST_BYTES {
                break; // it will not be kept, however it goes on
            }
            let event = self.event(generation);
            let event = (at + 1 == step.len()).then_some(event.as_str());
            match change.now() {
                Some(entry) => event_of(&mut text, "website", event, |into| {
                    write(entry.website(), into);
                }),
                None => event_of(&mut text, "removed", event, |into| {
                    into.extend_from_slice(
                        format!(r#"{{"id":"{}"}}"#, change.website()).as_bytes(),
                    );
                }),
            }
        }
        text.into()
    }

    /// The identifier of the event with which this generation is whole.
    pub(super) fn event(&self, generation: u64) -> String {
        format!("{:08x}-{generation}", self.life)
    }

    /// The generation of an identifier; none when another process gave it.
    pub(super) fn generation(&self, event: &str) -> Option<u64> {
        let (life, generation) = event.split_once('-')?;
        let is_ours = u32::from_str_radix(life, 16).ok()? == self.life;
        generation.parse().ok().filter(|_| is_ours)
    }

    /// What comes after this generation.
    pub(super) fn after(&self, generation: u64) -> Next {
        self.kept().after(generation)
    }

    /// A receiver that learns of each step.
    pub(super) fn news(&self) -> watch::Receiver<bool> {
        self.news.subscribe()
    }

    /// How many listen.
    pub(super) fn listeners(&self) -> usize {
        self.news.receiver_count()
    }

    /// Ends the streams of all listeners.
    pub(super) fn close(&self) {
        self.news.send_replace(true);
    }
}

impl Kept {
    fn add(&mut self, generation: u64, text: Bytes) {
        self.bytes += text.len();
        self.steps.push_back((generation, text));
        while self.bytes > MOST_BYTES || self.steps.len() > MOST_STEPS {
            let Some((generation, text)) = self.steps.pop_front() else { break };
            self.bytes -= text.len();
            self.floor = generation;
        }
    }

    fn after(&self, generation: u64) -> Next {
        if generation < self.floor {
            return Next::Gone;
        }
        let at = self.steps.partition_point(|(step, _)| *step <= generation);
        match self.steps.get(at) {
            Some((generation, text)) => Next::Step(*generation, text.clone()),
            None => Next::Nothing,
        }
    }
}

/// Writes one event.
pub(super) fn event_of(
    into: &mut Vec<u8>,
    name: &str,
    id: Option<&str>,
    data: impl FnOnce(&mut Vec<u8>),
) {
    into.extend_from_slice(b"event: ");
    into.extend_from_slice(name.as_bytes());
    if let Some(id) = id {
        into.extend_from_slice(b"\nid: ");
        into.extend_from_slice(id.as_bytes());
    }
    into.extend_from_slice(b"\ndata: ");
    data(into);
    into.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_that_is_behind_what_is_kept_is_told_so_and_no_other_is() {
        let mut kept = Kept { floor: 3, ..Kept::default() };
        assert_eq!((kept.after(2), kept.after(3)), (Next::Gone, Next::Nothing));
        kept.add(5, Bytes::from_static(b"five"));
        kept.add(6, Bytes::from_static(b"six"));
        assert_eq!(kept.after(3), Next::Step(5, Bytes::from_static(b"five")));
        assert_eq!(kept.after(5), Next::Step(6, Bytes::from_static(b"six")));
        assert_eq!((kept.after(6), kept.after(9)), (Next::Nothing, Next::Nothing));
    }

    #[test]
    fn what_is_kept_is_bounded_in_steps_and_in_bytes() {
        let mut kept = Kept::default();
        for generation in 1..=MOST_STEPS as u64 + 7 {
            kept.add(generation, Bytes::from_static(b"x"));
        }
        assert_eq!((kept.steps.len(), kept.floor), (MOST_STEPS, 7));
        kept.add(9000, Bytes::from(vec![b'x'; MOST_BYTES]));
        assert_eq!((kept.steps.len(), kept.bytes), (1, MOST_BYTES));
        kept.add(9001, Bytes::from(vec![b'x'; MOST_BYTES + 1]));
        assert_eq!((kept.steps.len(), kept.bytes, kept.floor), (0, 0, 9001));
        assert_eq!((kept.after(9000), kept.after(9001)), (Next::Gone, Next::Nothing));
    }

    #[test]
    fn an_identifier_of_another_life_is_none_of_this_one() {
        let feed = Feed::new(0);
        assert_eq!(feed.generation(&feed.event(7)), Some(7));
        let other = Feed { life: !feed.life, ..Feed::new(0) };
        for text in [other.event(7).as_str(), "", "7", "-7", "x-7", "00000000-x"] {
            assert_eq!(feed.generation(text), None, "{text}");
        }
    }
}
