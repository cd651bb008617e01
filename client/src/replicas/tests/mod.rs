//! Replicas, a log in memory and a small model of the API, joined in virtual time.

mod appending;
mod calm;
mod exhaustive;
mod properties;
pub(crate) mod world;
