//! Scenarios, oracles and search: judges any client that caches Crisp plugin settings.

pub mod oracle;
pub mod scenario;
