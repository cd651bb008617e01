//! Starting a cache.

use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::driver::Driver;
use super::ends::Ends;
use super::entry::Change;
use super::meter::Meter;
use super::sockets::Sockets;
use super::worker::{Warm, Worker};
use super::{Cache, Changes};
use crate::Config;
use crate::telling;
use crate::transport::{SetupError, Timeouts, Transport};

/// Why a cache could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The HTTP client could not be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// There is no tokio runtime here: call it from within one.
    #[error("a cache needs a tokio runtime: start it from async code or inside `Runtime::enter`")]
    NoRuntime,
    /// The system gave no thread for the machine.
    #[error("a cache needs a thread of its own and got none ({0}): see the limits of the process")]
    Thread(#[source] std::io::Error),
    /// The configuration asks to listen, and this build cannot.
    #[error(
        "`Config::listening` is set and crisp-sync was built without the feature `rtm`: turn the \
         feature on, or leave `listening` at `None`"
    )]
    CannotListen,
    /// The configuration asks to listen, and to share a store.
    #[error(
        "replicas with a store do not listen to the RTM API: leave away the store (`--store`), or \
         what asks to listen (`--rtm`, `Config::listening`)"
    )]
    ListensWithStore,
}

/// Called with every change.
type Listener<T> = Box<dyn FnMut(&Change<T>) + Send>;

/// A cache to be: the configuration and what goes with it.
#[must_use]
pub struct Builder<T> {
    config: Config,
    timeouts: Timeouts,
    meter: Option<Arc<dyn Meter>>,
    listeners: Vec<Listener<T>>,
    #[cfg(test)]
    bug: super::worker::Bug,
    #[cfg(feature = "validate")]
    schema: Option<Arc<crate::Schema>>,
    #[cfg(feature = "persist")]
    shelf: Option<Arc<dyn crate::Shelf>>,
    #[cfg(feature = "store")]
    store: Option<crate::Store>,
    settings: PhantomData<T>,
}

impl<T> std::fmt::Debug for Builder<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Builder<T> {
    pub(super) fn new(config: Config) -> Self {
        let mut config = config.within_reach();
        if config.seed == 0 {
            // Instances that were cut off together must not come back together (hazard P12).
            config.seed = RandomState::new().hash_one(std::process::id());
        }
        Self {
            config,
            timeouts: Timeouts::default(),
            meter: None,
            listeners: Vec::new(),
            #[cfg(test)]
            bug: Box::new(|_| {}),
            #[cfg(feature = "validate")]
            schema: None,
            #[cfg(feature = "persist")]
            shelf: None,
            #[cfg(feature = "store")]
            store: None,
            settings: PhantomData,
        }
    }

    /// How long each part of an exchange may take; the whole is the configuration's
    /// `request_timeout`.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// The most websites that the cache takes in: [`Config::most_websites`].
    pub fn most_websites(mut self, most: usize) -> Self {
        self.config.most_websites = most;
        self
    }

    /// The most bytes of settings, tokens and plans that the cache takes in:
    /// [`Config::most_bytes`].
    pub fn most_bytes(mut self, most: usize) -> Self {
        self.config.most_bytes = most;
        self
    }

    /// Listens to the RTM API: what is saved is shown at once, and polls are ten minutes apart while
    /// events arrive. [`Config::listening`] has the figures; this sets its defaults where it is
    /// `None`.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use crisp_sync::{Cache, Config, Credentials};
    ///
    /// let config = Config::new(Credentials::new("identifier", "key"));
    /// let cache = Cache::<serde_json::Value>::builder(config).listen().start()?;
    /// cache.ready().await?;
    /// let mut changes = cache.changes().from_now_on();
    /// while let Some(change) = changes.next().await {
    ///     let socket = cache.status().map(|status| status.socket);
    ///     println!("{} · {socket:?}", change.website());
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "rtm")]
    pub fn listen(mut self) -> Self {
        self.config.listening.get_or_insert_default();
        self
    }

    /// Hands the cache's figures to the plugin's monitoring.
    pub fn meter(mut self, meter: impl Meter) -> Self {
        self.meter = Some(Arc::new(meter));
        self
    }

    /// Calls this with every change, first with every website as added. It runs beside the cache:
    /// a slow one is told the sum of what it missed, one that panics is called again with the
    /// next change.
    pub fn on_change(mut self, listener: impl FnMut(&Change<T>) + Send + 'static) -> Self {
        self.listeners.push(Box::new(listener));
        self
    }

    /// Validates settings against this schema before they are sent.
    #[cfg(feature = "validate")]
    pub fn schema(mut self, schema: crate::Schema) -> Self {
        self.schema = Some(Arc::new(schema));
        self
    }

    /// Keeps the set on this shelf, so that the next start serves it at once and tells what was
    /// removed meanwhile.
    #[cfg(feature = "persist")]
    pub fn shelf(mut self, shelf: impl crate::Shelf) -> Self {
        self.shelf = Some(Arc::new(shelf));
        self
    }

    /// Shares the log of this store with other replicas, and publishes the settings in it for readers in any
    /// language. All replicas have to have the same configuration. See [`replicas`](crate::replicas).
    #[cfg(feature = "store")]
    pub fn store(mut self, store: crate::Store) -> Self {
        self.store = Some(store);
        self
    }

    #[cfg(test)]
    pub(super) fn bug(mut self, bug: impl FnMut(&crate::machine::Event) + Send + 'static) -> Self {
        self.bug = Box::new(bug);
        self
    }

    /// Starts the task on the tokio runtime that this is called in, and a thread for the machine.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(self) -> Result<Cache<T>, StartError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        #[cfg(feature = "store")]
        if self.store.is_some() && self.config.listening.is_some() {
            return Err(StartError::ListensWithStore);
        }
        let transport = Transport::new(self.timeouts)?;
        let sockets = Sockets::new(&self.config, self.timeouts)?;
        #[cfg_attr(not(feature = "validate"), expect(unused_mut, reason = "it has no schema then"))]
        let (mut cache, ends) = Ends::open();
        #[cfg(feature = "validate")]
        {
            cache.schema = self.schema;
        }
        let start = Instant::now();
        let outlet = Arc::new(ends.outlet);
        #[cfg(feature = "persist")]
        let keeper = self.shelf.map(crate::persist::Keeper::new);
        #[cfg(feature = "persist")]
        let warm: Warm = match &keeper {
            Some(keeper) => Box::new(keeper.fetch()),
            None => Box::new(|| None),
        };
        #[cfg(not(feature = "persist"))]
        let warm: Warm = Box::new(|| None);
        let worker = Worker {
            config: self.config.clone(),
            start,
            outlet: outlet.clone(),
            generation_before: 0,
            #[cfg(feature = "store")]
            replica: (self.store.as_ref())
                .map(|store| store.options(RandomState::new().hash_one(std::process::id()))),
            #[cfg(test)]
            bug: self.bug,
        };
        let worker = worker.start(warm).map_err(StartError::Thread)?;
        #[cfg(feature = "store")]
        let store = self.store.map(|store| store.connect(&self.config.store_name()));
        #[cfg(not(feature = "store"))]
        let store = ();
        for listener in self.listeners {
            runtime.spawn(listen(cache.changes(), listener));
        }
        let driver = Driver {
            config: self.config,
            transport,
            sockets,
            worker,
            store,
            start,
            outlet,
            orders: ends.orders,
            ready: ends.ready,
            meter: self.meter,
            #[cfg(feature = "persist")]
            keeper,
        };
        runtime.spawn(driver.run());
        Ok(cache)
    }
}

async fn listen<T>(mut changes: Changes<T>, mut listener: Listener<T>) {
    while let Some(change) = changes.next().await {
        if catch_unwind(AssertUnwindSafe(|| listener(&change))).is_err() {
            telling::listener_panicked(change.website());
        }
    }
}
