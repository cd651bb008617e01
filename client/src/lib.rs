//! A cache of Crisp plugin settings that provably converges.
//!
//! A Crisp plugin keeps the settings of every website that installed it in memory. The API offers
//! a paged list and a differential by date, and the obvious loop over the two loses updates in
//! two dozen ways. This crate is the loop that does not: always ready, never wrong for longer
//! than [a stated bound](Config::convergence_bound), and inside the daily quota.
//!
//! ```no_run
//! use crisp_sync::{Cache, Config, Credentials};
//!
//! #[derive(serde::Deserialize)]
//! struct MySettings {
//!     message: Option<String>,
//! }
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let cache = Cache::<MySettings>::start(Config::new(Credentials::new("identifier", "key")))?;
//! cache.ready().await?;
//!
//! // Reads never wait, and see one whole set.
//! let website = "8c842203-7ed8-4e29-a608-7cf78a7d2fcc".parse()?;
//! if let Some(entry) = cache.get(&website) {
//!     println!("{:?}", entry.value().and_then(|settings| settings.message.as_ref()));
//! }
//!
//! // A save is done, refused, or unknown; reads show it when it is done.
//! let outcome = cache.update(website, &serde_json::json!({ "message": "Hello" })).await;
//! println!("{outcome:?}");
//! # Ok(()) }
//! ```
//!
//! # Contents
//!
//! | To | Look at |
//! |---|---|
//! | keep settings in memory | [`Cache`]: [`get`](Cache::get), [`view`](Cache::view), [`changes`](Cache::changes) |
//! | save settings | [`Cache::update`], [`Cache::save`], [`machine::SaveOutcome`] |
//! | know how the cache is doing | [`Cache::status`], [`machine::Status`], [`Meter`] |
//! | listen to events, too | [`Config::listening`], [`Listening`] |
//! | choose pace, patience and trust | [`Config`], each field with its reason |
//! | check that a settings page speaks for its website | [`Website::accepts_token`] |
//! | make single calls without a cache | [`Client`], [`rest`] |
//! | bring an own HTTP stack, or simulate | [`machine`]: no sockets, no clock, no chance |
//!
//! # Features
//!
//! | Feature | Default | Adds |
//! |---|---|---|
//! | `driver` | yes | [`Cache`] and [`Client`]: tokio, reqwest, rustls with ring |
//! | `tracing` | yes | spans of the requests, events for changes of state and trouble; [`Meter`] needs no feature |
//! | `validate` | no | `Schema`: settings are checked before they are sent |
//! | `persist` | no | `Shelf`, `FileShelf`: a restart serves the old set at once |
//! | `replicas` | no | [`replicas`]: replicas over one ordered log, without sockets |
//! | `redis` | no | `Store`, `Builder::store`: replicas that share a Redis, which other processes read |
//! | `nats` | no | the same with a NATS |
//! | `rtm` | no | `Builder::listen`: listens to the RTM API, so that a save is shown at once and polls are rare |
//! | `service` | no | the program `crisp-sync`, and `service`: the settings over HTTP, for plugins in any language |
//!
//! Without the default feature the crate has no runtime and no TLS, only the [`machine`].
//!
//! # Hazards
//!
//! What the obvious loop gets wrong, and the code and the test that get it right, stand in the
//! table `docs/hazards.md` of the repository, one row each, with what cannot be promised.

#![warn(missing_docs)]

#[cfg(feature = "driver")]
mod cache;
mod config;
mod ids;
mod layered;
pub mod machine;
mod mistake;
#[cfg(feature = "persist")]
mod persist;
#[cfg(feature = "replicas")]
pub mod replicas;
#[cfg(feature = "driver")]
pub mod rest;
#[cfg(feature = "service")]
pub mod service;
mod settings;
#[cfg(feature = "store")]
mod stores;
#[cfg(feature = "driver")]
mod telling;
#[cfg(feature = "driver")]
mod transport;
#[cfg(feature = "validate")]
mod validate;
mod website;
pub mod wire;

#[cfg(feature = "driver")]
pub use cache::{
    Builder, Cache, Change as TypedChange, Changes, Entry, Meter, Misfit, StartError, Stopped, View,
};
pub use config::{BaseUrl, Config, Credentials, InvalidBase, Listening, Quota, Waits};
pub use ids::{InvalidId, PluginId, WebsiteId};
#[cfg(feature = "mistakes")]
#[doc(hidden)]
pub use mistake::Mistake;
#[cfg(feature = "persist")]
pub use persist::{FileShelf, Shelf};
#[cfg(feature = "driver")]
pub use rest::{ApiError, Client};
pub use settings::Settings;
#[cfg(feature = "store")]
pub use stores::{InvalidStore, Store, UnusableFile};
#[cfg(feature = "driver")]
pub use transport::{SetupError, Timeouts, TransportError};
#[cfg(feature = "validate")]
pub use validate::{InvalidSchema, Schema, Violation};
pub use website::{Change, Plan, Website, Websites};

/// The README's example compiles.
#[cfg(all(doctest, feature = "driver"))]
#[doc = include_str!("../README.md")]
struct Readme;
