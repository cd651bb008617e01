//! Scenarios, oracles and search: judges any client that caches Crisp plugin settings.

pub mod candidate;
pub mod coverage;
pub mod generate;
pub mod history;
pub mod judge;
pub mod live;
pub mod oracle;
pub mod peer;
pub mod replay;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod subject;
pub mod world;
pub mod zoo;
