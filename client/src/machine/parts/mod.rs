//! The decisions of the machine, each a type that can be read and tested alone.
//!
//! | Part | Decides |
//! |---|---|
//! | [`Cursor`] | from when the next poll asks |
//! | [`load`] | when a list has ended, and when its pages have shifted |
//! | [`difference`] | what a differential says and does |
//! | [`OwnWrites`] | own saves against what the API says |
//! | [`Bounds`] | how much a set may hold |
//! | [`Backoff`] | waits after failures, `Retry-After` |
//! | [`Pacing`] | intervals and the daily quota |

pub(super) mod backoff;
pub(super) mod bounds;
pub(super) mod cursor;
pub(super) mod difference;
pub(super) mod load;
pub(super) mod own_writes;
pub(super) mod pacing;

pub(super) use backoff::Backoff;
pub(super) use bounds::{Bounds, Excess};
pub(super) use cursor::Cursor;
pub(super) use own_writes::{OwnWrites, Source, Touch};
pub(super) use pacing::Pacing;
