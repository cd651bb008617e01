//! What a test's fixture needs to know to reach one space.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::space::{DEFAULT, Space};

/// Where a space is reached, and with which credentials.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Info {
    /// The server's address, without a slash at the end: what `setRestHost` takes.
    pub url: String,
    /// The base of the REST API, with a slash at the end.
    pub rest_url: String,
    /// Where sockets of the RTM API open: what discovery answers as `socket.app`.
    #[serde(default)]
    pub rtm_url: String,
    /// The base of the control API of this space.
    pub control_url: String,
    /// The plugin token's identifier.
    pub identifier: String,
    /// The plugin token's key.
    pub key: String,
    /// The tier of that token: `plugin`.
    pub tier: String,
    /// The plugin's id.
    pub plugin_id: String,
    /// The identifier of an operator's token, for `user`-tier routes.
    pub user_identifier: String,
    /// The key of that token.
    pub user_key: String,
    /// The identifier of the plugin's development token (quirk `development-token`).
    #[serde(default)]
    pub development_identifier: String,
    /// The key of that token.
    #[serde(default)]
    pub development_key: String,
    /// The secret with which web hooks are signed.
    #[serde(default)]
    pub hook_secret: String,
    /// The space's name.
    pub space: String,
    /// The version of the emulator.
    pub version: String,
    /// The process that runs it.
    pub pid: u32,
}

impl Info {
    /// The addresses and credentials of a space on the server at `url`.
    #[must_use]
    pub fn of(space: &Space, url: &str) -> Self {
        let accounts = space.accounts();
        let below = if space.name() == DEFAULT {
            String::new()
        } else {
            format!("/spaces/{}", space.name())
        };
        Self {
            url: url.to_owned(),
            rest_url: format!("{url}/v1/"),
            rtm_url: space.rtm_url(url),
            control_url: format!("{url}/_mock{below}"),
            identifier: accounts.plugin.identifier.clone(),
            key: accounts.plugin.key.clone(),
            tier: accounts.plugin.tier.name().to_owned(),
            plugin_id: space.plugin().id.to_string(),
            user_identifier: accounts.user.identifier.clone(),
            user_key: accounts.user.key.clone(),
            development_identifier: accounts.development.identifier.clone(),
            development_key: accounts.development.key.clone(),
            hook_secret: space.plugin().secret.clone(),
            space: space.name().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
        }
    }
}
