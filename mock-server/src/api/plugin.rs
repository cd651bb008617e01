//! The plugin that a world is about: what the Marketplace would know of it.

use uuid::Uuid;

/// A plugin's entry in the Marketplace (docs/wire.md#subscription, docs/wire.md#settings).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its id.
    pub id: Uuid,
    /// Its URN: `urn:<owner>:<name>:<n>`.
    pub urn: String,
    /// Its name.
    pub name: String,
    /// The secret that signs attestations, 32 hexadecimal digits (docs/wire.md#web-hooks).
    pub secret: String,
    /// The page on which an operator configures it.
    pub settings_url: Option<String>,
    /// The operator who installed it wherever it is installed.
    pub operator: Uuid,
}
