//! Who a space's plugin is and which pairs open it: what follows from the name of the space.

use crate::api::{Account, Accounts, Plugin, Tier};
use crate::id::{derive_key, derive_uuid};
use crate::options::WorldOptions;

/// The plugin and the accounts of a space before its options are looked at. It is derived by hashes,
/// which take longer than a small world does: who starts many spaces of one name derives it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    plugin: Plugin,
    accounts: Accounts,
}

impl Identity {
    /// That of the space of this name.
    ///
    /// # Examples
    ///
    /// ```
    /// use crisp_mock_server::space::Identity;
    ///
    /// assert_eq!(Identity::of("default"), Identity::of("default"));
    /// assert_ne!(Identity::of("default"), Identity::of("another"));
    /// ```
    #[must_use]
    pub fn of(space: &str) -> Self {
        let account = |tier: Tier, name: &str| Account {
            tier,
            identifier: derive_uuid(&["identifier", name, space]).to_string(),
            key: derive_key(&["key", name, space]),
        };
        Self {
            plugin: Plugin {
                id: derive_uuid(&["plugin", space]),
                urn: "urn:crisp.mock:plugin:0".to_owned(),
                name: "Plugin under test".to_owned(),
                secret: derive_key(&["secret", space])[..32].to_owned(),
                settings_url: None,
                operator: derive_uuid(&["operator", space]),
            },
            accounts: Accounts {
                plugin: account(Tier::Plugin, "plugin"),
                development: account(Tier::Plugin, "development"),
                user: account(Tier::User, "user"),
                takes_any: false,
            },
        }
    }

    /// The plugin, with the address of its settings page.
    pub(super) fn plugin(&self, options: &WorldOptions) -> Plugin {
        Plugin { settings_url: options.settings_url.clone(), ..self.plugin.clone() }
    }

    /// The accounts, the plugin's own as the options say.
    pub(super) fn accounts(&self, options: &WorldOptions) -> Accounts {
        let mut accounts = self.accounts.clone();
        if let Some(identifier) = &options.identifier {
            accounts.plugin.identifier.clone_from(identifier);
        }
        if let Some(key) = &options.key {
            accounts.plugin.key.clone_from(key);
        }
        accounts.takes_any = options.accept_any_credentials.unwrap_or_default();
        accounts
    }
}
