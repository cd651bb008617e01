//! The machine against a model server, in virtual time.

mod bounds;
mod failing;
mod hostile;
mod listening;
mod listening_hostile;
mod loading;
mod not_modified;
mod pacing;
mod polling;
mod random;
mod relay;
mod saving;
pub(crate) mod server;
mod sim;
#[cfg(feature = "mistakes")]
mod teeth;
mod warm;
