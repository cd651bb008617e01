//! A cache of Crisp plugin settings that provably converges.

#![warn(missing_docs)]

#[cfg(feature = "driver")]
mod cache;
mod config;
mod ids;
pub mod machine;
#[cfg(feature = "persist")]
mod persist;
#[cfg(feature = "driver")]
pub mod rest;
mod settings;
#[cfg(feature = "driver")]
mod transport;
#[cfg(feature = "validate")]
mod validate;
mod website;
pub mod wire;

pub use config::{BaseUrl, Config, Credentials, InvalidBase, Quota, Waits};
pub use ids::{InvalidId, PluginId, WebsiteId};
pub use settings::Settings;
pub use website::{Change, Plan, Website, Websites};

#[cfg(feature = "driver")]
pub use cache::{
    Builder, Cache, Change as TypedChange, Changes, Entry, Meter, Misfit, StartError, Stopped, View,
};
#[cfg(feature = "persist")]
pub use persist::{FileShelf, Shelf};
#[cfg(feature = "driver")]
pub use rest::{ApiError, Client};
#[cfg(feature = "driver")]
pub use transport::{SetupError, Timeouts, TransportError};
#[cfg(feature = "validate")]
pub use validate::{InvalidSchema, Schema, Violation};
