//! What a service gives back for a request, and by whose time it is delivered.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::fault::Delivery;
use crate::operation::Operation;

/// The elapsed time of one world, as far as waits are concerned.
///
/// A world keeps one value of this: answers that are held back for the next one of their operation
/// are matched by its address.
pub trait WorldTime: Send + Sync + 'static {
    /// Completes once so much time has elapsed since the start or reset of the world; at once when
    /// it already has.
    fn wait_until(&self, elapsed: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Where in its world a request stands.
#[derive(Clone)]
pub struct Place {
    /// By whose time it waits.
    pub time: Arc<dyn WorldTime>,
    /// What it asked for.
    pub operation: Operation,
    /// The elapsed time at which it arrived.
    pub arrived: Duration,
}

/// What a service gives back for a request.
pub struct Reply {
    /// What reaches the client.
    pub delivery: Delivery,
    /// Where in its world the request stands. Without one, waits run on the time outside, and the
    /// answer is nobody's next.
    pub place: Option<Place>,
    /// Dropped when the request has ended, whichever way it did.
    ending: Option<Box<dyn Send>>,
}

impl Reply {
    /// A delivery, by the time of the world that its place is in.
    pub fn new(delivery: Delivery, place: impl Into<Option<Place>>) -> Self {
        Self {
            delivery,
            place: place.into(),
            ending: None,
        }
    }

    /// Has `ending` dropped when the request has ended, whichever way it did.
    #[must_use]
    pub fn ending_with(mut self, ending: impl Send + 'static) -> Self {
        self.ending = Some(Box::new(ending));
        self
    }

    pub(super) fn into_parts(self) -> (Delivery, Option<Place>, Option<Box<dyn Send>>) {
        (self.delivery, self.place, self.ending)
    }
}

impl From<Response<Bytes>> for Reply {
    fn from(response: Response<Bytes>) -> Self {
        Self {
            delivery: Delivery::honest(response),
            place: None,
            ending: None,
        }
    }
}

/// The time outside, for replies without a place: counts from when it was made.
pub(super) struct Outside(tokio::time::Instant);

impl Outside {
    pub(super) fn place() -> Place {
        Place {
            time: Arc::new(Self(tokio::time::Instant::now())),
            operation: Operation::Unmatched,
            arrived: Duration::ZERO,
        }
    }
}

impl WorldTime for Outside {
    fn wait_until(&self, elapsed: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            match self.0.checked_add(elapsed) {
                Some(instant) => tokio::time::sleep_until(instant).await,
                None => std::future::pending().await,
            }
        })
    }
}
