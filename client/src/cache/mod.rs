//! The cache over real sockets: one thread owns a [`Machine`](crate::machine::Machine), one task
//! carries its requests, readers share what it publishes.

mod builder;
#[cfg(feature = "service")]
mod by_hand;
mod changes;
mod core;
mod driver;
mod ends;
mod entry;
mod meter;
mod outlet;
#[cfg(feature = "service")]
mod replicas_by_hand;
mod shared;
#[cfg_attr(not(feature = "rtm"), path = "no_sockets.rs")]
mod sockets;
mod worker;

#[cfg(test)]
mod tests;

pub use builder::{Builder, StartError};
#[cfg(feature = "service")]
pub(crate) use by_hand::ByHand;
pub use changes::Changes;
pub use entry::{Change, Entry, Misfit, View};
pub use meter::Meter;
#[cfg(feature = "service")]
pub(crate) use meter::report;
#[cfg(feature = "service")]
pub(crate) use replicas_by_hand::ReplicasByHand;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::machine::{How, Refusal, SaveOutcome, Status};
use crate::{Config, Settings, WebsiteId};
use changes::Step;
use shared::Shared;

/// The cache was stopped, so this will not happen any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the cache was stopped")]
pub struct Stopped;

/// An order to the task.
#[derive(Debug)]
enum Order {
    Save {
        website: WebsiteId,
        settings: Settings,
        how: How,
        end: oneshot::Sender<SaveOutcome>,
    },
    PollNow,
    Stop {
        done: oneshot::Sender<()>,
        /// Whether the last storing is waited for, however long it takes.
        stored: bool,
    },
}

/// The settings of all websites that have the plugin installed, kept equal to Crisp's.
///
/// `T` is the plugin's own settings type; `serde_json::Value` will do. Handles are cheap to
/// clone; when the last one is dropped, the task behind them ends.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use crisp_sync::{Cache, Config, Credentials};
///
/// #[derive(serde::Deserialize)]
/// struct MySettings {
///     message: Option<String>,
/// }
///
/// let cache = Cache::<MySettings>::start(Config::new(Credentials::new("identifier", "key")))?;
/// cache.ready().await?;
/// for website in cache.view().iter() {
///     let message = website.value().and_then(|settings| settings.message.as_deref());
///     println!("{}: {}", website.id(), message.unwrap_or("not configured"));
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Cache<T> {
    shared: Arc<Shared<T>>,
    orders: mpsc::Sender<Order>,
    ready: watch::Receiver<bool>,
    steps: broadcast::WeakSender<Arc<Step<T>>>,
    #[cfg(feature = "validate")]
    schema: Option<Arc<crate::Schema>>,
}

impl<T> Clone for Cache<T> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            orders: self.orders.clone(),
            ready: self.ready.clone(),
            steps: self.steps.clone(),
            #[cfg(feature = "validate")]
            schema: self.schema.clone(),
        }
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Cache<T> {
    /// Starts the cache on the tokio runtime that this is called in.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up, or there is no runtime.
    pub fn start(config: Config) -> Result<Self, StartError> {
        Self::builder(config).start()
    }

    /// A cache with more than the configuration: see [`Builder`].
    pub fn builder(config: Config) -> Builder<T> {
        Builder::new(config)
    }
}

impl<T> Cache<T> {
    /// The website with this id, as of now. Never waits: not for a poll, not for a writer.
    pub fn get(&self, id: &WebsiteId) -> Option<Arc<Entry<T>>> {
        self.shared.view.load().get(id).cloned()
    }

    /// All websites as of now: one consistent set that stays as it is. Never waits.
    pub fn view(&self) -> Arc<View<T>> {
        self.shared.view.load_full()
    }

    /// Waits until the first complete, verified set is in the cache.
    ///
    /// # Errors
    /// When the cache was stopped before.
    pub async fn ready(&self) -> Result<(), Stopped> {
        let mut ready = self.ready.clone();
        match ready.wait_for(|ready| *ready).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Stopped),
        }
    }

    /// Whether the first complete set is in the cache.
    pub fn is_ready(&self) -> bool {
        *self.ready.borrow()
    }

    /// How the cache is doing; the age in it is as of now. `None` until the task has begun.
    pub fn status(&self) -> Option<Status> {
        self.shared.status(Instant::now())
    }

    /// All changes, in order, beginning with every website that is in the cache now.
    pub fn changes(&self) -> Changes<T> {
        let steps = match self.steps.upgrade() {
            Some(steps) => steps.subscribe(),
            // The task has ended: a stream that has only the present to tell.
            None => broadcast::channel(1).1,
        };
        Changes::new(self.shared.clone(), steps)
    }

    /// Replaces the settings of a website (`PUT`). Returns when the outcome is certain, or after
    /// the configuration's `save_patience`.
    ///
    /// After [`SaveOutcome::Done`] reads give these settings, or newer ones. Dropping the future
    /// does not undo the save.
    pub async fn save<S: Serialize + ?Sized>(&self, id: WebsiteId, settings: &S) -> SaveOutcome {
        self.order(id, settings, How::Put).await
    }

    /// Puts these members over the settings of a website (`PATCH`). Prefer it to [`save`]: it
    /// leaves alone what an operator edited meanwhile. Keep the plugin's own members at the top
    /// level and send them whole: how deep the API merges is not documented.
    ///
    /// [`save`]: Self::save
    pub async fn update<S: Serialize + ?Sized>(&self, id: WebsiteId, patch: &S) -> SaveOutcome {
        self.order(id, patch, How::Patch).await
    }

    async fn order<S: Serialize + ?Sized>(
        &self,
        website: WebsiteId,
        value: &S,
        how: How,
    ) -> SaveOutcome {
        let settings = match Settings::from_value(value) {
            Ok(settings) => settings,
            Err(problem) => {
                let problem = format!("it cannot be written as JSON: {problem}");
                return SaveOutcome::Refused(Refusal::Invalid { problem });
            }
        };
        #[cfg(feature = "validate")]
        if let Err(problem) = self.validate(website, &settings, how) {
            return SaveOutcome::Refused(Refusal::Invalid { problem });
        }
        let (end, ended) = oneshot::channel();
        if self.orders.send(Order::Save { website, settings, how, end }).await.is_err() {
            return SaveOutcome::Refused(Refusal::Stopped);
        }
        ended.await.unwrap_or_else(|_| SaveOutcome::Unknown {
            problem: "the cache was stopped while the save was under way".to_owned(),
            holds: None,
        })
    }

    /// Validates what the website will have after the save, as far as the cache knows it.
    #[cfg(feature = "validate")]
    fn validate(&self, id: WebsiteId, settings: &Settings, how: How) -> Result<(), String> {
        let Some(schema) = &self.schema else {
            return Ok(());
        };
        let whole = match (how, self.get(&id)) {
            (How::Patch, Some(known)) => known.website().settings.merged(settings),
            _ => None,
        };
        schema.check(whole.as_ref().unwrap_or(settings)).map_err(|problem| problem.to_string())
    }

    /// Polls as soon as possible: call it when a web hook or a real-time event says that
    /// something changed. The event is a hint; its payload is not needed.
    pub async fn poll_now(&self) {
        // A stopped cache has nothing to poll for.
        let _ = self.orders.send(Order::PollNow).await;
    }

    /// Ends the cache: waits for saves that are under way, at most the configuration's
    /// `save_patience`, and for nothing else that takes long. The last view stays readable.
    ///
    /// An answer that is being read then is not waited for, and nothing of it is shown. A set that
    /// is to be kept (`Builder::shelf`) is stored once more; if that takes longer than 80 ms, it goes
    /// on beside, and a process that ends before it is whole leaves what was stored before, at most
    /// a minute and one storing older and as good to go on from. `stop_and_store` waits for it.
    pub async fn stop(&self) {
        self.end(false).await;
    }

    /// As [`stop`](Self::stop), and waits until the set is stored, however long that takes: an hour
    /// at most.
    #[cfg(feature = "persist")]
    pub async fn stop_and_store(&self) {
        self.end(true).await;
    }

    async fn end(&self, stored: bool) {
        let (done, ended) = oneshot::channel();
        if self.orders.send(Order::Stop { done, stored }).await.is_ok() {
            // An error means that the task has ended, which is what was wanted.
            let _ = ended.await;
        }
    }
}
