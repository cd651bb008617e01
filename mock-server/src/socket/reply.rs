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
    /// How much time has elapsed since the start or reset of the world.
    fn elapsed(&self) -> Duration;

    /// Completes once so much time has elapsed since the start or reset of the world; at once when
    /// it already has, or when that life of the world ([`Place::life`]) is over.
    fn wait_until(
        &self,
        life: u64,
        elapsed: Duration,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Where in its world a request stands.
#[derive(Clone)]
pub struct Place {
    /// By whose time it waits.
    pub time: Arc<dyn WorldTime>,
    /// In which life of its world it arrived: every reset begins another, and lets go what waits
    /// in the one before.
    pub life: u64,
    /// What it asked for.
    pub operation: Operation,
    /// The elapsed time at which it arrived.
    pub arrived: Duration,
}

impl Place {
    /// Waits until so much time has elapsed in the world, for as long as it lives.
    pub(super) fn wait_until(
        &self,
        elapsed: Duration,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.time.wait_until(self.life, elapsed)
    }
}

/// Hears how a request ended, and is dropped then.
pub trait Ending: Send + 'static {
    /// The client was gone before all that had been decided was done to it. Called at most once.
    fn client_left(&mut self);
}

/// What a service gives back for a request.
pub struct Reply {
    /// What reaches the client.
    pub delivery: Delivery,
    /// Where in its world the request stands. Without one, waits run on the time outside, and the
    /// answer is nobody's next.
    pub place: Option<Place>,
    /// Dropped when the request has ended, whichever way it did.
    ending: Option<Box<dyn Ending>>,
}

impl Reply {
    /// A delivery, by the time of the world that its place is in.
    pub fn new(delivery: Delivery, place: impl Into<Option<Place>>) -> Self {
        Self { delivery, place: place.into(), ending: None }
    }

    /// Has `ending` dropped when the request has ended, whichever way it did.
    #[must_use]
    pub fn ending_with(mut self, ending: impl Ending) -> Self {
        self.ending = Some(Box::new(ending));
        self
    }

    pub(super) fn into_parts(self) -> (Delivery, Option<Place>, Option<Box<dyn Ending>>) {
        (self.delivery, self.place, self.ending)
    }
}

impl From<Response<Bytes>> for Reply {
    fn from(response: Response<Bytes>) -> Self {
        Self { delivery: Delivery::honest(response), place: None, ending: None }
    }
}

/// The time outside, for replies without a place: counts from when it was made.
pub(super) struct Outside(tokio::time::Instant);

impl Outside {
    pub(super) fn place() -> Place {
        Place {
            time: Arc::new(Self(tokio::time::Instant::now())),
            life: 0,
            operation: Operation::Unmatched,
            arrived: Duration::ZERO,
        }
    }
}

impl WorldTime for Outside {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait_until(
        &self,
        _: u64,
        elapsed: Duration,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            match self.0.checked_add(elapsed) {
                Some(instant) => tokio::time::sleep_until(instant).await,
                None => std::future::pending().await,
            }
        })
    }
}
