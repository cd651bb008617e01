//! The settings of all websites over HTTP, for plugins in any language (feature `service`).
//!
//! `crisp-sync serve` is a program around this: a [`Cache`], and a [`Service`] that answers requests
//! from it. A plugin reads from memory of this machine, saves through it, and follows changes
//! as server-sent events; `docs/service.md` of the repository has the routes and what is promised.
//!
//! ```no_run
//! use crisp_sync::service::{Access, Bound, Listen, Service};
//! use crisp_sync::{Cache, Config, Credentials};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let cache = Cache::start(Config::new(Credentials::new("identifier", "key")))?;
//! let listen: Listen = "127.0.0.1:8787".parse()?;
//! let bound = Bound::new(&listen).await?;
//! let service = Service::new(cache, Access::of(&listen, None)?);
//! bound.serve(service, std::future::pending()).await;
//! # Ok(()) }
//! ```

mod access;
mod body;
mod changes;
mod feed;
mod figures;
mod judged;
mod listen;
mod patience;
mod problem;
mod route;
mod saves;
mod set;
mod shelf;
mod status;
mod website;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use serde::de::IgnoredAny;
use tokio::sync::Semaphore;

pub use access::{Access, OpenToTheNetwork};
pub use body::Body;
pub use judged::{JudgedBy, PluginCommand, SharedStore, judged};
pub use listen::{Bound, CannotListen, InvalidListen, Listen};
pub use shelf::DatedShelf;

use crate::Cache;
use crate::machine::{Freshness, Status};
use feed::Feed;
use figures::Figures;
use problem::Problem;
use route::Route;

/// The cache that a service answers from. It reads no settings: they go out as the API wrote them.
pub type RawCache = Cache<IgnoredAny>;

/// So many saves may be under way at a time.
const MOST_SAVES: usize = 256;
/// So many whole sets are sent at a time; further readers wait for their turn.
const MOST_SETS: usize = 16;

/// Answers requests from a cache. Cloning is free and shares everything.
#[derive(Clone, Debug)]
pub struct Service(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    cache: RawCache,
    access: Access,
    feed: Arc<Feed>,
    figures: Figures,
    /// Where the set of an earlier life came from.
    shelf: Option<DatedShelf>,
    saves: Semaphore,
    sets: Arc<Semaphore>,
    listeners: Arc<Semaphore>,
}

impl Service {
    /// A service that answers from this cache those who may ask. To be called within a tokio runtime:
    /// a task follows the changes until the cache is stopped.
    pub fn new(cache: RawCache, access: Access) -> Self {
        Self::with_shelf(cache, access, None)
    }

    /// The same; the shelf says how old the set of an earlier life is.
    pub fn with_shelf(cache: RawCache, access: Access, shelf: Option<DatedShelf>) -> Self {
        let feed = Feed::follow(cache.changes().from_now_on());
        Self(Arc::new(Inner {
            cache,
            access,
            feed,
            figures: Figures::default(),
            shelf,
            saves: Semaphore::new(MOST_SAVES),
            sets: Arc::new(Semaphore::new(MOST_SETS)),
            listeners: Arc::new(Semaphore::new(changes::MOST_LISTENERS)),
        }))
    }

    /// Ends the streams of changes, so that their connections end. Everything else is still answered.
    pub fn end_streams(&self) {
        self.0.feed.close();
    }

    /// Answers one request, whatever carried it.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let route = Route::of(head.uri.path());
        let answered = match &route {
            Ok(route) => self.routed(route, &head, body).await,
            Err(problem) => match self.0.access.check(&head.headers, &head.uri) {
                Ok(()) => Err(problem.clone()),
                Err(refused) => Err(refused),
            },
        };
        let response = answered.unwrap_or_else(|problem| problem.response());
        let name = route.as_ref().map_or("none", Route::name);
        self.0.figures.answered(name, response.status());
        tracing::debug!(method = %head.method, path = head.uri.path(), status = response.status().as_u16());
        response
    }

    async fn routed<B>(
        &self,
        route: &Route,
        head: &http::request::Parts,
        body: B,
    ) -> Result<Response<Body>, Problem>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let inner = &*self.0;
        if !route.is_open() {
            inner.access.check(&head.headers, &head.uri)?;
        }
        let how = route.method(&head.method)?;
        let headers: &HeaderMap = &head.headers;
        match route {
            Route::Website(id) => website::get(inner, *id, headers),
            Route::Websites => set::websites(inner).await,
            Route::Settings => set::settings(inner).await,
            Route::Save(id) => saves::save(inner, *id, how == Method::PUT, body).await,
            Route::Changes => changes::follow(&self.0, head),
            Route::Status => Ok(status::status(inner)),
            Route::Health => Ok(status::health()),
            Route::Ready => status::ready(inner),
            Route::Metrics => Ok(figures::metrics(inner)),
        }
    }
}

impl Inner {
    /// How the cache is doing, once it has a set that can be served, however old.
    fn serving(&self) -> Result<Status, Problem> {
        match self.cache.status() {
            Some(status) if status.freshness != Freshness::Loading => Ok(status),
            status => Err(Problem::loading(status.as_ref())),
        }
    }

    /// The same without a copy of the status.
    fn has_set(&self) -> bool {
        self.cache.is_ready() || self.serving().is_ok()
    }
}
