//! Scenarios, oracles and search: judges any client that caches Crisp plugin settings.

pub mod candidate;
mod check;
pub mod coverage;
pub mod dimensions;
pub mod generate;
pub mod history;
pub mod intercept;
pub mod judge;
pub mod live;
pub mod open_files;
pub mod oracle;
mod parallel;
pub mod peer;
mod preload;
pub mod replay;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod search;
pub mod shrink;
pub mod subject;
pub mod unfired;
pub mod whole_file;
pub mod words;
pub mod world;
pub mod zoo;

pub use candidate::{Candidate, ClientChoice};
pub use check::{Budget, Unproven, check, try_check};
pub use replay::replay;
pub use scenario::Scenario;
pub use search::search;
