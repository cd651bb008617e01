//! A cache of Crisp plugin settings that provably converges.

#![warn(missing_docs)]

mod config;
mod ids;
pub mod machine;
mod settings;
mod website;
pub mod wire;

pub use config::{BaseUrl, Config, Credentials, InvalidBase, Quota, Waits};
pub use ids::{InvalidId, PluginId, WebsiteId};
pub use settings::Settings;
pub use website::{Change, Plan, Website, Websites};
