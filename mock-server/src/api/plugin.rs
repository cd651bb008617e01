//! The plugin that a world is about: what the Marketplace would know of it.

use uuid::Uuid;

/// A plugin's entry in the Marketplace (specification §2.7, §2.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Its id.
    pub id: Uuid,
    /// Its URN: `urn:<owner>:<name>:<n>`.
    pub urn: String,
    /// Its name.
    pub name: String,
    /// The secret that signs attestations, 32 hexadecimal digits (specification §5.1).
    pub secret: String,
    /// The page on which an operator configures it.
    pub settings_url: Option<String>,
    /// The operator who installed it wherever it is installed.
    pub operator: Uuid,
}
