//! `GET /changes`: server-sent events, from a whole set or from an event on.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;
use http::Response;
use http::request::Parts;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use super::Inner;
use super::body::Body;
use super::feed::{Next, event_of};
use super::problem::Problem;
use super::set::Set;
use super::website::write;

/// So many listeners at a time.
pub(super) const MOST_LISTENERS: usize = 2048;
/// So often a stream without news says that it is still there.
const BEAT: Duration = Duration::from_secs(15);
/// So often it is looked whether there is a set that can be served, before the first is whole.
const LOOKS: Duration = Duration::from_secs(1);

/// Why a listener is sent a whole set.
#[derive(Clone, Copy, Debug)]
enum Reset {
    Begins,
    Unknown,
    TooOld,
    Behind,
}

impl Reset {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Begins => ("begins", "the stream begins with every website"),
            Self::Unknown => ("unknown_event", "Last-Event-ID is not of this process"),
            Self::TooOld => ("too_old", "the changes after Last-Event-ID are no longer kept"),
            Self::Behind => ("too_slow", "the changes to be sent next are no longer kept"),
        }
    }
}

/// Where a listener is.
enum Place {
    /// It is to get a whole set.
    Before(Reset),
    /// It gets one.
    Within(Set),
    /// It was told everything up to this generation.
    After(u64),
}

struct Listener {
    inner: Arc<Inner>,
    news: watch::Receiver<bool>,
    place: Place,
    opening: Option<Bytes>,
    _permit: OwnedSemaphorePermit,
}

/// Begins a stream.
pub(super) fn follow(inner: &Arc<Inner>, head: &Parts) -> Result<Response<Body>, Problem> {
    let permit = Semaphore::try_acquire_owned(Arc::clone(&inner.listeners));
    let permit = permit.map_err(|_| {
        Problem::busy(&format!("{MOST_LISTENERS} listeners are there, and no more are taken"))
    })?;
    let last = head.headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default());
    let now = inner.cache.view().generation();
    let place = match last.map(|event| inner.feed.generation(event)) {
        Some(Some(generation)) if generation <= now => match inner.feed.after(generation) {
            Next::Gone => Place::Before(Reset::TooOld),
            _ => Place::After(generation),
        },
        Some(_) => Place::Before(Reset::Unknown),
        None if from_now(head) => Place::After(now),
        None => Place::Before(Reset::Begins),
    };
    let opening = match last {
        // A listener that comes back before the first change is told what it missed, too.
        None if from_now(head) => format!("retry: 1000\nid: {}\n\n", inner.feed.event(now)),
        _ => "retry: 1000\n\n".to_owned(),
    };
    let listener = Listener {
        inner: Arc::clone(inner),
        news: inner.feed.news(),
        place,
        opening: Some(opening.into()),
        _permit: permit,
    };
    let next = |mut listener: Listener| async move {
        listener.next().await.map(|piece| (piece, listener))
    };
    Ok(Body::pieces(unfold(listener, next)).ok("text/event-stream"))
}

/// Whether the set is left out.
fn from_now(head: &Parts) -> bool {
    head.uri.query() == Some("from=now")
}

impl Listener {
    /// What is sent next; none when the stream ends.
    async fn next(&mut self) -> Option<Bytes> {
        if let Some(opening) = self.opening.take() {
            return Some(opening);
        }
        loop {
            if *self.news.borrow_and_update() {
                return None;
            }
            match &mut self.place {
                Place::Before(reset) => {
                    let reset = *reset;
                    if self.inner.has_set() {
                        return self.reset(reset).await;
                    }
                    return self.set_or_beat().await;
                }
                Place::Within(set) => {
                    let piece = set.piece(|_, website, into| {
                        event_of(into, "website", None, |into| write(website, into));
                    });
                    return match piece {
                        Some(piece) => Some(piece),
                        None if set.is_whole() => Some(self.complete()),
                        None => None,
                    };
                }
                Place::After(generation) => match self.inner.feed.after(*generation) {
                    Next::Step(generation, text) => {
                        self.place = Place::After(generation);
                        return Some(text);
                    }
                    Next::Nothing => {}
                    Next::Gone => {
                        self.place = Place::Before(Reset::Behind);
                        continue;
                    }
                },
            }
            match timeout(BEAT, self.news.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some(beat()),
            }
        }
    }

    /// Waits for the first set, a while. That of an earlier life does not make the cache ready.
    async fn set_or_beat(&self) -> Option<Bytes> {
        let waited = timeout(LOOKS, self.inner.cache.ready()).await;
        let is_ready = matches!(waited, Ok(Ok(())));
        Some(Bytes::from_static(if is_ready { ": ready\n\n" } else { ": loading\n\n" }.as_bytes()))
    }

    async fn reset(&mut self, reset: Reset) -> Option<Bytes> {
        let Ok(set) = timeout(BEAT, Set::of(&self.inner)).await else { return Some(beat()) };
        let set = set?;
        let (reason, message) = reset.words();
        let data = serde_json::json!({
            "reason": reason, "message": message, "websites": set.len(),
        });
        let mut text = Vec::new();
        event_of(&mut text, "reset", None, |into| into.extend(data.to_string().bytes()));
        self.place = Place::Within(set);
        Some(text.into())
    }

    /// The set was sent: what was there before and was not in it is gone.
    fn complete(&mut self) -> Bytes {
        let Place::Within(set) = &self.place else { return Bytes::new() };
        let (generation, websites) = (set.generation, set.len());
        let mut text = Vec::new();
        event_of(&mut text, "complete", Some(&self.inner.feed.event(generation)), |into| {
            into.extend(format!(r#"{{"websites":{websites}}}"#).bytes());
        });
        self.place = Place::After(generation);
        text.into()
    }
}

fn beat() -> Bytes {
    Bytes::from_static(b": still here\n\n")
}
