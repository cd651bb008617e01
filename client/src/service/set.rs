//! All websites at one moment, sent as fast as their reader takes them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;
use http::{HeaderValue, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::Inner;
use super::body::Body;
use super::problem::Problem;
use super::website::{JSON, on_one_line, write};
use crate::Website;

/// So many bytes are made ready at a time.
const PIECE: usize = 64 << 10;
/// A reader that takes longer for a whole set is given up: its turn is another's.
const LONGEST: Duration = Duration::from_secs(120);

/// One whole set in the order of the identifiers, and where its reader is.
pub(super) struct Set {
    websites: Vec<Arc<Website>>,
    sent: usize,
    pub(super) generation: u64,
    ends: Instant,
    _turn: OwnedSemaphorePermit,
}

impl Set {
    /// The set as of now, when it is the reader's turn; none when the service ends.
    pub(super) async fn of(inner: &Inner) -> Option<Self> {
        let turn = Arc::clone(&inner.sets);
        let turn = Semaphore::acquire_owned(turn).await.ok()?;
        let view = inner.cache.view();
        let mut websites: Vec<_> = view.iter().map(|entry| Arc::clone(entry.website())).collect();
        websites.sort_unstable_by_key(|website| website.id);
        let ends = Instant::now() + LONGEST;
        Some(Self { websites, sent: 0, generation: view.generation(), ends, _turn: turn })
    }

    pub(super) fn len(&self) -> usize {
        self.websites.len()
    }

    /// Whether all of it was sent.
    pub(super) fn is_whole(&self) -> bool {
        self.sent == self.websites.len()
    }

    /// The next piece; none when there is none, or the reader took too long.
    pub(super) fn piece(
        &mut self,
        mut write: impl FnMut(bool, &Website, &mut Vec<u8>),
    ) -> Option<Bytes> {
        if self.is_whole() || Instant::now() > self.ends {
            return None;
        }
        let mut piece = Vec::with_capacity(PIECE + (PIECE >> 3));
        while piece.len() < PIECE {
            let Some(website) = self.websites.get(self.sent) else { break };
            write(self.sent == 0, website, &mut piece);
            self.sent += 1;
        }
        Some(piece.into())
    }
}

/// `GET /websites`: every website whole, with the event after which `/changes` goes on.
pub(super) async fn websites(inner: &Inner) -> Result<Response<Body>, Problem> {
    let set = whole(inner).await?;
    let (generation, event) = (set.generation, inner.feed.event(set.generation));
    let head = format!(r#"{{"generation":{generation},"event":"{event}","websites":["#);
    Ok(sent(set, head, "]}\n", |is_first, website, into| {
        into.extend_from_slice(if is_first { b"\n" } else { b",\n" });
        write(website, into);
    }))
}

/// `GET /settings`: the settings alone, by website.
pub(super) async fn settings(inner: &Inner) -> Result<Response<Body>, Problem> {
    let set = whole(inner).await?;
    let event = HeaderValue::try_from(inner.feed.event(set.generation));
    let mut response = sent(set, "{".to_owned(), "}\n", |is_first, website, into| {
        into.extend_from_slice(if is_first { b"\n\"" } else { b",\n\"" });
        into.extend_from_slice(website.id.to_string().as_bytes());
        into.extend_from_slice(b"\":");
        let start = into.len();
        into.extend_from_slice(website.settings.as_json().as_bytes());
        on_one_line(&mut into[start..]);
    });
    if let Ok(event) = event {
        response.headers_mut().insert("crisp-sync-event", event);
    }
    Ok(response)
}

async fn whole(inner: &Inner) -> Result<Set, Problem> {
    inner.serving()?;
    Set::of(inner).await.ok_or_else(|| Problem::busy("the service is ending"))
}

/// A set between a head and a tail. One that its reader takes too long for breaks off without its
/// tail, which makes it no JSON.
fn sent(
    set: Set,
    head: String,
    tail: &'static str,
    write: fn(bool, &Website, &mut Vec<u8>),
) -> Response<Body> {
    let state = (set, Some(Bytes::from(head)), false);
    let pieces = unfold(state, move |(mut set, head, ended)| async move {
        if let Some(head) = head {
            return Some((head, (set, None, false)));
        }
        if let Some(piece) = set.piece(write) {
            return Some((piece, (set, None, false)));
        }
        let goes_on = !ended && set.is_whole();
        goes_on.then(|| (Bytes::from_static(tail.as_bytes()), (set, None, true)))
    });
    Body::pieces(pieces).ok(JSON)
}
